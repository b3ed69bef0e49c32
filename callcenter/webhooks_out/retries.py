"""When a delivery is tried again, and when its address rests or is given up: decisions as arithmetic."""

from __future__ import annotations

import datetime
import random

MINUTE, HOUR, DAY = 60, 3600, 24 * 3600
WAITS = (5, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 9 * HOUR)
"""Seconds after each failed attempt; together a little more than a day, so that the last one is made after a day."""
SPREAD = 0.1
"""Each wait is longer by up to this part, so that not everything comes back at once."""
DEAD_AFTER = datetime.timedelta(days=1)
"""An address that has taken nothing for so long is halted."""
FIRST_REST, LONGEST_REST = 5, 5 * MINUTE
LONGEST_ASKED = HOUR
"""The longest wait that an answer's Retry-After is followed for."""


def wait_after(tries: int, asked: float = 0.0) -> datetime.timedelta | None:
    """Return how long a delivery waits after so many failed attempts; None where it is given up.

    `asked` are the seconds of the answer's Retry-After.
    """
    if tries > len(WAITS):
        return None
    wait = WAITS[max(tries, 1) - 1] * (1 + random.random() * SPREAD)  # noqa: S311
    return datetime.timedelta(seconds=max(wait, min(asked, LONGEST_ASKED)))


def rest_after(failures: int) -> datetime.timedelta:
    """Return how long an address rests after so many failed attempts one after the other."""
    return datetime.timedelta(seconds=min(FIRST_REST * 2 ** min(max(failures, 1) - 1, 10), LONGEST_REST))


def is_dead(failing_since: datetime.datetime | None, now: datetime.datetime) -> bool:
    """Return whether an address has taken nothing for a day."""
    return failing_since is not None and now - failing_since >= DEAD_AFTER
