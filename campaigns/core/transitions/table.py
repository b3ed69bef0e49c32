"""The table of status transitions: sources, targets, columns that are set and cleared, and the event's codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from campaigns.models import Call
from campaigns.rules import RANK, RANK_BY_PERSON, RANK_NOT_PLACED
from providers.types import AT_VENDOR, FINAL, CallStatus, FailureReason

Status = CallStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One status transition, made by compare-and-set: a row in none of the sources is left alone.

    The effect on the campaign's reserved budget follows from the statuses alone: see `budget.shift`.
    """

    name: str
    sources: tuple[Status, ...]
    """Statuses it starts from, the likeliest first: tried one by one, so that the event names the actual one."""
    targets: tuple[Status, ...]
    """Statuses it leads to; if several, the caller chooses."""
    codes: frozenset[str]
    """Allowed codes of the event that is written; keys of `campaigns.reasons.SENTENCES`."""
    takes: frozenset[str] = frozenset()
    """Columns that the caller must give."""
    may_take: frozenset[str] = frozenset()
    """Columns that the caller may give; otherwise they are not changed."""
    stamps: frozenset[str] = frozenset()
    """Columns that are set to the time of the change."""
    sets: Mapping[str, object] = field(default_factory=dict)
    """Columns that are set to a fixed value."""
    clears: frozenset[str] = frozenset()
    """Columns that are emptied because they describe the old status only."""
    clears_above: Mapping[str, int] = field(default_factory=dict)
    """Column to rank: the column is emptied if the new rank is above it, else kept."""
    clears_risen: frozenset[str] = frozenset()
    """Columns that are emptied if the new rank is above the old one, else kept."""
    rank: int | None = None
    """Rank of the row after the change, where it is not that of the status."""
    stays_near: bool = False
    """Whether the row ranks just above its old status, so that only news that leads further outranks the change."""
    is_without_news: bool = False
    """Whether only rows are changed of which the vendor tells nothing more."""
    is_unbound: bool = False
    """Whether only rows without a vendor id (`remote_id`) are changed."""
    needs_lease: bool = False
    """Whether only rows are changed whose lease the caller holds."""
    is_join: bool = False
    """Whether the new status is a join of evidence: only a row is changed whose rank is not above the new one, a row
    that keeps its status writes no step, and the caller, who locked the rows, says where they stood."""

    def rank_to(self, target: str, source: str) -> int:
        """Return the rank of a row after the change."""
        if self.stays_near:
            return RANK[Status(source)] + 1
        if self.rank is not None:
            return self.rank
        if self.sets.get("failure_reason") == FailureReason.NOT_PLACED:
            return RANK_NOT_PLACED
        return RANK[Status(target)]

    @property
    def is_ranked_apart(self) -> bool:
        """Whether the new rank is another than that of the new status; such a change is made by a query only."""
        return self.stays_near or self.rank is not None

    @property
    def columns(self) -> frozenset[str]:
        """Return every column that the change may write."""
        named = {*self.takes, *self.may_take, *self.stamps, *self.sets, *self.clears, *self.clears_above}
        named |= self.clears_risen
        return frozenset({"status", "rank", *named})


@cache
def empty(column: str) -> Any:
    """Return the value of a cleared column of Call: None, or the field's default."""
    found = Call._meta.get_field(column)
    return None if found.null else found.get_default()  # type: ignore[union-attr]


_QUEUE = frozenset({"lease", "lease_until", "wait_reason"})
"""Columns that mean something only while a call is pending."""
_DOUBT = frozenset({"failure_reason", "failure_detail", "held_at", "needs_person_at", "absent_looks", "absent_at"})
"""Columns that mean something only while it is not known whether the call was placed."""
_NEW_AT_VENDOR = frozenset({"placed_at", "changed_at"})
_AT_VENDOR = tuple(status for status in Status if status in AT_VENDOR)
_HELD: Mapping[str, object] = {"failure_reason": FailureReason.NOT_PLACED}

# Before the order leaves

COMMIT = Transition(
    name="commit",
    sources=(Status.PENDING,),
    targets=(Status.PLACING,),
    codes=frozenset({"commit_point"}),
    takes=frozenset({"deadline_at", "reserved_cost"}),
    stamps=frozenset({"placing_at", "changed_at"}),
    clears=_QUEUE,
    needs_lease=True,
)
"""The order leaves now, or never. The commit point books the reserves of all that pass, with the pace."""

SKIP = Transition(
    name="skip",
    sources=(Status.PENDING,),
    targets=(Status.SKIPPED,),
    codes=frozenset({"skipped", "canceled_by_person"}),
    takes=frozenset({"skip_reason"}),
    stamps=frozenset({"ended_at", "changed_at"}),
    clears=_QUEUE | {"reserved_cost"},
)
"""A waiting call is never dialled."""

# What the order led to

ACCEPT = Transition(
    name="accept",
    sources=(Status.PLACING, Status.UNKNOWN),
    targets=_AT_VENDOR,
    codes=frozenset({"order_taken"}),
    takes=frozenset({"raw_status", "remote_id", "variables", "text", "next_poll_at"}),
    may_take=frozenset({"not_before"}),
    stamps=_NEW_AT_VENDOR,
    clears=_DOUBT - {"held_at"} | {"polls"},
    is_unbound=True,
)
"""The vendor took the order; a late answer still settles an unknown one."""

RETURN = Transition(
    name="return",
    sources=(Status.PLACING,),
    targets=(Status.PENDING,),
    codes=frozenset({"not_sent", "rate_limited", "account_problem", "message_refused"}),
    takes=frozenset({"due_at", "wait_reason", "not_sent_tries"}),
    stamps=frozenset({"changed_at"}),
    clears=frozenset({"placing_at", "deadline_at", "lease", "lease_until"}),
    is_unbound=True,
)
"""Nothing was dialled for a reason that all share: nobody's attempt is used up. The one way back there is."""

REFUSE = Transition(
    name="refuse",
    sources=(Status.PLACING,),
    targets=(Status.FAILED,),
    codes=frozenset({"order_rejected", "invalid_number"}),
    takes=frozenset({"failure_reason", "failure_detail"}),
    stamps=frozenset({"ended_at", "changed_at"}),
    is_unbound=True,
)
"""The vendor refused this order for this person."""

LOSE = Transition(
    name="lose",
    sources=(Status.PLACING,),
    targets=(Status.UNKNOWN,),
    codes=frozenset({"outcome_unknown", "worker_lost"}),
    takes=frozenset({"next_poll_at"}),
    may_take=frozenset({"failure_detail"}),
    stamps=frozenset({"changed_at"}),
    clears=frozenset({"polls", "absent_looks", "absent_at"}),
)
"""The order may have been taken: settled by looking, never by dialling."""

# Decided when the outcome of an order was unknown

BIND = Transition(
    name="bind",
    sources=(Status.UNKNOWN, Status.PLACING, Status.FAILED),
    targets=(Status.QUEUED,),
    codes=frozenset({"bound", "bound_by_number", "bound_by_message"}),
    takes=frozenset({"remote_id", "matched_by"}),
    stamps=_NEW_AT_VENDOR | {"next_poll_at"},
    clears=_DOUBT | {"polls", "ended_at"},
    is_unbound=True,
)
"""The vendor has it after all. A failed call without a vendor id is our own verdict, which gives way."""

BIND_WAITING = Transition(
    name="bind_waiting",
    sources=(Status.PENDING,),
    targets=(Status.QUEUED,),
    codes=frozenset({"bound_waiting"}),
    takes=frozenset({"remote_id", "matched_by", "placing_at", "deadline_at"}),
    stamps=_NEW_AT_VENDOR | {"next_poll_at"},
    clears=_QUEUE | {"polls", "reserved_cost"},
    is_unbound=True,
)
"""After a restore: it waits here and was dialled before."""

HOLD = Transition(
    name="hold",
    sources=(Status.UNKNOWN,),
    targets=(Status.FAILED,),
    codes=frozenset({"absent", "absent_by_person"}),
    stamps=frozenset({"held_at", "ended_at", "changed_at"}),
    sets=_HELD,
    clears=frozenset({"next_poll_at", "needs_person_at", "decide_after"}),
    is_unbound=True,
)
"""Never placed, as the vendor's own list or a person says: only a person has this number dialled again."""

HOLD_WAITING = Transition(
    name="hold_waiting",
    sources=(Status.PENDING,),
    targets=(Status.FAILED,),
    codes=frozenset({"held_after_restore"}),
    stamps=frozenset({"held_at", "ended_at", "changed_at"}),
    sets=_HELD,
    clears=_QUEUE | {"reserved_cost"},
    is_unbound=True,
)
"""After a restore: the vendor has a call that may be this one."""

_TOLD_BY_PERSON = (Status.COMPLETED, Status.NO_ANSWER, Status.BUSY)

CLOSE = Transition(
    name="close",
    sources=(Status.UNKNOWN,),
    targets=_TOLD_BY_PERSON,
    codes=frozenset({"bound_by_person"}),
    may_take=frozenset({"talk_seconds", "answered_by"}),
    stamps=frozenset({"ended_at", "changed_at"}),
    sets={"matched_by": "person"},
    clears=frozenset({"next_poll_at", "needs_person_at", "decide_after"}),
    rank=RANK_BY_PERSON,
)
"""A person says that an unknown call was placed, and how it ended."""

# Decided when an accepted call has no end

GIVE_UP = Transition(
    name="give_up",
    sources=_AT_VENDOR,
    targets=(Status.FAILED,),
    codes=frozenset({"no_news"}),
    takes=frozenset({"next_poll_at"}),
    stamps=frozenset({"no_news_at", "changed_at"}),
    sets={"failure_reason": FailureReason.NO_NEWS},
    clears=frozenset({"failure_detail", "decide_after", "polls"}),
    stays_near=True,
)
"""The vendor tells nothing more of it: its line and its reserve are free, and a person decides what came of it."""

SETTLE = Transition(
    name="settle",
    sources=(Status.FAILED,),
    targets=(*_TOLD_BY_PERSON, Status.FAILED),
    codes=frozenset({"bound_by_person", "absent_by_person"}),
    takes=frozenset({"failure_reason"}),
    may_take=frozenset({"talk_seconds", "answered_by"}),
    stamps=frozenset({"ended_at", "changed_at"}),
    clears=frozenset({"decide_after", "needs_person_at"}),
    rank=RANK_BY_PERSON,
    is_without_news=True,
)
"""A person says what came of a call without news; it is still read rarely, and the end the vendor tells wins."""

# News from the vendor

LEARN = Transition(
    name="learn",
    sources=(*_AT_VENDOR, *(status for status in Status if status in FINAL - {Status.SKIPPED}),
             Status.UNKNOWN, Status.PLACING),
    targets=(*_AT_VENDOR, *(status for status in Status if status in FINAL - {Status.SKIPPED}),
             Status.UNKNOWN, Status.PLACING),
    codes=frozenset({"vendor_news", "conflict"}),
    takes=frozenset(
        {
            "rank", "redials", "not_before", "raw_status", "failure_reason", "failure_detail", "end_reason",
            "answered_at", "ended_at", "talk_seconds", "answered_by", "cost", "currency", "recording_available",
            "changed_at", "next_poll_at", "polls", "matched_by",
        }
    ),
    clears_above={"held_at": RANK_NOT_PLACED, "needs_person_at": RANK[Status.WRAPPING_UP]},
    clears_risen=frozenset({"no_news_at"}),
    is_join=True,
)  # fmt: skip
"""News from the vendor, merged with what was known (`campaigns.evidence`): order does not matter, rank never falls."""

TRANSITIONS = (
    COMMIT, SKIP, ACCEPT, RETURN, REFUSE, LOSE, BIND, BIND_WAITING, HOLD, HOLD_WAITING, CLOSE, GIVE_UP, SETTLE,
    LEARN,
)  # fmt: skip
