"""Plans the generated campaigns: size, time and present state of each."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from campaigns.models import Campaign

DAY = 86_400
OPENS, CLOSES = int(5.5 * 3600), int(16.5 * 3600)
"""Seconds of the UTC day between which campaigns call: 9 to 20 o'clock in Tehran."""
BIGGEST = 0.2
"""Share of all calls in the first campaign."""
SINGLES = 0.04
"""Share of calls without a campaign."""
CAMPAIGNS = 40
MONTHS = 4

STATES = {
    0: Campaign.Status.RUNNING,
    1: Campaign.Status.FINISHED,
    2: Campaign.Status.PAUSED,
    3: Campaign.Status.RUNNING,
    4: Campaign.Status.STOPPED,
    7: Campaign.Status.PAUSED,
    11: Campaign.Status.RUNNING,
}
"""Present state of a campaign, by its index; all others are finished."""


class HistoryPlan(NamedTuple):
    """One generated campaign."""

    place: int
    status: Campaign.Status
    calls: int
    """Most attempts that it may have."""
    began: int
    """Epoch seconds of the launch."""
    days: int
    """Days that its first attempts take."""
    ends: int
    """Epoch seconds after which it sent no order; for a running campaign, the end of the history."""
    left: float
    """Share of its people who still wait."""

    @property
    def is_over(self) -> bool:
        """Return whether nobody waits any more."""
        return self.status in {Campaign.Status.FINISHED, Campaign.Status.STOPPED}

    def moment(self, share: float, chance: random.Random) -> int:
        """Return when the person at this share (0 to 1) of the audience was first called, in epoch seconds."""
        day, part = divmod(share * self.days, 1)
        begins = self.began - self.began % DAY + int(day) * DAY + OPENS
        if not self.is_over:
            begins = self.ends - (self.days - int(day)) * DAY + (DAY - (CLOSES - OPENS))
        return begins + int(part * (CLOSES - OPENS - 60)) + chance.randrange(60)


def plan_campaigns(chance: random.Random, calls: int, until: int) -> Iterator[HistoryPlan]:
    """Yield the campaigns, the largest first."""
    weights = [1 / (place + 3) for place in range(CAMPAIGNS - 1)]
    rest = (1 - BIGGEST - SINGLES) / sum(weights)
    for place in range(CAMPAIGNS):
        size = int(calls * (BIGGEST if place == 0 else weights[place - 1] * rest))
        status = STATES.get(place, Campaign.Status.FINISHED)
        days = max(1, min(21, size // 2500))
        if status in {Campaign.Status.RUNNING, Campaign.Status.PAUSED}:
            ends = until if status == Campaign.Status.RUNNING else until - chance.randrange(3600, 2 * DAY)
            began, left = ends - days * DAY, chance.uniform(0.1, 0.4)
        else:
            began = until - until % DAY - chance.randrange(days + 7, 30 * MONTHS) * DAY + OPENS - 1800
            ends, left = min(began + (days + 6) * DAY, until - DAY), 0.0
        yield HistoryPlan(place, status, size, began, days, ends, left)
