"""The dispatch slice: one coordinator thread that uses the database, and one sending thread (order loop) a provider.

The coordinator reserves calls, commits them and writes answers. A slow vendor delays only its own order loop. Order
loops never use the database, so a slice needs one connection.
"""

from __future__ import annotations

import datetime
import logging
import queue
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from django.db import InterfaceError, OperationalError, connection
from django.utils.translation import gettext as _

from campaigns.core import leases, progress
from campaigns.core.clock import DatabaseClock, boottime
from campaigns.core.hours.holiday_calendars import make_ready
from campaigns.core.installation import current
from campaigns.core.sharing import Sharing
from campaigns.dialing import circuit_breaker, order_results, reservation
from campaigns.dialing.commit_point import CommittedCall, commit_calls
from campaigns.dialing.lane import Lane
from campaigns.dialing.order_results import OrderAnswer
from campaigns.launch import lifecycle
from campaigns.launch.enqueue import fill_running_campaigns
from campaigns.tracking import restore_guard, stuck_calls
from providers.exceptions import OutcomeUnknown, ProviderError, ProviderMisconfigured, ProviderUnusable
from providers.models import Provider, ProviderExchange
from providers.order_loop import DoneOrder
from providers.paced_reads import DatabaseErrands
from providers.types import PlacedCall

logger = logging.getLogger(__name__)

SLICE_SECONDS = 45.0
"""How long a slice commits calls; with one HTTP deadline after that it ends well before the queue's time-out."""
AHEAD_SECONDS = 20.0
GROUP_SECONDS = 0.02
GROUP = 24
"""Answers are written together: as soon as `GROUP` are there, or `GROUP_SECONDS` after the first."""
RING_SECONDS = 5.0
"""Seconds between two nudges of the poll task while somebody polls."""
SOON_SECONDS = 1.0
"""The same where nobody polls: a poll slice ends where nothing is open, also a moment before the next order."""
LOOK_SECONDS = 0.25
"""Pause between two searches for due calls while none is due."""
SWEEP_SECONDS = 5.0
"""Seconds between two runs of the repairs within a slice (restore guard, stuck calls, logs)."""
STOOD_STILL_SECONDS = 60.0
"""A round that the wall clock says took longer: the machine stood still, and the restore guard looks at once."""
MOST_IN_A_COMMIT = 128
"""Most calls of one commit point."""


class DispatchSlice:
    """Runs one dispatch slice: the only thread of the slice that uses the database."""

    def __init__(self, seconds: float, on_placed: Callable[[], None]) -> None:
        self.token = uuid.uuid4()
        self.others = leases.Others("dispatch", self.token)
        self.sharing = Sharing("dispatch", self.token, self.others)
        self.clock = DatabaseClock()
        self.ends_at = time.monotonic() + seconds
        self.on_placed = on_placed
        self.rang_at = -RING_SECONDS
        self.checked_at = 0.0
        self.unrung: set[int] = set()
        """Providers at which calls were placed since the last nudge of the poll task."""
        self.lanes: dict[int, Lane] = {}
        self.answers: queue.SimpleQueue[tuple[int, OrderAnswer]] = queue.SimpleQueue()
        self.unwritten: list[tuple[int, OrderAnswer]] = []
        self.looked_at = 0.0
        self.swept_at = 0.0
        self.seen_at = time.time()
        self.prober = ThreadPoolExecutor(4, thread_name_prefix="probe")
        self.errands = DatabaseErrands()
        self.probes: dict[int, Future[ProviderError | None]] = {}

    def take(self, provider_id: int, done: Sequence[DoneOrder[CommittedCall]]) -> None:
        """Receive finished orders from an order loop; the only method that runs in the loop's thread."""
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
        """Send calls until the time is over or nothing is due; returns whether work remains."""
        has_work = True
        while time.monotonic() < self.ends_at and has_work:
            if progress.tell():
                break
            try:
                has_work = self.round()
            except (OperationalError, InterfaceError):
                # No order is sent without a confirmed commit; received answers stay in memory and are written later.
                logger.warning("the database is away; trying again", exc_info=True)
                connection.close()
                time.sleep(0.5)
                has_work = True
        return has_work

    def round(self) -> bool:
        """Open lanes, commit calls, write answers; returns whether anything is left to do."""
        now = time.monotonic()
        if now - self.swept_at >= SWEEP_SECONDS or self.has_stood_still():
            restore_guard.watch()
            stuck_calls.undo_clock_change(self.clock.now())
            stuck_calls.free_the_stuck(self.clock.now())
            self.trim_logs()
            make_ready(current().holiday_countries, self.clock.now().date())
            self.swept_at = now
        is_look = now - self.looked_at >= LOOK_SECONDS
        if is_look:
            self.open_lanes()
            self.looked_at = time.monotonic()
        self.collect(wait=bool(self.in_flight))
        passed = sum(self.pass_or_stop(lane) for lane in list(self.lanes.values()))
        self.write()
        self.ring_for_polls()
        if is_look:
            self.close_idle_lanes()
        if not passed and not self.in_flight:
            if not self.lanes and not self.probes and not self.is_needed():
                return False
            time.sleep(0.05 if self.lanes or self.probes else LOOK_SECONDS)
        return True

    def has_stood_still(self) -> bool:
        """Tell whether the wall clock jumped since the last round, as after a suspension or a snapshot put back."""
        before, self.seen_at = self.seen_at, time.time()
        return abs(self.seen_at - before) > STOOD_STILL_SECONDS

    def is_needed(self) -> bool:
        """Return whether a call or a probe becomes due soon that no other slice handles."""
        now = self.clock.now()
        if self.sharing.is_short:
            return True
        if self.others.take_care(now):
            return False
        return bool(self.expecting() or circuit_breaker.due_probes(now + datetime.timedelta(seconds=AHEAD_SECONDS)))

    def expecting(self) -> list[int]:
        """Return the ids of providers with calls due now or soon; later ones are left to the minute job."""
        return reservation.providers_with_work(self.clock.now() + datetime.timedelta(seconds=AHEAD_SECONDS))

    @property
    def in_flight(self) -> int:
        """How many orders are being sent or wait for their answer."""
        return sum(lane.in_flight for lane in self.lanes.values())

    def open_lanes(self) -> None:
        """Queue people of running campaigns, probe open breakers, and lease every free provider that has work."""
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
            lane = self.lanes.get(provider_id)
            if (lane and lane.is_ours) or not leases.take("dispatch", provider_id, self.token, self.clock.now()):
                continue
            if lane:
                lane.is_ours, lane.renewed_at = True, time.monotonic()
                continue
            try:
                self.lanes[provider_id] = Lane(Provider.objects.get(pk=provider_id), self.take)
            except ProviderMisconfigured as error:
                Provider.objects.halt_for(provider_id, error)
                leases.release("dispatch", provider_id, self.token)
        self.hand_over()

    def hand_over(self) -> None:
        """Give a provider to a host that serves fewer; orders that are out go on, and their answers come here.

        The second busiest: where two providers make nearly all the work, each host then serves one of them.
        """
        lanes = sorted((lane for lane in self.lanes.values() if lane.is_ours), key=lambda lane: lane.sent)
        heir = self.sharing.heir(self.clock.now(), serves=bool(lanes))
        if heir is None or not lanes:
            return
        lane = lanes[-2] if len(lanes) > 1 else lanes[0]
        self.give_back(lane)
        lane.is_ours = not self.sharing.give(lane.provider_id, heir, self.clock.now())

    def pass_or_stop(self, lane: Lane) -> int:
        """Run `pass_calls`; a surprise ends this provider's lane for new calls in this slice, and no other's."""
        if lane.is_stopped:
            return 0
        try:
            return self.pass_calls(lane)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            lane.is_stopped = True
            lane.reserved.clear()
            kind = type(error).__name__
            logger.error("provider=%s: no call can be committed: %s", lane.provider_id, kind)
            Provider.objects.note_error(lane.provider_id, ProviderUnusable(f"No call can be committed: {kind}."))
            return 0

    def pass_calls(self, lane: Lane) -> int:
        """Commit and send as many calls as this lane has free lines for; returns how many."""
        lane.look_ahead()
        if time.monotonic() >= self.ends_at or not lane.is_ours:
            return 0
        # Renewed while every line is busy too: a lapsed lease would let a second dispatcher in.
        if time.monotonic() - lane.renewed_at >= leases.RENEW_SECONDS:
            if not leases.take("dispatch", lane.provider_id, self.token, self.clock.now()):
                self.give_back(lane)
                lane.is_ours = False
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
            # Nothing is due yet: do not query in every round.
            lane.looked_at = time.monotonic() + LOOK_SECONDS - GROUP_SECONDS
            return 0
        size = min(lane.idle, MOST_IN_A_COMMIT)
        ids = [lane.reserved.popleft() for _ in range(min(len(lane.reserved), size))]
        # Received answers are written in the same transaction, so that a kill loses none of them afterwards.
        group = self.answers_of(lane.provider_id)
        result = commit_calls(lane.provider_id, self.token, ids, size, self.clock, group)
        self.note_written(lane.provider_id, group)
        lane.loop.send(result.committed)
        lane.in_flight += len(result.committed)
        lane.sent += len(result.committed)
        lane.reserved.extendleft(reversed(result.left))
        lane.reserved.extend(result.limited)
        for campaign_id in result.over_budget:
            lifecycle.pause_by_system(campaign_id, _("The budget is spent."))
        for campaign_id in result.gone:
            lifecycle.pause_where_gone(campaign_id)
        lane.is_full = bool((result.left or result.limited) and not result.committed)
        if lane.is_full:
            # No free line, no pace left, or the provider was stopped: reserve again in a later round.
            self.give_back(lane)
            lane.looked_at = time.monotonic() + LOOK_SECONDS
        return len(result.committed)

    def give_back(self, lane: Lane) -> None:
        """Release all that a lane has reserved: what is only forgotten could be taken by nobody for half a minute."""
        reservation.release_some(self.token, list(lane.reserved))
        lane.reserved.clear()

    def collect(self, *, wait: bool) -> None:
        """Gather answers to be written together: `GROUP` of them, or those within `GROUP_SECONDS` of the first."""
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
        """Write the gathered answers; they are kept in memory until the commit has succeeded."""
        while self.unwritten:
            provider_id = self.unwritten[0][0]
            group = self.answers_of(provider_id)
            order_results.write_or_lose(provider_id, group, self.clock.now())
            self.note_written(provider_id, group)

    def answers_of(self, provider_id: int) -> list[OrderAnswer]:
        """Return the answers of one provider that are not written yet."""
        return [answer for owner, answer in self.unwritten if owner == provider_id]

    def note_written(self, provider_id: int, group: Sequence[OrderAnswer]) -> None:
        """Forget answers that were written, and nudge the poll task for the calls that were placed."""
        self.unwritten = [item for item in self.unwritten if item[0] != provider_id]
        if any(isinstance(a.result, PlacedCall | OutcomeUnknown) for a in group):
            self.unrung.add(provider_id)
        self.ring_for_polls()

    def ring_for_polls(self, *, at_once: bool = False) -> None:
        """Nudge the poll task for calls placed since the last nudge: every `RING_SECONDS`, sooner where nobody polls.

        Not only at an answer: with one line no other answer comes before the call's end was read. `at_once` is for the
        end of the slice, after which nobody would.
        """
        now = time.monotonic()
        if self.unrung and (at_once or now - self.rang_at >= RING_SECONDS or self.nobody_polls(now)):
            self.rang_at = now
            self.unrung.clear()
            self.on_placed()

    def nobody_polls(self, now: float) -> bool:
        """Tell whether a provider that waits for a nudge has no poll slice; looks once in `SOON_SECONDS`."""
        if now - max(self.rang_at, self.checked_at) < SOON_SECONDS:
            return False
        self.checked_at = now
        return leases.has_unheld("poll", self.unrung, self.clock.now())

    def close_idle_lanes(self) -> None:
        """Release the leases of providers that have nothing left to do."""
        idle = [lane for lane in self.lanes.values() if not lane.in_flight and not lane.reserved]
        if not idle:
            return
        expecting = set(self.expecting())
        for lane in idle:
            if lane.provider_id not in expecting or not lane.is_ours:
                self.close(lane)

    def close(self, lane: Lane) -> None:
        """Close a lane that has no orders in progress, and release its lease."""
        leases.release("dispatch", lane.provider_id, self.token)
        ProviderExchange.objects.drop_old_orders(lane.provider_id)
        lane.loop.close()
        del self.lanes[lane.provider_id]

    def trim_logs(self) -> None:
        """Delete old entries of the exchange logs of the providers that were used."""
        for provider_id in self.lanes:
            ProviderExchange.objects.drop_old_orders(provider_id)

    def let_go(self) -> None:
        """Release the reserved calls and the leases, so that the next slice may begin."""
        self._until_done(self.sharing.withdraw)
        self._until_done(lambda: reservation.release(self.token))
        self._until_done(lambda: leases.release_all("dispatch", self.token))

    def finish(self) -> None:
        """Wait for orders in progress and write their answers."""
        while self.in_flight or self.unwritten:
            self.collect(wait=True)
            self._until_done(self.write)
        self.ring_for_polls(at_once=True)
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
    """Run one dispatch slice; returns how long it took.

    `on_placed` is called while calls are placed, to nudge the poll task; `on_remaining` if work remains, to nudge
    the next slice. `seconds` is how long calls are committed.
    """
    began = time.monotonic()
    current = DispatchSlice(seconds, on_placed)
    has_more = False
    try:
        has_more = current.run()
    finally:
        current.let_go()
        # Nudge only after the leases are released: the next slice would skip providers that are still leased.
        if has_more:
            on_remaining()
        current.finish()
    return datetime.timedelta(seconds=time.monotonic() - began)
