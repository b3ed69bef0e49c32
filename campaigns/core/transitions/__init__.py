"""Status transitions of calls: a table of all allowed changes, and the functions that make them. Nothing else does."""

from campaigns.core.transitions.beginnings import begin, begin_inbound, begin_many, begin_once
from campaigns.core.transitions.changes import Changed, Why, change, change_rows, join_rows
from campaigns.core.transitions.table import (
    ACCEPT,
    BIND,
    BIND_WAITING,
    CLOSE,
    COMMIT,
    HOLD,
    HOLD_WAITING,
    LEARN,
    LOSE,
    REFUSE,
    RETURN,
    SKIP,
    TRANSITIONS,
    Transition,
)

__all__ = [
    "ACCEPT",
    "BIND",
    "BIND_WAITING",
    "CLOSE",
    "COMMIT",
    "HOLD",
    "HOLD_WAITING",
    "LEARN",
    "LOSE",
    "REFUSE",
    "RETURN",
    "SKIP",
    "TRANSITIONS",
    "Changed",
    "Transition",
    "Why",
    "begin",
    "begin_inbound",
    "begin_many",
    "begin_once",
    "change",
    "change_rows",
    "join_rows",
]
