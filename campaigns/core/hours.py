"""Calling hours of a campaign, or of single calls."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from django.conf import settings

from campaigns.models import Campaign


def hours_of(campaign: Campaign | None) -> tuple[datetime.time, datetime.time, Sequence[int]]:
    """Return start, end and weekdays (Monday 0) of calling; for None, those that the settings give single calls."""
    if campaign:
        return campaign.hours_start, campaign.hours_end, campaign.days
    start, _, end = settings.SINGLE_CALL_HOURS.partition("-")
    return datetime.time.fromisoformat(start.strip()), datetime.time.fromisoformat(end.strip()), range(7)
