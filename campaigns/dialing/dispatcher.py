"""The dispatch slice: one coordinator that reserves, commits and writes; an order loop a provider that only sends.

A slow vendor holds up its own loop and nobody else's. Order loops never touch the database: one connection a slice.
"""

from __future__ import annotations

import datetime
import logging
import queue
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from campaigns.core import leases
from campaigns.core.clock import DatabaseClock, boottime
from campaigns.dialing import circuit_breaker, order_results, reservation
from campaigns.dialing.commit_point import CommittedCall, commit_calls
from campaigns.dialing.order_results import OrderAnswer
from campaigns.launch import lifecycle
from campaigns.launch.enqueue import fill_running_campaigns
from campaigns.tracking import restore_guard, stuck_calls
from providers import opening
from providers.exceptions import OutcomeUnknown, ProviderError, ProviderMisconfigured
from providers.models import Provider, ProviderExchange
from providers.order_loop import DoneOrder
from providers.paced_reads import DatabaseErrands
from providers.types import PlacedCall

logger = logging.getLogger(__name__)

SLICE_SECONDS = 45.0
"""A slice commits for this long; with one HTTP deadline after it, it ends well before the queue's time-out."""
AHEAD_SECONDS = 20.0
GROUP_SECONDS = 0.02
GROUP = 24
"""Answers wait for each other until so many are there, or for so many seconds."""
LOOK_SECONDS = 0.25
SWEEP_SECONDS = 5.0
MOST_LINES = 64
MOST_IN_A_COMMIT = 128
QUICK_SECONDS = 0.5
"""A vendor that answers within this time lets orders be committed ahead: well below what an order may wait."""
LINES_AHEAD = 3
"""As many orders as this many times the lines are committed ahead at most."""
MOST_AHEAD = 16
"""Calls are reserved for this many orders of each line at most."""


class Lane:
    """One provider's order loop and its reserved calls."""

    def __init__(self, provider: Provider, tell: Callable[[int, Sequence[DoneOrder[CommittedCall]]], None]) -> None:
        self.provider_id = provider.pk
        self.lines = min(provider.max_lines, MOST_LINES)
        self.loop = opening.open_order_loop(provider, self.lines, partial(tell, provider.pk))
        self.reserved: deque[int] = deque()
        self.in_flight = 0
        self.ahead = 0
        self.came_back = 0
        self.slowest = 0.0
        self.looked_at = 0.0
        self.wanted = 0
        self.reserved_at = 0.0
        self.renewed_at = time.monotonic()

    def next_wanted(self) -> int:
        """How many calls to reserve: about a second's worth, so that a person's own call never waits behind many."""
        now = time.monotonic()
        grown = self.wanted * 2 if now - self.reserved_at < 1.0 else self.wanted // 2
        self.wanted, self.reserved_at = max(2 * self.lines, 32, min(grown, MOST_AHEAD * self.lines)), now
        return self.wanted

    @property
    def idle(self) -> int:
        """How many orders could leave at once, or as soon as an order comes back that is expected in this round."""
        return max(self.lines + self.ahead - self.in_flight, 0)

    def take_back(self, took: float) -> None:
        """Count an order that came back, so many seconds after its commit point."""
        self.in_flight -= 1
        self.came_back += 1
        self.slowest = max(self.slowest, took)

    def look_ahead(self) -> None:
        """Commit ahead what comes back in a few rounds, at a vendor that answers quickly.

        The fewer rounds, the more of each is the commit's own price; and no line waits for one. At a slow vendor
        orders would grow too old to leave. Never above the provider's lines: every commit counts them, so that a
        kill costs no more unknown calls than there are lines.
        """
        expected = min(max(6 * self.came_back, self.ahead * 3 // 4), LINES_AHEAD * self.lines)
        self.ahead = expected if self.slowest < QUICK_SECONDS else 0
        self.came_back, self.slowest = 0, 0.0


class DispatchSlice:
    """The coordinator of one slice."""

    def __init__(self, seconds: float, on_placed: Callable[[], None]) -> None:
        self.token = uuid.uuid4()
        self.others = leases.Others("dispatch", self.token)
        self.clock = DatabaseClock()
        self.ends_at = time.monotonic() + seconds
        self.on_placed = on_placed
        self.has_placed = False
        self.lanes: dict[int, Lane] = {}
        self.answers: queue.SimpleQueue[tuple[int, OrderAnswer]] = queue.SimpleQueue()
        self.unwritten: list[tuple[int, OrderAnswer]] = []
        self.looked_at = 0.0
        self.swept_at = 0.0
        self.prober = ThreadPoolExecutor(4, thread_name_prefix="probe")
        self.errands = DatabaseErrands()
        self.probes: dict[int, Future[ProviderError | None]] = {}

    def take(self, provider_id: int, done: Sequence[DoneOrder[CommittedCall]]) -> None:
        """Take the answers to orders from an order loop: the only code of the slice that runs in its thread."""
        now = boottime()
        for one in done:
            sent = one.order
            took = now - sent.committed_at
            answer = OrderAnswer(
                call_id=sent.call_id, order=sent.order, result=one.result, exchange=one.exchange, took=took
            )
            self.answers.put((provider_id, answer))

    # The rounds of the coordinator

    def run(self) -> bool:
        """Dial until the time is over or nothing is due; returns whether work remains."""
        has_work = True
        while time.monotonic() < self.ends_at and has_work:
            try:
                has_work = self.round()
            except (OperationalError, InterfaceError):
                # Nothing leaves without a commit that we saw; answers in hand are kept and written later.
                logger.warning("the database is away; trying again", exc_info=True)
                connection.close()
                time.sleep(0.5)
                has_work = True
        return has_work

    def round(self) -> bool:
        """Open lanes, let calls pass, write answers; returns whether anything is left to do."""
        now = time.monotonic()
        if now - self.swept_at >= SWEEP_SECONDS:
            restore_guard.watch()
            stuck_calls.free_the_stuck(self.clock.now())
            self.trim_logs()
            self.swept_at = now
        is_look = now - self.looked_at >= LOOK_SECONDS
        if is_look:
            self.open_lanes()
            self.looked_at = time.monotonic()
        self.collect(wait=bool(self.in_flight))
        passed = sum(self.pass_calls(lane) for lane in self.lanes.values())
        self.write()
        if is_look:
            self.close_idle_lanes()
        if not passed and not self.in_flight:
            if not self.lanes and not self.probes and not self.is_needed():
                return False
            time.sleep(0.05 if self.lanes or self.probes else LOOK_SECONDS)
        return True

    def is_needed(self) -> bool:
        """Tell whether a call or a probe becomes due soon that no other slice sees to."""
        now = self.clock.now()
        if self.others.take_care(now):
            return False
        return bool(self.expecting() or circuit_breaker.due_probes(now + datetime.timedelta(seconds=AHEAD_SECONDS)))

    def expecting(self) -> list[int]:
        """Return the providers with calls that are due now or soon; later ones are the minute schedule's."""
        return reservation.providers_with_work(self.clock.now() + datetime.timedelta(seconds=AHEAD_SECONDS))

    @property
    def in_flight(self) -> int:
        """How many orders are out."""
        return sum(lane.in_flight for lane in self.lanes.values())

    def open_lanes(self) -> None:
        """Fill what was launched, probe open breakers, and take the lease of every provider with work and no holder."""
        fill_running_campaigns(0.5)
        for provider_id in circuit_breaker.due_probes(self.clock.now()):
            backend = circuit_breaker.claim_probe(provider_id, self.clock.now(), self.errands)
            if backend is not None:
                self.probes[provider_id] = self.prober.submit(circuit_breaker.ask, backend)
        self.errands.serve()
        for provider_id, probe in list(self.probes.items()):
            if probe.done():
                circuit_breaker.conclude_probe(provider_id, probe.result(), self.clock.now())
                del self.probes[provider_id]
        if not self.lanes and not self.others.leave_room(self.clock.now()):
            return
        for provider_id in self.expecting():
            if provider_id in self.lanes or not leases.take("dispatch", provider_id, self.token, self.clock.now()):
                continue
            try:
                self.lanes[provider_id] = Lane(Provider.objects.get(pk=provider_id), self.take)
            except ProviderMisconfigured as error:
                Provider.objects.halt(provider_id, str(error))
                leases.release("dispatch", provider_id, self.token)

    def pass_calls(self, lane: Lane) -> int:
        """Let as many calls pass the commit point as this lane can send at once; returns how many left."""
        lane.look_ahead()
        if time.monotonic() >= self.ends_at:
            return 0
        # Also while every line is busy: a lease that lapses calls a second dispatcher.
        if time.monotonic() - lane.renewed_at >= leases.RENEW_SECONDS:
            if not leases.take("dispatch", lane.provider_id, self.token, self.clock.now()):
                lane.reserved.clear()
                return 0
            lane.renewed_at = time.monotonic()
        if lane.idle < 1:
            return 0
        if not lane.reserved:
            if time.monotonic() - lane.looked_at < GROUP_SECONDS:
                return 0
            lane.looked_at = time.monotonic()
            lane.reserved.extend(
                reservation.reserve(lane.provider_id, self.token, lane.next_wanted(), self.clock.now())
            )
        if not lane.reserved:
            # Nothing is due yet: no need to ask fifty times a second.
            lane.looked_at = time.monotonic() + LOOK_SECONDS - GROUP_SECONDS
            return 0
        size = min(lane.idle, MOST_IN_A_COMMIT)
        ids = [lane.reserved.popleft() for _ in range(min(len(lane.reserved), size))]
        # The answers in hand go with the same transaction: a kill costs what is out and committed ahead, no more.
        group = self.answers_of(lane.provider_id)
        result = commit_calls(
            lane.provider_id,
            self.token,
            ids,
            size,
            self.clock,
            group,
        )
        self.note_written(lane.provider_id, group)
        lane.in_flight += len(result.committed)
        lane.loop.send(result.committed)
        lane.reserved.extendleft(reversed(result.left))
        for campaign_id in result.over_budget:
            lifecycle.pause_by_system(campaign_id, _("The budget is used up."))
        if result.left and not result.committed:
            # No line, no pace, or the provider was stopped: a moment later, with a fresh look.
            lane.reserved.clear()
            reservation.release_some(self.token, result.left)
            lane.looked_at = time.monotonic() + LOOK_SECONDS
        return len(result.committed)

    def collect(self, *, wait: bool) -> None:
        """Gather answers that are written together: a good group, or what comes within 20 ms of the first one."""
        until = time.monotonic() + GROUP_SECONDS
        while True:
            rest = until - time.monotonic()
            try:
                got = self.answers.get(timeout=rest) if wait and rest > 0 else self.answers.get_nowait()
            except queue.Empty:
                return
            if not self.unwritten:
                until = time.monotonic() + GROUP_SECONDS
            self.unwritten.append(got)
            self.lanes[got[0]].take_back(got[1].took)
            wait = bool(self.in_flight) and len(self.unwritten) < GROUP

    def write(self) -> None:
        """Write the gathered answers; they stay in hand until the database has them."""
        while self.unwritten:
            provider_id = self.unwritten[0][0]
            group = self.answers_of(provider_id)
            order_results.write_answers(provider_id, group, self.clock.now())
            self.note_written(provider_id, group)

    def answers_of(self, provider_id: int) -> list[OrderAnswer]:
        """Return the answers of one provider that the database does not have yet."""
        return [answer for owner, answer in self.unwritten if owner == provider_id]

    def note_written(self, provider_id: int, group: Sequence[OrderAnswer]) -> None:
        """Let go of answers that were written, and ring for the polls at the first placed call."""
        self.unwritten = [item for item in self.unwritten if item[0] != provider_id]
        if not self.has_placed and any(isinstance(a.result, PlacedCall | OutcomeUnknown) for a in group):
            self.has_placed = True
            self.on_placed()

    def close_idle_lanes(self) -> None:
        """Give back the leases of providers that have nothing left to do."""
        idle = [lane for lane in self.lanes.values() if not lane.in_flight and not lane.reserved]
        if not idle:
            return
        expecting = set(self.expecting())
        for lane in idle:
            if lane.provider_id not in expecting:
                self.close(lane)

    def close(self, lane: Lane) -> None:
        """End a lane whose orders have all come back."""
        leases.release("dispatch", lane.provider_id, self.token)
        ProviderExchange.objects.drop_old_orders(lane.provider_id)
        lane.loop.close()
        del self.lanes[lane.provider_id]

    def trim_logs(self) -> None:
        """Keep the logs of orders short."""
        for provider_id in self.lanes:
            ProviderExchange.objects.drop_old_orders(provider_id)

    def let_go(self) -> None:
        """Give back what was reserved and the leases: a successor may begin."""
        self._until_done(lambda: reservation.release(self.token))
        for lane in list(self.lanes.values()):
            self._until_done(lambda lane=lane: leases.release("dispatch", lane.provider_id, self.token))  # type: ignore[misc]

    def finish(self) -> None:
        """Wait for the orders that are out and write their answers."""
        while self.in_flight or self.unwritten:
            self.collect(wait=True)
            self._until_done(self.write)
        self._until_done(self.trim_logs)
        for lane in self.lanes.values():
            lane.loop.close()
        self.errands.close()
        self.prober.shutdown(wait=False)

    def _until_done(self, act: Callable[[], None], tries: int = 60) -> None:
        for _try in range(tries):
            try:
                return act()
            except (OperationalError, InterfaceError):
                connection.close()
                time.sleep(0.5)
        logger.error("the database stayed away; the sweep will find what was not written")
        self.unwritten.clear()
        return None


def run_slice(
    *, on_placed: Callable[[], None], on_remaining: Callable[[], None], seconds: float = SLICE_SECONDS
) -> datetime.timedelta:
    """Run one dispatch slice; rings for the polls at the first placed call and for a successor while work remains."""
    began = time.monotonic()
    current = DispatchSlice(seconds, on_placed)
    has_more = False
    try:
        has_more = current.run()
    finally:
        current.let_go()
        # After the leases: a successor that sees them held leaves the work to us.
        if has_more:
            on_remaining()
        current.finish()
    return datetime.timedelta(seconds=time.monotonic() - began)
