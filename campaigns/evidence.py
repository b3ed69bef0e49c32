"""Evidence: merges news about a call from all sources. Pure functions.

The merge is the join of a semilattice: the order of the news, and news that arrives twice, make no difference.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any

from campaigns import rules
from campaigns.reasons import MAX_REASON
from providers.types import FINAL, OUR_CONCLUSIONS, OURS, AnsweredBy, CallSnapshot, CallStatus, FailureReason

ANSWERED_BY_ORDER: tuple[AnsweredBy, ...] = ("unknown", "machine", "human")
REASONS = frozenset(FailureReason.values)
MOST_REDIALS = 1000
"""More than any vendor offers; a larger number is an error of the vendor's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of a call, from one source or merged from several."""

    status: CallStatus = CallStatus.PENDING
    rank: int = 0
    redials: int = 0
    """How often the vendor dialled again by itself within this call."""
    not_before: datetime.datetime | None = None
    """The latest time that the vendor named for its next dialling."""
    failure_reason: str = ""
    failure_detail: str = ""
    end_reason: str = ""
    answered_at: datetime.datetime | None = None
    ended_at: datetime.datetime | None = None
    talk_seconds: int | None = None
    cost: Decimal | None = None
    currency: str = ""
    answered_by: AnsweredBy = "unknown"
    recording_available: bool = False
    do_not_call: bool = False

    @property
    def standing(self) -> tuple[bool, int, int, str, str, str]:
        """The sort key by which the larger state wins: an end, the redial, the rank, then the texts to decide ties.

        A call that waits for the vendor's second dialling is further than one that rang in the first. An end is one
        only when the vendor has no attempt left, so it counts the same in whichever dialling it came.
        """
        is_end = self.rank >= rules.RANK_OF_ENDS
        redials = 0 if is_end else self.redials
        return (is_end, redials, self.rank, self.status, self.failure_reason, self.failure_detail)

    @property
    def has_ended(self) -> bool:
        """Whether the end is known from the vendor or a person, and not only our own conclusion."""
        return self.status in FINAL and self.failure_reason not in OUR_CONCLUSIONS


def join(one: Evidence, other: Evidence) -> Evidence:
    """Return the merge of two pieces of evidence: commutative, associative, idempotent; an end stays one.

    The rank never falls while the vendor does not dial again.
    """
    stronger = max(one, other, key=lambda evidence: evidence.standing)
    price = max(
        ((e.cost, e.currency) for e in (one, other) if e.cost is not None),
        default=(None, max(one.currency, other.currency)),
    )
    return Evidence(
        status=stronger.status,
        rank=stronger.rank,
        redials=max(one.redials, other.redials),
        not_before=_latest(one.not_before, other.not_before),
        failure_reason=stronger.failure_reason,
        failure_detail=stronger.failure_detail,
        end_reason=max(one.end_reason, other.end_reason),
        answered_at=_earliest(one.answered_at, other.answered_at),
        ended_at=_latest(one.ended_at, other.ended_at),
        talk_seconds=_largest(one.talk_seconds, other.talk_seconds),
        cost=price[0],
        currency=price[1],
        answered_by=max(one.answered_by, other.answered_by, key=ANSWERED_BY_ORDER.index),
        recording_available=one.recording_available or other.recording_available,
        do_not_call=one.do_not_call or other.do_not_call,
    )


def evidence_of(snapshot: CallSnapshot) -> Evidence:
    """Return the evidence in a vendor's snapshot of a call; an unknown status word proves nothing about the state."""
    status = snapshot.status
    # Statuses that only this application sets are not accepted from a vendor, however its words are mapped.
    if status is None or status in OURS:
        status, rank = CallStatus.PENDING, 0
    else:
        rank = rules.rank_of(status)
    is_failed = status in {CallStatus.FAILED, CallStatus.CANCELED}
    reason = snapshot.failure_reason if snapshot.failure_reason in REASONS else FailureReason.VENDOR_ERROR
    return Evidence(
        status=status,
        rank=rank,
        redials=min(max(0, snapshot.redials), MOST_REDIALS),
        # A vendor may name a time beside any word; only for an order that it keeps does it say when it dials.
        not_before=snapshot.not_before if status == CallStatus.QUEUED else None,
        failure_reason=str(reason or FailureReason.VENDOR_ERROR) if status == CallStatus.FAILED else "",
        failure_detail=snapshot.failure_detail[:MAX_REASON] if is_failed else "",
        end_reason=snapshot.end_reason[:MAX_REASON],
        answered_at=snapshot.answered_at,
        ended_at=snapshot.ended_at,
        talk_seconds=max(0, snapshot.talk_seconds) if snapshot.talk_seconds is not None else None,
        cost=snapshot.cost,
        currency=snapshot.currency[:3] if snapshot.cost is not None else "",
        answered_by=snapshot.answered_by,
        recording_available=snapshot.recording_available,
        do_not_call=snapshot.do_not_call,
    )


def differing(before: Evidence, after: Evidence) -> dict[str, Any]:
    """Return the fields in which `after` differs, with their new values."""
    return {
        found.name: getattr(after, found.name)
        for found in fields(Evidence)
        if getattr(before, found.name) != getattr(after, found.name)
    }


def _earliest(one: datetime.datetime | None, other: datetime.datetime | None) -> datetime.datetime | None:
    found = [instant for instant in (one, other) if instant is not None]
    return min(found, default=None)


def _latest(one: datetime.datetime | None, other: datetime.datetime | None) -> datetime.datetime | None:
    found = [instant for instant in (one, other) if instant is not None]
    return max(found, default=None)


def _largest(one: int | None, other: int | None) -> int | None:
    found = [number for number in (one, other) if number is not None]
    return max(found, default=None)
