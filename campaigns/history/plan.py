"""Plans the campaigns of the past: how big, when, where each stands now."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from campaigns.models import Campaign

DAY = 86_400
OPENS, CLOSES = int(5.5 * 3600), int(16.5 * 3600)
"""Seconds of the UTC day between which campaigns call: 9 to 20 o'clock in Tehran."""
BIGGEST = 0.2
"""Share of all calls that the first campaign has."""
SINGLES = 0.04
"""Share of calls that belong to no campaign."""
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
"""Where a campaign stands now, by its place; all others are finished."""


class HistoryPlan(NamedTuple):
    """One campaign of the past."""

    place: int
    status: Campaign.Status
    calls: int
    """How many attempts it may have."""
    began: int
    """Epoch seconds of the launch."""
    days: int
    """How many days its first attempts take."""
    ends: int
    """Nothing left after this; for a running one, now."""
    left: float
    """Share of its people who wait."""

    @property
    def is_over(self) -> bool:
        """Tell whether nobody waits any more."""
        return self.status in {Campaign.Status.FINISHED, Campaign.Status.STOPPED}

    def moment(self, share: float, chance: random.Random) -> int:
        """Return when the order of the person at this share of the audience left."""
        day, part = divmod(share * self.days, 1)
        begins = self.began - self.began % DAY + int(day) * DAY + OPENS
        if not self.is_over:
            begins = self.ends - (self.days - int(day)) * DAY + (DAY - (CLOSES - OPENS))
        return begins + int(part * (CLOSES - OPENS - 60)) + chance.randrange(60)


def plan_campaigns(chance: random.Random, calls: int, until: int) -> Iterator[HistoryPlan]:
    """Yield the campaigns, the biggest first."""
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
