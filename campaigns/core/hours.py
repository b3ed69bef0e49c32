"""Calling hours of a campaign, or of single calls."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from campaigns.core.installation import Installation, current
from campaigns.models import Campaign


def hours_of(
    campaign: Campaign | None, installation: Installation | None = None
) -> tuple[datetime.time, datetime.time, Sequence[int]]:
    """Return start, end and weekdays (Monday 0) of calling; for None, those that the settings give single calls."""
    if campaign:
        return campaign.hours_start, campaign.hours_end, campaign.days
    single = installation or current()
    return single.single_call_start, single.single_call_end, range(7)
