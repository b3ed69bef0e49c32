"""A time that moves only when somebody sleeps, and how full its fullest minute was."""

from __future__ import annotations

import bisect
import datetime
from collections.abc import Sequence

BEGIN = 1_700_000_000.0


class SimulatedTime:
    """A clock that moves only when somebody sleeps, for the database's time and for `boottime`."""

    def __init__(self) -> None:
        self.at = BEGIN

    def __call__(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.at += seconds

    def now(self) -> datetime.datetime:
        """Return the time as a database tells it."""
        return datetime.datetime.fromtimestamp(self.at, datetime.UTC)


def fullest(instants: Sequence[float], window: float = 60.0 - 1e-5) -> int:
    """Return how many instants the fullest window holds."""
    found = sorted(instants)
    return max((bisect.bisect_right(found, at + window) - place for place, at in enumerate(found)), default=0)
