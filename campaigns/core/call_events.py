"""Writes the steps of calls: who or what, when, from, to, why."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

from campaigns.core.sql.bulk import insert_rows
from campaigns.models import CallEvent

Source = CallEvent.Source


class Step(NamedTuple):
    """One step, not yet written; a plain row, because every call has several."""

    call: int
    at: datetime.datetime
    source: str
    actor: int | None
    from_status: str
    to_status: str
    code: str
    detail: str


def step(
    call_id: int,
    code: str,
    *,
    at: datetime.datetime,
    source: str = Source.SYSTEM,
    from_status: str = "",
    to_status: str = "",
    detail: str = "",
    actor_id: int | None = None,
) -> Step:
    """Return one step, not yet written; `detail` must hold no secret and no full number."""
    return Step(call_id, at, source, actor_id, from_status, to_status, code, detail[:300])


def write_steps(steps: Iterable[Step]) -> None:
    """Write many steps in one statement, in the caller's transaction."""
    if rows := list(steps):
        insert_rows(CallEvent, Step._fields, rows)
