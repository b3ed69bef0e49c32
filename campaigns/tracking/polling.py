"""The poll slice: reads states of open calls, and looks for unknown ones; one provider, one thread, one lease."""

from __future__ import annotations

import datetime
import logging
import queue
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from django.db import InterfaceError, OperationalError, connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.core import leases
from campaigns.core.clock import DatabaseClock, span
from campaigns.core.sql.prepared import IdsAt
from campaigns.launch import lifecycle
from campaigns.models import Call
from campaigns.models.status_conditions import StatusIsOneOf
from campaigns.tracking import call_updates, stuck_calls, unknown_calls
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import AccountProblem, NoReadLeft, ProviderError, ProviderMisconfigured, RateLimited
from providers.models import Provider
from providers.paced_reads import DatabaseErrands
from providers.types import AT_VENDOR, CallHandle, CallSnapshot, CallStatus, Exchange

logger = logging.getLogger(__name__)

SLICE_SECONDS = 45.0
LAST_READS_SECONDS = 38.0
"""With the slice it stays below the queue's time-out of 90 s."""
AHEAD_SECONDS = 20.0
"""A slice stays awake for calls that become due within this time; later ones are the minute schedule's."""
BATCH_BY_LIST = 5000
"""Each read of a list costs all its pages, however few calls are looked for."""
MOST_IN_A_WRITE = 1000
SWEEP_SECONDS = 5.0
POSTPONED_SECONDS = 10
FAILURES_LOGGED = 5


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """What one thread brought back: states of the calls it asked for, or the list for a look."""

    provider_id: int
    asked: Sequence[int]
    plan: unknown_calls.LookPlan | None
    result: Sequence[CallSnapshot] | ProviderError


class PollSlice:
    """The coordinator of one poll slice."""

    def __init__(self, seconds: float) -> None:
        self.token = uuid.uuid4()
        self.others = leases.Others("poll", self.token)
        self.clock = DatabaseClock()
        self.ends_at = time.monotonic() + seconds
        self.backends: dict[int, ProviderBackend] = {}
        self.busy: Counter[int] = Counter()
        """Reads that are out, by provider."""
        self.renewed: dict[int, float] = {}
        self.heard: queue.SimpleQueue[PollAnswer | None] = queue.SimpleQueue()
        """What threads brought back; None where one needs something of the database."""
        self.errands = DatabaseErrands(wake=lambda: self.heard.put(None))
        self.failed: queue.SimpleQueue[tuple[int, Exchange]] = queue.SimpleQueue()
        self.pool = ThreadPoolExecutor(16, thread_name_prefix="poll")
        self.swept_at = 0.0

    def run(self) -> bool:
        """Read until the time is over or nothing becomes due soon; returns whether a successor is needed."""
        while time.monotonic() < self.ends_at:
            try:
                if not self.round():
                    return False
            except (OperationalError, InterfaceError):
                logger.warning("the database is away; trying again", exc_info=True)
                connection.close()
                time.sleep(0.5)
        return True

    def round(self) -> bool:
        """Start reads for every provider that has due calls and no holder, and write what came back."""
        now = time.monotonic()
        if now - self.swept_at >= SWEEP_SECONDS:
            stuck_calls.free_the_stuck(self.clock.now())
            lifecycle.finish_done_campaigns()
            self.swept_at = now
        self.keep_leases()
        started = sum(self.start(provider_id) for provider_id in providers_with_due(self.clock.now()))
        wrote = self.write(timeout=0.2 if self.busy else 0.0)
        if not started and not wrote and not self.busy:
            if not self.is_needed():
                # The last call of a campaign may just have ended: show it now, not at the next minute.
                lifecycle.finish_done_campaigns()
                return False
            time.sleep(0.2)
        return True

    def is_needed(self) -> bool:
        """Tell whether a call becomes due soon that no other slice looks after; holds on to their providers."""
        now = self.clock.now()
        expected = providers_with_due(now + datetime.timedelta(seconds=AHEAD_SECONDS))
        held = [provider_id for provider_id in expected if self._holds(provider_id)]
        return bool(held or (expected and not self.others.take_care(now)))

    def start(self, provider_id: int) -> bool:
        """Start one read of a provider in a thread, under its lease."""
        if provider_id in self.busy or not self._holds(provider_id):
            return False
        provider = Provider.objects.get(pk=provider_id)
        backend = self._backend_of(provider)
        if backend is None:
            return False
        now = self.clock.now()
        calls = due_handles(provider, now)
        plan = unknown_calls.plan_look(provider, now)
        if not calls and plan is None:
            return False
        # Side by side, so that neither a long list nor many open calls starve the other.
        if plan is not None:
            self._submit(provider_id, [], plan, lambda: unknown_calls.look(backend, plan))
        if calls:
            handles = [handle for _pk, handle in calls]
            self._submit(provider_id, [pk for pk, _handle in calls], None, lambda: backend.fetch_calls(handles))
        return True

    def _submit(
        self,
        provider_id: int,
        asked: Sequence[int],
        plan: unknown_calls.LookPlan | None,
        act: Callable[[], list[CallSnapshot]],
    ) -> None:
        self.busy[provider_id] += 1
        self.pool.submit(self._tell, provider_id, asked, plan, act)

    def keep_leases(self) -> None:
        """Renew the leases of providers whose reads are out: a long list must not be read by two at once."""
        for provider_id in self.busy:
            self._holds(provider_id)

    def _holds(self, provider_id: int) -> bool:
        if time.monotonic() - self.renewed.get(provider_id, 0.0) < leases.RENEW_SECONDS:
            return True
        now = self.clock.now()
        has_room = bool(self.renewed) or self.others.leave_room(now)
        if not has_room or not leases.take("poll", provider_id, self.token, now):
            self.renewed.pop(provider_id, None)
            return False
        self.renewed[provider_id] = time.monotonic()
        return True

    def _backend_of(self, provider: Provider) -> ProviderBackend | None:
        if provider.pk not in self.backends:
            try:
                backend = opening.open_backend(provider, partial(self._note, provider.pk), through=self.errands)
            except ProviderMisconfigured as error:
                Provider.objects.halt(provider.pk, str(error))
                postpone(provider.pk, self.clock.now(), 60)
                return None
            self.backends[provider.pk] = backend
        return self.backends[provider.pk]

    def _note(self, provider_id: int, passed: Exchange) -> None:
        """Keep a read that went wrong for the provider's log; the many that go well would only push it out."""
        if passed.error is not None or (passed.http_status or 0) >= 400:
            self.failed.put((provider_id, passed))

    def log_failures(self) -> None:
        """Write the reads that went wrong, a few a round: a vendor that is away answers them all alike."""
        logged = 0
        while not self.failed.empty():
            provider_id, passed = self.failed.get_nowait()
            logged += 1
            if logged <= FAILURES_LOGGED:
                Provider.objects.note_exchange(
                    provider_id,
                    what="fetch_calls",
                    method=passed.method,
                    path=passed.path,
                    http_status=passed.http_status,
                    duration_ms=passed.duration_ms,
                    error=passed.error,
                )

    def _tell(
        self,
        provider_id: int,
        asked: Sequence[int],
        plan: unknown_calls.LookPlan | None,
        act: Callable[[], list[CallSnapshot]],
    ) -> None:
        result: Sequence[CallSnapshot] | ProviderError
        try:
            result = act()
        except ProviderError as error:
            result = error
        except Exception as error:
            logger.exception("provider=%s: the backend failed while reading", provider_id)
            result = ProviderError(f"The provider module failed: {type(error).__name__}.")
        self.heard.put(PollAnswer(provider_id, asked, plan, result))

    def write(self, *, timeout: float) -> int:
        """Write what the threads brought back; returns how many reads that were."""
        wrote = 0
        try:
            while True:
                heard = self.heard.get(timeout=timeout) if not wrote and timeout else self.heard.get_nowait()
                if heard is None:
                    # The rest of the round is not put off by threads that ask again and again.
                    self.errands.serve()
                    timeout = 0.0
                    continue
                wrote += 1
                self.busy -= Counter([heard.provider_id])
                self._write_one(heard)
        except queue.Empty:
            self.log_failures()
            return wrote

    def _write_one(self, heard: PollAnswer) -> None:
        now = self.clock.now()
        if isinstance(heard.result, ProviderError):
            note_failure(heard.provider_id, heard.asked, heard.plan, heard.result, now)
        elif heard.plan is not None:
            unknown_calls.conclude(heard.plan, heard.result, now)
        else:
            news = news_of(heard.provider_id, heard.asked, heard.result)
            for start in range(0, len(heard.asked), MOST_IN_A_WRITE):
                asked = heard.asked[start : start + MOST_IN_A_WRITE]
                found = {call_id: news[call_id] for call_id in asked if call_id in news}
                call_updates.merge_news(found, source="poll", now=now, looked=asked)
            Provider.objects.note_success(heard.provider_id)

    def finish(self) -> None:
        """Wait for the reads that are out, write them, give the leases back.

        As long as the queue's time-out allows: what is not waited for is read in vain, and the next slice fares no
        better.
        """
        until = max(self.ends_at, time.monotonic()) + LAST_READS_SECONDS
        while self.busy and time.monotonic() < until:
            try:
                self.keep_leases()
                self.write(timeout=0.2)
            except (OperationalError, InterfaceError):
                connection.close()
                time.sleep(0.5)
        for provider_id in self.renewed:
            try:
                leases.release("poll", provider_id, self.token)
            except (OperationalError, InterfaceError):
                connection.close()
        self.errands.close()
        self.pool.shutdown(wait=False, cancel_futures=True)


def batch_of(provider: Provider) -> int:
    """Return how many calls to ask for at once: thousands by list, else what five seconds of the budget allow."""
    if provider.backend_class.fetches_by_list:
        return BATCH_BY_LIST
    return max(1, min(500, provider.reads_per_minute // 12))


def due_handles(provider: Provider, now: datetime.datetime) -> list[tuple[int, CallHandle]]:
    """Return the calls to ask for now, the longest due first, with what is needed to find each."""
    due = Call.objects.at_vendor().filter(provider=provider, next_poll_at__lte=now).exclude(remote_id="")
    # Plain values: thousands of rows are asked for at once.
    columns = ("pk", "reference", "remote_id", "to_number", "agent__remote_id", "caller_id__number", "placing_at")
    return [
        (
            pk,
            CallHandle(
                reference=reference,
                remote_id=remote_id,
                to_number=to_number,
                agent_id=agent_id or "",
                caller_id=caller_id or "",
                placed_at=placed_at,
            ),
        )
        for pk, reference, remote_id, to_number, agent_id, caller_id, placed_at in due.order_by(
            "next_poll_at"
        ).values_list(*columns)[: batch_of(provider)]
    ]


def news_of(provider_id: int, asked: Sequence[int], snapshots: Sequence[CallSnapshot]) -> dict[int, CallSnapshot]:
    """Return snapshots by the id of our call."""
    ids = dict(
        Call.objects.filter(provider=provider_id, pk__in=asked).exclude(remote_id="").values_list("remote_id", "pk")
    )
    return {ids[snapshot.remote_id]: snapshot for snapshot in snapshots if snapshot.remote_id in ids}


def note_failure(
    provider_id: int,
    asked: Sequence[int],
    plan: unknown_calls.LookPlan | None,
    error: ProviderError,
    now: datetime.datetime,
) -> None:
    """Keep the rows as they are, ask again later, and halt a provider whose key or credit is gone."""
    logger.warning("provider=%s: reading failed: %s", provider_id, type(error).__name__)
    wait = error.retry_after if isinstance(error, RateLimited | NoReadLeft) else POSTPONED_SECONDS
    if isinstance(error, AccountProblem):
        Provider.objects.halt(provider_id, error.message)
        wait = 60
    ids = [*asked, *([call.call_id for call in plan.unknown] if plan else [])]
    Call.objects.filter(pk__in=ids).exclude(next_poll_at=None).update(next_poll_at=now + span(wait))
    Provider.objects.note_error(provider_id, error)


def postpone(provider_id: int, now: datetime.datetime, wait: float) -> None:
    """Ask for nothing of a provider for a while."""
    Call.objects.filter(_due(now), provider=provider_id).update(next_poll_at=now + span(wait))


def _due(at: datetime.datetime) -> Q:
    return Q(StatusIsOneOf(AT_VENDOR | {CallStatus.UNKNOWN}), next_poll_at__lte=at)


def _with_due(now: datetime.datetime) -> QuerySet[Provider, int]:
    due = Call.objects.filter(_due(now), provider=OuterRef("pk"))
    return Provider.objects.filter(Exists(due)).values_list("pk", flat=True)


_providers_with_due = IdsAt(_with_due)


def providers_with_due(now: datetime.datetime) -> list[int]:
    """Return the providers with open or unknown calls to read now."""
    return _providers_with_due(now)


def has_due(at: datetime.datetime) -> bool:
    """Tell whether anything is due for a read by then."""
    return Call.objects.filter(_due(at)).exists()


def run_slice(seconds: float = SLICE_SECONDS) -> bool:
    """Run one poll slice; returns whether a successor should follow at once."""
    current = PollSlice(seconds)
    try:
        return current.run()
    finally:
        current.finish()
