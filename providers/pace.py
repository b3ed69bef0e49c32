"""The pace of a provider: how many orders and how many reads a minute, as one token bucket for each. Pure.

A cap of n a minute is kept as a burst b = max(1, n / 20) and a rate of (n - b) a minute, so that no window of 60 s
holds more than n. The state is one number: the theoretical arrival time `tat` of the generic cell rate algorithm
(ITU-T I.371), in epoch seconds. Tokens are at least `interval_of(n)` apart once the burst is used up.

Whoever holds tokens and uses them a while later could squeeze them together. Tokens that are used less than one
interval late squeeze nothing: n of them lie in the 60 s after a full bucket, and the next one a whole interval later.
Each further interval of lateness costs one token of the burst, which `take` keeps back for it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MINUTE = 60.0
HELD_SECONDS = 1.0
"""A reader may hold tokens for so long; what is older is worth nothing."""
WAY_SECONDS = 0.5
"""A request may need so long from its token to the wire."""
LATE_SECONDS = HELD_SECONDS + WAY_SECONDS
LONGEST_SLOWING = 3600.0
"""Seconds: no vendor's wish to be asked less is believed for longer."""
PERSON_SECONDS = 2.0
"""Readers in the background stay away for so long after a person asked in vain."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a bucket gave."""

    count: int
    tat: float
    """The bucket's new state, also to be kept where it gave nothing: the clock may have been put back."""
    wait: float = 0.0
    """Seconds until it has a token again; 0 where it gave all that was wanted."""


def burst_of(cap: int) -> int:
    """Return how many requests may leave at one instant under a cap a minute."""
    return max(1, cap // 20)


def interval_of(cap: int) -> float:
    """Return the seconds between two requests that follow each other for long under a cap a minute."""
    return MINUTE / max(cap - burst_of(cap), 0.5)


def believed(tat: float, now: float, cap: int) -> float:
    """Return a bucket's state without what it cannot mean: a bucket that was emptied this instant.

    A later time shows that the clock was put back, or that the cap was raised.
    """
    return min(tat, now + burst_of(cap) * interval_of(cap))


def take(tat: float, now: float, cap: int, wanted: int, late: float = 0.0) -> Taken:
    """Take up to `wanted` tokens of a cap a minute; times are epoch seconds.

    The tokens may be used up to `late` seconds from now. Raises ValueError where the burst is too small for that.
    """
    interval = interval_of(cap)
    burst = burst_of(cap) - math.floor(late / interval)
    if burst < 1:
        raise ValueError(f"tokens of {cap} a minute cannot be used {late} s late")
    tat = believed(tat, now, cap)
    start = max(tat, now)
    free = math.floor((now + (burst - 1) * interval - start) / interval + 1e-9) + 1
    count = max(0, min(wanted, free))
    after = start + count * interval
    wait = max(0.0, after - now - (burst - 1) * interval) if count < wanted else 0.0
    return Taken(count, after if count else tat, wait)


def slowed_for(slow_until: float | None, now: float) -> float:
    """Return for how many seconds more the vendor wants to be asked less; 0 where it does not.

    A time further away than a vendor can ask for shows that the clock was put back, and is not believed.
    """
    left = (slow_until or 0.0) - now
    return left if 0 < left <= LONGEST_SLOWING else 0.0


def person_waits_for(person_until: float, now: float) -> float:
    """Return for how many seconds readers in the background let a waiting person go first; 0 where nobody waits."""
    left = person_until - now
    return left if 0 < left <= PERSON_SECONDS else 0.0


def take_read(
    tat: float, person_until: float, slow_until: float | None, now: float, cap: int, wanted: int, *, is_person: bool
) -> Taken:
    """Take tokens for reads: none while the vendor wants to be left alone, and a person's come first."""
    if wait := slowed_for(slow_until, now):
        return Taken(0, believed(tat, now, cap), wait)
    if not is_person and (wait := person_waits_for(person_until, now)):
        return Taken(0, believed(tat, now, cap), wait)
    return take(tat, now, cap, wanted, LATE_SECONDS)
