"""The poll slice: reads states of open calls and searches for unknown ones.

Each provider is read by one thread at a time, under a lease.
"""

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

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from campaigns.core import leases, progress
from campaigns.core.clock import DatabaseClock, span
from campaigns.core.sharing import Sharing
from campaigns.launch import lifecycle
from campaigns.models import Call
from campaigns.tracking import call_updates, due_reads, stuck_calls, unknown_calls
from campaigns.tracking.unknown_calls import Listing
from providers import opening
from providers.base import ProviderBackend
from providers.exceptions import (
    AccountProblem,
    BackendFailed,
    NoReadLeft,
    ProviderError,
    ProviderMisconfigured,
    RateLimited,
)
from providers.models import Provider
from providers.paced_reads import DatabaseErrands
from providers.types import CallSnapshot, Exchange

logger = logging.getLogger(__name__)

SLICE_SECONDS = 45.0
LAST_READS_SECONDS = 38.0
"""Seconds to wait for open reads when a slice ends; slice and wait stay below the queue's time-out of 90 s."""
AHEAD_SECONDS = 75.0
"""A slice keeps running, and rings for its successor, while a call becomes due within this time: a minute and a
margin, so that what is left to the minute job is never late by its minute."""
CROWDED_SECONDS = 20.0
"""The same where a worker has no process to spare."""
MOST_IN_A_WRITE = 1000
"""Calls written in one transaction."""
SWEEP_SECONDS = 5.0
"""Seconds between two runs of the repairs within a slice (stuck calls, finished campaigns)."""
POSTPONED_SECONDS = 10
"""Wait after a failed read for which the vendor named no other."""
FAILURES_LOGGED = 5
"""Most failed reads that one round writes to the log."""


@dataclass(frozen=True, slots=True)
class PollAnswer:
    """The result of one thread: states of the calls it asked for, or the vendor's list for finding unknown calls."""

    provider_id: int
    asked: Sequence[int]
    plan: unknown_calls.LookPlan | None
    result: Sequence[CallSnapshot] | Listing | ProviderError


class PollSlice:
    """Runs one poll slice: starts reads in threads and writes their results; only it uses the database."""

    def __init__(self, seconds: float) -> None:
        self.token = uuid.uuid4()
        self.others = leases.Others("poll", self.token)
        self.sharing = Sharing("poll", self.token, self.others)
        self.clock = DatabaseClock()
        self.ends_at = time.monotonic() + seconds
        self.backends: dict[int, tuple[object, ProviderBackend]] = {}
        """Opened backends, each with the keys and options that it was opened with."""
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
        """Read until the time is over or nothing becomes due soon; returns whether another slice should follow."""
        while time.monotonic() < self.ends_at:
            if progress.tell():
                self.ends_at = 0.0
                break
            try:
                if not self.round():
                    return False
            except (OperationalError, InterfaceError):
                logger.warning("the database is away; trying again", exc_info=True)
                connection.close()
                time.sleep(0.5)
        return True

    def round(self) -> bool:
        """Start a read for each provider that has due calls and is leased by no other slice, and write the results."""
        now = time.monotonic()
        if now - self.swept_at >= SWEEP_SECONDS:
            stuck_calls.undo_clock_change(self.clock.now())
            stuck_calls.free_the_stuck(self.clock.now())
            lifecycle.finish_done_campaigns()
            self.swept_at = now
        self.keep_leases()
        self.hand_over()
        started = sum(self.start(provider_id) for provider_id in due_reads.providers_with_due(self.clock.now()))
        wrote = self.write(timeout=0.2 if self.busy else 0.0)
        if not started and not wrote and not self.busy:
            if not self.is_needed():
                # The last call of a campaign may just have ended: finish it now rather than in the next minute job.
                lifecycle.finish_done_campaigns()
                return False
            time.sleep(0.2)
        return True

    def is_needed(self) -> bool:
        """Return whether a call becomes due soon at a provider that this slice can lease; leases such providers."""
        now = self.clock.now()
        # Where a slice of each kind takes all processes, one that only waits holds up whatever else is queued.
        has_room = settings.WORKERS > 2 * settings.SLICES
        seconds = AHEAD_SECONDS if has_room else min(AHEAD_SECONDS, CROWDED_SECONDS)
        ahead = now + datetime.timedelta(seconds=seconds)
        # An order that is out now is an open call in a moment, and nobody rings for it again.
        expected = due_reads.providers_with_due(ahead) or due_reads.providers_with_orders_out()
        held = [provider_id for provider_id in expected if self._holds(provider_id)]
        return bool(held or self.sharing.is_short or (expected and not self.others.take_care(now)))

    def hand_over(self) -> None:
        """Give a provider that is not being read to a host that serves fewer."""
        since = time.monotonic() - leases.LEASE.total_seconds()
        held = [provider_id for provider_id, renewed in self.renewed.items() if renewed > since]
        heir = self.sharing.heir(self.clock.now(), serves=bool(held))
        idle = [provider_id for provider_id in held if provider_id not in self.busy]
        if heir is not None and idle and self.sharing.give(idle[0], heir, self.clock.now()):
            del self.renewed[idle[0]]

    def start(self, provider_id: int) -> bool:
        """Start one read of a provider in a thread, under the provider's lease; returns whether it was started."""
        if provider_id in self.busy or not self._holds(provider_id):
            return False
        provider = Provider.objects.get(pk=provider_id)
        backend = self._backend_of(provider)
        if backend is None:
            return False
        now = self.clock.now()
        calls = due_reads.due_handles(provider, now)
        rare = due_reads.rare_handles(provider, now)
        plan = unknown_calls.plan_look(provider, now)
        if not calls and not rare and plan is None:
            return False
        # In parallel, so that neither a long list nor many open calls delay the other.
        if plan is not None:
            self._submit(provider_id, [], plan, lambda: unknown_calls.look(backend, plan))
        for asked in filter(None, (calls, rare)):
            handles = [handle for _pk, handle in asked]
            self._submit(provider_id, [pk for pk, _handle in asked], None, partial(backend.fetch_calls, handles))
        return True

    def _submit(
        self,
        provider_id: int,
        asked: Sequence[int],
        plan: unknown_calls.LookPlan | None,
        act: Callable[[], list[CallSnapshot] | Listing],
    ) -> None:
        self.busy[provider_id] += 1
        self.pool.submit(self._tell, provider_id, asked, plan, act)

    def keep_leases(self) -> None:
        """Renew the leases of providers with a read in progress, so that no other slice reads the same list."""
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
        opened_with = (provider.secrets.token, provider.options_with_defaults())
        if provider.pk not in self.backends or self.backends[provider.pk][0] != opened_with:
            try:
                backend = opening.open_backend(provider, partial(self._note, provider.pk), through=self.errands)
            except ProviderMisconfigured as error:
                Provider.objects.halt_for(provider.pk, error)
                due_reads.postpone(provider.pk, self.clock.now(), 60)
                return None
            self.backends[provider.pk] = opened_with, backend
        return self.backends[provider.pk][1]

    def _note(self, provider_id: int, passed: Exchange) -> None:
        """Keep a failed read for the provider's exchange log; successful ones would only push failures out of it."""
        if passed.error is not None or (passed.http_status or 0) >= 400:
            self.failed.put((provider_id, passed))

    def log_failures(self) -> None:
        """Write failed reads to the exchange log, a few a round: during an outage all of them look the same."""
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
                    secrets=passed.secrets,
                )

    def _tell(
        self,
        provider_id: int,
        asked: Sequence[int],
        plan: unknown_calls.LookPlan | None,
        act: Callable[[], list[CallSnapshot] | Listing],
    ) -> None:
        result: Sequence[CallSnapshot] | Listing | ProviderError
        try:
            result = act()
        except ProviderError as error:
            result = error
        except Exception as error:
            # The backend's own failures are ProviderErrors: what is left is between its answer and us.
            kind = type(error).__name__
            logger.error("provider=%s: reading failed: %s", provider_id, kind)
            result = BackendFailed(f"Reading failed: {kind}.")
        self.heard.put(PollAnswer(provider_id, asked, plan, result))

    def write(self, *, timeout: float) -> int:
        """Write the results that threads delivered; returns how many reads they were. `timeout` is in seconds."""
        wrote = 0
        try:
            while True:
                heard = self.heard.get(timeout=timeout) if not wrote and timeout else self.heard.get_nowait()
                if heard is None:
                    # Serve each thread's database request once, so that busy threads do not delay the round.
                    self.errands.serve()
                    timeout = 0.0
                    continue
                wrote += 1
                self.busy -= Counter([heard.provider_id])
                self._write_or_postpone(heard)
        except queue.Empty:
            self.log_failures()
            return wrote

    def _write_or_postpone(self, heard: PollAnswer) -> None:
        """Write one result; one that cannot be written postpones that provider's reads, and no other's."""
        try:
            self._write_one(heard)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            kind = type(error).__name__
            logger.error("provider=%s: what was read cannot be written: %s", heard.provider_id, kind)
            failed = BackendFailed(f"What was read cannot be written: {kind}.")
            note_failure(heard.provider_id, heard.asked, heard.plan, failed, self.clock.now())

    def _write_one(self, heard: PollAnswer) -> None:
        now = self.clock.now()
        if isinstance(heard.result, ProviderError):
            note_failure(heard.provider_id, heard.asked, heard.plan, heard.result, now)
        elif isinstance(heard.result, Listing):
            assert heard.plan is not None
            unknown_calls.conclude(heard.plan, heard.result.rows, now, is_whole=heard.result.is_whole)
        else:
            news = news_of(heard.provider_id, heard.asked, heard.result)
            for start in range(0, len(heard.asked), MOST_IN_A_WRITE):
                asked = heard.asked[start : start + MOST_IN_A_WRITE]
                found = {call_id: news[call_id] for call_id in asked if call_id in news}
                call_updates.merge_news(found, source="poll", now=now, looked=asked)
            Provider.objects.note_success(heard.provider_id)

    def finish(self) -> None:
        """Wait for the reads in progress, write them, and release the leases.

        Waits as long as the queue's time-out allows: a read given up is wasted, and the next slice would take as long.
        """
        self._try(self.sharing.withdraw)
        until = max(self.ends_at, time.monotonic()) + LAST_READS_SECONDS
        while self.busy and time.monotonic() < until:
            try:
                self.keep_leases()
                self.write(timeout=0.2)
            except (OperationalError, InterfaceError):
                connection.close()
                time.sleep(0.5)
        self._try(lambda: leases.release_all("poll", self.token))
        self.errands.close()
        self.pool.shutdown(wait=False, cancel_futures=True)

    def _try(self, act: Callable[[], None]) -> None:
        try:
            act()
        except (OperationalError, InterfaceError):
            connection.close()


def news_of(provider_id: int, asked: Sequence[int], snapshots: Sequence[CallSnapshot]) -> dict[int, CallSnapshot]:
    """Return the snapshots by the id of our call; those that belong to none of the calls asked for are left out."""
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
    """Handle a failed read: leave states unchanged, poll again later, and halt a provider without key or credit."""
    logger.warning("provider=%s: reading failed: %s", provider_id, type(error).__name__)
    wait = error.retry_after if isinstance(error, RateLimited | NoReadLeft) else POSTPONED_SECONDS
    if isinstance(error, AccountProblem):
        Provider.objects.halt_for(provider_id, error)
        wait = 60
    ids = [*asked, *([call.call_id for call in plan.unknown] if plan else [])]
    Call.objects.filter(pk__in=ids).exclude(next_poll_at=None).update(next_poll_at=now + span(wait))
    Provider.objects.note_error(provider_id, error)


def run_slice(seconds: float = SLICE_SECONDS) -> bool:
    """Run one poll slice of this many seconds; returns whether another one should follow at once."""
    current = PollSlice(seconds)
    try:
        return current.run()
    finally:
        current.finish()
