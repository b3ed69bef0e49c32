"""Stop requests: which calls vendors are to leave, and why; written in the transaction that makes them unwanted.

An opt-out, a held number, an ended campaign and stop-all all write their requests here. `tracking.vendor_stops` carries
them out; the minute job adds what nobody wrote (`ask_missing`) and closes what is over.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns import queue
from campaigns.models import Call, Campaign, DialingSwitch, DoNotCall, HeardOptOut, StopRequest
from campaigns.models.calls import CallQuerySet
from providers.registry import vendors_that
from providers.types import LIVE, CallStatus

Cause = StopRequest.Cause
STRENGTH: tuple[str, ...] = tuple(Cause.values)
"""Causes, the strongest first: a call that is unwanted for two keeps the stronger one."""
SHOWN_FOR = datetime.timedelta(days=7)
"""How long a page tells of a call that was taken back."""


class Stops(NamedTuple):
    """The live calls that are not wanted any more."""

    asked: int = 0
    """Those that wait where the vendor can be asked to leave them."""
    out: int = 0
    """Those that cannot be taken back now, so that they may still ring."""
    taken_back: int = 0
    """Those that the vendor has left."""

    def and_those(self, others: Stops) -> Stops:
        """Return both together."""
        return Stops(*map(sum, zip(self, others, strict=True)))


NONE = Stops()


def for_numbers(numbers: Collection[str], cause: str, now: datetime.datetime, actor_id: int | None = None) -> Stops:
    """Ask for every live call to these numbers to be left; in the caller's transaction, which has closed the gate."""
    return _ask(Call.objects.live().filter(to_number__in=list(numbers)), cause, now, actor_id)


def for_campaign(campaign_id: int, now: datetime.datetime, actor_id: int | None = None) -> Stops:
    """Ask for every live call of an ended campaign to be left, in the caller's transaction."""
    stops = _ask(Call.objects.live().filter(campaign=campaign_id), Cause.CAMPAIGN, now, actor_id)
    if stops == NONE:
        queue.nudge_take_back()
    return stops


def for_all(now: datetime.datetime, actor_id: int | None = None) -> Stops:
    """Ask for every live call to be left; in the caller's transaction, which has closed the gate."""
    return _ask(Call.objects.live(), Cause.STOP_ALL, now, actor_id)


def _ask(calls: CallQuerySet, cause: str, now: datetime.datetime, actor_id: int | None) -> Stops:
    can_cancel = vendors_that("supports_cancel")
    stops, fresh, stronger, again = NONE, [], [], []
    found: Iterable[tuple[Any, ...]] = calls.order_by("pk").values_list(
        "pk", "status", "remote_id", "provider__vendor", "stop_request__cause", "stop_request__closed_at"
    )
    for pk, status, remote_id, vendor, known, closed_at in found:
        is_asked = status == CallStatus.QUEUED and bool(remote_id) and vendor in can_cancel
        stops = stops.and_those(Stops(asked=int(is_asked), out=int(not is_asked)))
        if known is None:
            fresh.append(StopRequest(call_id=pk, cause=cause, asked_at=now, asked_by_id=actor_id, next_try_at=now))
        elif closed_at is not None:
            again.append(pk)
        elif STRENGTH.index(cause) < STRENGTH.index(known):
            stronger.append(pk)
    # Two causes may meet: the row of the other transaction then stands, and the call is left all the same.
    StopRequest.objects.bulk_create(fresh, batch_size=500, ignore_conflicts=True)
    StopRequest.objects.filter(pk__in=stronger).update(cause=cause, asked_at=now, asked_by=actor_id)
    StopRequest.objects.filter(pk__in=again).update(
        cause=cause, asked_at=now, asked_by=actor_id, next_try_at=now, tries=0, answer="", closed_at=None
    )
    if fresh or stronger or again:
        queue.nudge_take_back()
    return stops


def causes(now: datetime.datetime, call: str = "") -> dict[str, Q]:
    """Return the condition of calls that are unwanted, by cause; `call` is the prefix of a path to the call."""
    number = OuterRef(f"{call}to_number")
    is_pressed = DialingSwitch.objects.filter(stopped_at__isnull=False).exists()
    return {
        Cause.OPT_OUT: Q(Exists(DoNotCall.objects.in_force(now).filter(phone=number))),
        Cause.CAMPAIGN: Q(**{f"{call}campaign__status": Campaign.Status.STOPPED}),
        Cause.HELD: Q(Exists(HeardOptOut.objects.undecided().filter(phone=number))),
        Cause.STOP_ALL: Q() if is_pressed else Q(pk__in=[]),
    }


def ask_missing(now: datetime.datetime) -> int:
    """Ask for calls that are unwanted and have no open request, whoever made them so; returns how many.

    The safety net: rows of the version before, of a restored copy, or written past this product.
    """
    open_ones = StopRequest.objects.filter(call=OuterRef("pk"), closed_at__isnull=True)
    live = Call.objects.live().filter(~Exists(open_ones))
    asked = 0
    for cause, condition in causes(now).items():
        stops = _ask(live.filter(condition), cause, now, None)
        asked += stops.asked + stops.out
    return asked


def close_needless(now: datetime.datetime) -> int:
    """Close the requests whose call is over or came back to us, and those whose cause is gone; returns how many.

    A cause is gone where an entry ended or was removed, a person decided, or stop-all was released.
    """
    unclosed = StopRequest.objects.filter(closed_at__isnull=True)
    if not unclosed.exists():
        return 0
    over = unclosed.exclude(call__status__in=sorted(LIVE))
    taken = over.filter(call__status=CallStatus.CANCELED)
    closed = taken.update(closed_at=now, answer=StopRequest.Answer.TAKEN_BACK)
    closed += over.update(closed_at=now, answer=StopRequest.Answer.OVER)
    for cause, condition in causes(now, "call__").items():
        gone = unclosed.filter(~condition if condition else Q(pk__in=[]), cause=cause)
        closed += gone.update(closed_at=now, answer=StopRequest.Answer.DROPPED)
    return closed


def drop(cause: str, now: datetime.datetime, numbers: Iterable[str] | None = None) -> int:
    """Drop the open requests of a cause that is gone, of some numbers or all; returns how many.

    A call that is unwanted for another cause too is asked for again by the minute job.
    """
    unclosed = StopRequest.objects.filter(closed_at__isnull=True, cause=cause)
    if numbers is not None:
        unclosed = unclosed.filter(call__to_number__in=list(numbers))
    return unclosed.update(closed_at=now, answer=StopRequest.Answer.DROPPED)


def state_of(numbers: Collection[str], now: datetime.datetime) -> Stops:
    """Return how it stands with the calls to these numbers: what waits to be left, may still ring, was taken back."""
    live = Call.objects.live().filter(to_number__in=list(numbers))
    asked = Call.objects.recallable().filter(to_number__in=list(numbers)).count()
    return Stops(asked=asked, out=live.count() - asked, taken_back=_taken_back(numbers, now).count())


def _taken_back(numbers: Collection[str], now: datetime.datetime) -> QuerySet[StopRequest]:
    requests = StopRequest.objects.filter(call__to_number__in=list(numbers), asked_at__gt=now - SHOWN_FOR)
    return requests.filter(call__status=CallStatus.CANCELED, call__stop_asked_at__isnull=False)
