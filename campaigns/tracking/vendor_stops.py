"""Cancels calls that wait at the vendor and are not wanted any more: of a stopped campaign, or to who opted out.

The rows themselves are the work list: calls of a stopped campaign, and calls to a number on the do-not-call list, that
are queued at the vendor - for later, or between its own redials, too - and not yet asked about. HTTP runs in threads
without a database; if a worker dies, its claims lapse and the calls are asked about again.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns.core.clock import has_passed
from campaigns.core.handles import handle_of
from campaigns.models import Call, CallEvent, Campaign, DoNotCall
from campaigns.models.calls import CallQuerySet
from campaigns.tracking import hang_up
from campaigns.tracking.hang_up import UNHEARD, WAITS_THERE, StopAnswer
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import ProviderError, ProviderMisconfigured
from providers.models import Provider
from providers.paced_reads import DatabaseErrands
from providers.registry import vendors_that
from providers.types import CallHandle, CallStatus, Exchange

logger = logging.getLogger(__name__)

SECONDS = 20.0
"""Seconds in which a run claims calls; with the slowest answers after that it ends before the queue's time-out."""
CALLS_IN_PARALLEL = 8
"""Calls that are asked about at the same time, each in a thread of its own."""
CLAIM = datetime.timedelta(minutes=2)
"""How long a claim on a call holds; a worker that has written nothing by then is taken for dead."""
TRY_FOR = datetime.timedelta(hours=1)
"""How long requests to a vendor that cannot be reached are repeated."""

ASKED, UNREACHED = "taken_back", "not_taken_back"
ASKED_FOR_WISH, UNREACHED_FOR_WISH = "wish_told", "wish_not_told"
"""The same for a number on the do-not-call list."""
TRY_WISH_FOR = datetime.timedelta(days=7)
"""How long a vendor is asked to leave out who opted out: as long as it may keep an order."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call claimed by this run, and the provider's backend to ask."""

    call: Call
    backend: ProviderBackend
    handle: CallHandle
    passed: list[Exchange]


def to_ask(now: datetime.datetime) -> CallQuerySet:
    """Return the calls that the vendor should be asked to cancel now."""
    was_asked = CallEvent.objects.filter(call=OuterRef("pk"), code__in=[ASKED, ASKED_FOR_WISH, hang_up.STEPS["cancel"]])
    unasked = Q(stop_asked_at__isnull=True) | (has_passed("stop_asked_at", now - CLAIM, CLAIM) & ~Exists(was_asked))
    stopped = Q(campaign__status=Campaign.Status.STOPPED, campaign__finished_at__gt=now - TRY_FOR)
    return (
        Call.objects.recallable()
        .filter(unasked)
        .filter(stopped | Q(Exists(_wishes(now))))
        .filter(provider__halted_at__isnull=True, provider__is_active=True)
    )


def _wishes(now: datetime.datetime) -> QuerySet[DoNotCall]:
    return DoNotCall.objects.in_force(now).filter(phone=OuterRef("to_number"), added_at__gt=now - TRY_WISH_FOR)


def may_still_ring(number: str, now: datetime.datetime) -> tuple[int, int]:
    """Return how many live calls to a number wait where the vendor can be asked to leave them, and how many do not."""
    live = Call.objects.live().filter(to_number=number)
    asked = Call.objects.recallable().filter(to_number=number).count()
    return asked, live.count() - asked


def take_back(seconds: float = SECONDS) -> int:
    """Ask the vendors to cancel these calls, a few at a time; returns how many were really cancelled."""
    ends_at = time.monotonic() + seconds
    taken = 0
    unreached: set[int] = set()
    errands = DatabaseErrands()
    with ThreadPoolExecutor(CALLS_IN_PARALLEL, thread_name_prefix="take-back") as pool:
        while time.monotonic() < ends_at:
            known = len(unreached)
            claimed = _claim(timezone.now(), unreached, errands)
            if not claimed and len(unreached) > known:
                continue
            if not claimed:
                if not _some_are_leaving():
                    break
                time.sleep(0.5)
                continue
            asked = [pool.submit(_ask, one) for one in claimed]
            while not all(one.done() for one in asked):
                errands.serve(timeout=0.05)
            for one, heard in zip(claimed, (one.result() for one in asked), strict=True):
                if _write(one, heard):
                    taken += 1
                elif isinstance(heard.answer, UNHEARD):
                    unreached.add(one.call.provider_id)
    return taken


def _some_are_leaving() -> bool:
    """Return whether orders of a stopped campaign are being sent right now, so that the vendor may yet receive them."""
    leaving = Call.objects.live().filter(status=CallStatus.PLACING, campaign__status=Campaign.Status.STOPPED)
    return leaving.filter(provider__vendor__in=vendors_that("supports_cancel")).exists()


def _claim(now: datetime.datetime, unreached: set[int], errands: DatabaseErrands) -> Sequence[Claimed]:
    found = to_ask(now).exclude(provider__in=unreached).select_related("provider", "agent", "caller_id", "campaign")
    claimed = []
    for call in found.order_by("pk")[:CALLS_IN_PARALLEL]:
        if call.provider_id in unreached:
            continue
        # Claimed by compare-and-set, so that only one worker asks.
        mine = Call.objects.filter(pk=call.pk, stop_asked_at=call.stop_asked_at).update(stop_asked_at=now)
        if not mine:
            continue
        passed: list[Exchange] = []
        try:
            backend = opening.open_backend(call.provider, passed.append, through=errands)
        except ProviderMisconfigured as error:
            # That provider's calls are left out of this run; those of others go on.
            Provider.objects.halt_for(call.provider_id, error)
            unreached.add(call.provider_id)
            Call.objects.filter(pk=call.pk).update(stop_asked_at=None)
            continue
        claimed.append(Claimed(call, backend, handle_of(call), passed))
    return claimed


def _ask(one: Claimed) -> StopAnswer:
    try:
        return hang_up.ask_vendor(one.backend, "cancel", one.handle)
    except Exception as error:
        logger.exception("call=%s: the backend failed while taking it back", one.call.pk)
        return StopAnswer(ProviderError(f"The provider module failed: {type(error).__name__}."), [])


def _write(one: Claimed, heard: StopAnswer) -> bool:
    """Write the result of one request; returns whether the call is cancelled.

    Of repeated failures to reach the vendor only the first is written.
    """
    hang_up.note_exchanges(one.call.provider_id, "cancel", one.passed, one.call.reference)
    reached = not isinstance(heard.answer, UNHEARD)
    campaign = one.call.campaign
    is_stopped = campaign is not None and campaign.status == Campaign.Status.STOPPED
    asked, unreached = (ASKED, UNREACHED) if is_stopped else (ASKED_FOR_WISH, UNREACHED_FOR_WISH)
    known = not reached and CallEvent.objects.filter(call=one.call, code=unreached).exists()
    if known:
        Call.objects.filter(pk=one.call.pk, status__in=WAITS_THERE).update(stop_asked_at=None)
        return False
    hang_up.write_heard(one.call, heard, asked if reached else unreached, None)
    return one.call.status == CallStatus.CANCELED
