"""The call engine of all vendors: a call's state is computed from its script and the clock, without a thread."""

from __future__ import annotations

import heapq
import time
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from operator import attrgetter
from threading import Lock
from typing import Any

from providers.sandbox.journal import JournalEntry
from providers.sandbox.magic import magic_name

NEVER = float("inf")
QUEUED, DIALING, RINGING = "queued", "dialing", "ringing"
IN_PROGRESS, WRAPPING_UP, STRANGE = "in_progress", "wrapping_up", "strange"
COMPLETED, NO_ANSWER, BUSY = "completed", "no_answer", "busy"
FAILED, BALANCE_LOW, CANCELED = "failed", "balance_low", "canceled"
FINAL = frozenset({COMPLETED, NO_ANSWER, BUSY, FAILED, BALANCE_LOW, CANCELED})
HOLDS_LINE = frozenset({DIALING, RINGING, IN_PROGRESS})

LATE_RESULT_SECONDS = 120.0
"""Seconds by which the result of the late_result number is delayed, on the simulated clock."""


@dataclass(frozen=True, slots=True)
class Script:
    """The course of a call: each phase with the second in which it ends, then the final status word."""

    phases: tuple[tuple[float, str], ...]
    final: str
    talk_seconds: int = 0
    answered_by: str = ""
    """ "human", "machine" or nothing."""
    ended_by: str = ""
    """ "person" or "agent"."""
    refuses_calls: bool = False
    is_silent: bool = False
    """Somebody answered, and nobody talked."""

    @property
    def length(self) -> float:
        """Seconds until the line is free."""
        return max((until for until, phase in self.phases if phase != WRAPPING_UP), default=0.0)


def hash_of(number: str) -> int:
    """Return a number's pseudo-random value, the same in every run and process."""
    return int.from_bytes(blake2b(number.encode(), digest_size=8).digest(), "big")


def script_for(number: str, *, magic: bool = True) -> Script:
    """Return the script of a call to this number (E.164)."""
    name = magic_name(number) if magic else ""
    chance = hash_of(number)
    ring_until = 3.0 + (chance >> 8) % 11 / 10
    talk = 3 + (chance >> 16) % 4
    before: tuple[tuple[float, str], ...] = ((0.6, QUEUED), (1.4, DIALING))
    if name in {"busy", "no_answer"}:
        outcome = name
    elif name:
        outcome = "answered"
    else:
        percent = chance % 100
        outcome = "answered" if percent < 70 else "no_answer" if percent < 90 else "busy"
    if name == "vendor_error":
        return Script(before, FAILED)
    if name == "out_of_credit":
        return Script(before[:1], BALANCE_LOW)
    if name == "strange_word":
        return Script((*before, (NEVER, STRANGE)), FAILED)
    if outcome == "busy":
        return Script((before[0], (2.0, DIALING)), BUSY)
    if outcome == "no_answer":
        return Script((*before, (6.4, RINGING)), NO_ANSWER)
    if name == "never_ends":
        return Script((*before, (ring_until, RINGING), (NEVER, IN_PROGRESS)), COMPLETED, answered_by="human")
    if name == "no_speech":
        phases = (*before, (ring_until, RINGING), (ring_until + 1, IN_PROGRESS), (ring_until + 1.8, WRAPPING_UP))
        return Script(phases, COMPLETED, ended_by="person", is_silent=True)
    ends = ring_until + talk
    wrapped = ends + (LATE_RESULT_SECONDS if name == "late_result" else 0.8)
    return Script(
        (*before, (ring_until, RINGING), (ends, IN_PROGRESS), (wrapped, WRAPPING_UP)),
        COMPLETED,
        talk_seconds=talk,
        answered_by="machine" if name == "voicemail" else "human",
        ended_by="person" if name == "do_not_call" or (chance >> 24) % 3 else "agent",
        refuses_calls=name == "do_not_call",
    )


class SimulatedCall:
    """One accepted order. Times are Unix seconds; the script runs `speed` times as fast as the clock."""

    __slots__ = (
        "account",
        "agent_id",
        "caller_id",
        "created_at",
        "extra",
        "number",
        "reads",
        "reference",
        "remote_id",
        "script",
        "speed",
        "starts_at",
        "stopped_as",
        "stopped_at",
        "to_number",
        "variables",
        "vendor",
    )

    def __init__(self, vendor: str, account: str, remote_id: str, to_number: str, script: Script, speed: float) -> None:
        self.vendor, self.account, self.remote_id, self.to_number = vendor, account, remote_id, to_number
        self.script, self.speed = script, speed
        self.number = 0
        self.agent_id = self.caller_id = self.reference = ""
        self.variables: Mapping[str, Any] = {}
        self.extra: dict[str, Any] = {}
        self.created_at = self.starts_at = 0.0
        self.stopped_at, self.stopped_as = NEVER, ""
        self.reads = 0

    def phase(self, now: float) -> str:
        """Return the phase, or the final status word, at the time `now`."""
        if now >= self.stopped_at:
            return self.stopped_as
        elapsed = (now - self.starts_at) * self.speed
        for until, phase in self.script.phases:
            if elapsed < until:
                return phase
        return self.script.final

    def began(self, phase: str) -> float | None:
        """Return when the script enters a phase, or None where it never does; ignores an early stop."""
        since = 0.0
        for until, name in self.script.phases:
            if name == phase:
                return self.starts_at + since / self.speed
            since = until
        return self.starts_at + since / self.speed if phase == self.script.final and since < NEVER else None

    def changes(self) -> Iterator[tuple[float, str]]:
        """Yield every (time, phase) of the script in order, including the final status word."""
        since = 0.0
        for until, phase in self.script.phases:
            yield self.starts_at + since / self.speed, phase
            since = until
        if since < NEVER:
            yield self.starts_at + since / self.speed, self.script.final

    def answered_at(self, now: float) -> float | None:
        """Return when somebody answered, or None where nobody has by now."""
        began = self.began(IN_PROGRESS)
        return began if began is not None and began <= min(now, self.stopped_at) else None

    def talk_seconds(self, now: float) -> int:
        """Return seconds of conversation on the simulated clock, so far or in all."""
        began = self.answered_at(now)
        if began is None or self.script.is_silent:
            return 0
        talked = (min(now, self.stopped_at) - began) * self.speed
        return int(talked) if self.script.talk_seconds == 0 else min(self.script.talk_seconds, int(talked))

    def ended_at(self, now: float) -> float | None:
        """Return when the line dropped, or None where it has not by now."""
        end = min(self.stopped_at, self.starts_at + self.script.length / self.speed)
        return end if end <= now else None

    def stop(self, now: float, word: str) -> None:
        """End the call now, with this final status word."""
        self.stopped_at, self.stopped_as = now, word


class Ledger:
    """The calls of one account, oldest first."""

    def __init__(self) -> None:
        self.calls: list[SimulatedCall] = []
        self.by_id: dict[str, SimulatedCall] = {}
        self.by_agent: defaultdict[str, list[SimulatedCall]] = defaultdict(list)
        self.lines: list[float] = []
        self.attempts: defaultdict[str, int] = defaultdict(int)

    def between(
        self, since: float = 0.0, until: float = NEVER, *, agent_id: str = "", visible_at: float = NEVER
    ) -> Sequence[SimulatedCall]:
        """Return calls created in a window, oldest first, that lists may show by `visible_at`."""
        calls = self.by_agent.get(agent_id, []) if agent_id else self.calls
        key: Callable[[SimulatedCall], float] = attrgetter("created_at")
        first = bisect_left(calls, since, key=key) if since > 0 else 0
        return calls[first : bisect_right(calls, min(until, visible_at), key=key)]


class Engine:
    """All accounts of all vendors; thread-safe."""

    def __init__(self, *, speed: float = 1.0, limits: bool = True) -> None:
        self.speed = speed
        self.limits = limits
        self._lock = Lock()
        self._ledgers: dict[tuple[str, str], Ledger] = {}
        self._last = 0.0
        self._numbers = 100_000

    def ledger(self, vendor: str, account: str) -> Ledger:
        """Return an account's calls."""
        found = self._ledgers.get((vendor, account))
        if found is None:
            with self._lock:
                found = self._ledgers.setdefault((vendor, account), Ledger())
        return found

    def ledgers(self) -> list[tuple[str, Ledger]]:
        """Return every (vendor, account's calls)."""
        with self._lock:
            return [(vendor, ledger) for (vendor, _account), ledger in self._ledgers.items()]

    def count_attempt(self, vendor: str, account: str, number: str) -> int:
        """Count one more order for a number and return how many there were."""
        ledger = self.ledger(vendor, account)
        with self._lock:
            ledger.attempts[number] += 1
            return ledger.attempts[number]

    def lines_in_use(self, vendor: str, account: str, now: float) -> int:
        """Return how many lines of an account are taken at this moment."""
        lines = self.ledger(vendor, account).lines
        with self._lock:
            while lines and lines[0] <= now:
                heapq.heappop(lines)
            return len(lines)

    def accept(self, call: SimulatedCall, *, start_at: float = 0.0, max_lines: int = 0) -> SimulatedCall:
        """Add a call to its ledger. With `max_lines`, calls beyond that number wait, queued, for a free line."""
        ledger = self.ledger(call.vendor, call.account)
        with self._lock:
            # Lists are searched by time: no call may have an earlier time than the one before it.
            self._last = now = max(time.time(), self._last)
            self._numbers += 1
            call.number = self._numbers
            call.created_at = now
            starts_at = max(now, start_at)
            lines = ledger.lines
            while lines and lines[0] <= now:
                heapq.heappop(lines)
            if max_lines and self.limits and len(lines) >= max_lines:
                starts_at = max(starts_at, heapq.heappop(lines))
            call.starts_at = starts_at
            heapq.heappush(lines, starts_at + call.script.length / call.speed)
            ledger.calls.append(call)
            ledger.by_id[call.remote_id] = call
            ledger.by_agent[call.agent_id].append(call)
        return call

    def remember(self, entries: Sequence[JournalEntry]) -> None:
        """Take over the calls of a journal, which are long over: a vendor forgets nothing while it is restarted."""
        for entry in sorted(entries, key=lambda entry: entry["at"]):
            if "extra" not in entry:
                continue  # written by an earlier version, which kept too little
            number = entry["to_number"]
            call = SimulatedCall(
                entry["vendor"], entry["account"], entry["remote_id"], number, script_for(number, magic=False),
                self.speed,
            )  # fmt: skip
            call.agent_id, call.caller_id = entry["agent_id"], entry["caller_id"]
            call.reference, call.variables, call.extra = entry["reference"], entry["variables"], entry["extra"]
            call.created_at = call.starts_at = entry["at"]
            self._numbers += 1
            call.number = self._numbers
            ledger = self.ledger(call.vendor, call.account)
            ledger.calls.append(call)
            ledger.by_id[call.remote_id] = call
            ledger.by_agent[call.agent_id].append(call)
            self._last = max(self._last, call.created_at)

    def clear(self) -> None:
        """Forget every call."""
        with self._lock:
            self._ledgers.clear()
