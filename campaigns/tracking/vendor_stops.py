"""Cancels calls that wait at the vendor and are not wanted any more: carries out the open stop requests.

The rows of `StopRequest` are the work list. A call is asked about when the vendor keeps its order - for later, or
between its own redials, too. A request that was refused or not answered is made again, ever more slowly, until the
call is over. HTTP runs in threads without a database; if a worker dies, its claims lapse and the calls are asked about
again.
"""

from __future__ import annotations

import datetime
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db.models import F, QuerySet
from django.utils import timezone

from campaigns.core import stop_requests
from campaigns.core.clock import has_passed
from campaigns.core.handles import handle_of
from campaigns.models import Call, CallEvent, StopRequest
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
WAITS = tuple(datetime.timedelta(minutes=minutes) for minutes in (1, 2, 5, 15, 30, 60))
"""Waits before a vendor that refused or gave no clear answer is asked again; the last one repeats."""

ASKED, UNREACHED = "taken_back", "not_taken_back"
STEPS: dict[str, tuple[str, str]] = {
    StopRequest.Cause.OPT_OUT: ("wish_told", "wish_not_told"),
    StopRequest.Cause.CAMPAIGN: (ASKED, UNREACHED),
    StopRequest.Cause.HELD: ("hold_told", "hold_not_told"),
    StopRequest.Cause.STOP_ALL: ("stop_all_told", "stop_all_not_told"),
}
"""By cause: the step that is written when the vendor was asked, and when it could not be."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """A call claimed by this run, and the provider's backend to ask."""

    request: StopRequest
    call: Call
    backend: ProviderBackend
    handle: CallHandle
    passed: list[Exchange]
    is_first: bool
    """Whether nobody had asked the vendor before to stop this call."""


def to_ask(now: datetime.datetime) -> QuerySet[StopRequest]:
    """Return the requests that can be made of their vendors now.

    Also of a provider that is switched off: its orders ring all the same.
    """
    return StopRequest.objects.filter(
        has_passed("next_try_at", now, WAITS[-1]),
        closed_at__isnull=True,
        call__in=Call.objects.recallable(),
        call__provider__halted_at__isnull=True,
    )


def take_back(seconds: float = SECONDS) -> int:
    """Ask the vendors to cancel these calls, a few at a time; returns how many were really cancelled."""
    ends_at = time.monotonic() + seconds
    taken = 0
    stop_requests.close_needless(timezone.now())
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
    """Return whether unwanted orders are being sent right now, so that the vendor may yet receive them."""
    leaving = StopRequest.objects.filter(closed_at__isnull=True, call__status=CallStatus.PLACING)
    return leaving.filter(call__provider__vendor__in=vendors_that("supports_cancel")).exists()


def _claim(now: datetime.datetime, unreached: set[int], errands: DatabaseErrands) -> Sequence[Claimed]:
    found = to_ask(now).exclude(call__provider__in=unreached)
    found = found.select_related("call__provider", "call__agent", "call__caller_id")
    claimed = []
    for request in found.order_by("pk")[:CALLS_IN_PARALLEL]:
        call = request.call
        if call.provider_id in unreached:
            continue
        # Claimed by compare-and-set, so that only one worker asks.
        mine = StopRequest.objects.filter(pk=request.pk, next_try_at=request.next_try_at, closed_at__isnull=True)
        if not mine.update(next_try_at=now + CLAIM, tries=F("tries") + 1):
            continue
        # Stored before the request is sent: another worker may read the call's end and must not plan a retry.
        is_first = bool(Call.objects.filter(pk=call.pk, stop_asked_at__isnull=True).update(stop_asked_at=now))
        passed: list[Exchange] = []
        try:
            backend = opening.open_backend(call.provider, passed.append, through=errands)
        except ProviderMisconfigured as error:
            # That provider's calls are left out of this run; those of others go on.
            Provider.objects.halt_for(call.provider_id, error)
            unreached.add(call.provider_id)
            _give_back(request, now, is_first=is_first)
            continue
        claimed.append(Claimed(request, call, backend, handle_of(call), passed, is_first))
    return claimed


def _ask(one: Claimed) -> StopAnswer:
    try:
        return hang_up.ask_vendor(one.backend, "cancel", one.handle)
    except Exception as error:
        logger.exception("call=%s: the backend failed while taking it back", one.call.pk)
        return StopAnswer(ProviderError(f"The provider module failed: {type(error).__name__}."), [])


def _write(one: Claimed, heard: StopAnswer) -> bool:
    """Write the result of one request; returns whether the call is cancelled.

    Of repeated requests only the first of each kind is a step of the call.
    """
    hang_up.note_exchanges(one.call.provider_id, "cancel", one.passed, one.call.reference)
    now = timezone.now()
    reached = not isinstance(heard.answer, UNHEARD)
    code = STEPS[one.request.cause][not reached]
    is_known = CallEvent.objects.filter(call=one.call, code=code).exists()
    hang_up.write_heard(one.call, heard, "" if is_known else code, None)
    if not reached:
        _give_back(one.request, now, is_first=one.is_first)
    elif one.call.is_final:
        stop_requests.close_needless(now)
    else:
        wait = WAITS[min(one.request.tries, len(WAITS) - 1)]
        mine = StopRequest.objects.filter(pk=one.request.pk, closed_at__isnull=True)
        mine.update(answer=StopRequest.Answer.NOT_YET, next_try_at=now + wait)
    return one.call.status == CallStatus.CANCELED


def _give_back(request: StopRequest, now: datetime.datetime, *, is_first: bool) -> None:
    """Let a request that certainly did not reach the vendor be made again at once; it counts as none."""
    mine = StopRequest.objects.filter(pk=request.pk, closed_at__isnull=True)
    mine.update(answer=StopRequest.Answer.UNREACHED, next_try_at=now, tries=request.tries)
    if is_first:
        Call.objects.filter(pk=request.pk, status__in=WAITS_THERE).update(stop_asked_at=None)
