"""The last day of a campaign that stays open: from its end on nobody is called."""

from __future__ import annotations

import datetime

from campaigns.core.day_caps import day_of


def is_over(last_day: datetime.date | None, now: datetime.datetime) -> bool:
    """Return whether a last day is over in the installation's time zone; False where there is none."""
    return last_day is not None and day_of(now).date > last_day
