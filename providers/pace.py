"""The pace of a provider: token buckets that limit orders a minute and reads a minute. Pure.

A cap of n a minute is kept as a burst b = max(1, n / 20) and a rate of (n - b) a minute, so that no window of 60 s
holds more than n. The state is one number: the theoretical arrival time `tat` of the generic cell rate algorithm
(ITU-T I.371), in epoch seconds. Tokens are at least `interval_of(n)` apart once the burst is used up.

A token may be used some time after it was taken, so that more requests than the bucket allows could fall into one
window. Used less than one interval late, it cannot break the cap: n tokens fall into the 60 s after a full bucket, and
the next one a whole interval later. For each further interval of possible lateness `take` keeps back one token of the
burst.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

MINUTE = 60.0
HELD_SECONDS = 1.0
"""Seconds for which a reader may hold tokens; older ones are discarded."""
WAY_SECONDS = 0.5
"""Seconds that a request may need between taking its token and being sent."""
LATE_SECONDS = HELD_SECONDS + WAY_SECONDS
LONGEST_SLOWING = 3600.0
"""Seconds for which a vendor can slow us down at most; longer times are not believed."""
PERSON_SECONDS = 2.0
"""Seconds for which background reads get no tokens after a person got none."""


@dataclass(frozen=True, slots=True)
class Taken:
    """The result of taking tokens from a bucket."""

    count: int
    tat: float
    """The bucket's new state; to be stored also where no token was given, since the clock may have been set back."""
    wait: float = 0.0
    """Seconds until the bucket has a token again; 0 where all the wanted tokens were given."""


def burst_of(cap: int) -> int:
    """Return how many requests may be sent at once under a cap of `cap` a minute."""
    return max(1, cap // 20)


def interval_of(cap: int) -> float:
    """Return the seconds between requests under a cap of `cap` a minute, once the burst is used up."""
    return MINUTE / max(cap - burst_of(cap), 0.5)


def believed(tat: float, now: float, cap: int) -> float:
    """Return a bucket's `tat`, at most that of a bucket emptied now.

    A later one shows that the clock was set back or the cap raised.
    """
    return min(tat, now + burst_of(cap) * interval_of(cap))


def take(tat: float, now: float, cap: int, wanted: int, late: float = 0.0) -> Taken:
    """Take up to `wanted` tokens under a cap of `cap` a minute; times are epoch seconds.

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
    """Return the seconds for which the vendor still asks us to slow down; 0 where it does not.

    A time further away than `LONGEST_SLOWING` shows that the clock was set back, and is not believed.
    """
    left = (slow_until or 0.0) - now
    return left if 0 < left <= LONGEST_SLOWING else 0.0


def person_waits_for(person_until: float, now: float) -> float:
    """Return the seconds for which background reads get no tokens because a person waits; 0 where nobody does."""
    left = person_until - now
    return left if 0 < left <= PERSON_SECONDS else 0.0


def take_read(
    tat: float, person_until: float, slow_until: float | None, now: float, cap: int, wanted: int, *, is_person: bool
) -> Taken:
    """Take tokens for reads: none while slowed down, none in the background while a person waits."""
    if wait := slowed_for(slow_until, now):
        return Taken(0, believed(tat, now, cap), wait)
    if not is_person and (wait := person_waits_for(person_until, now)):
        return Taken(0, believed(tat, now, cap), wait)
    return take(tat, now, cap, wanted, LATE_SECONDS)
