"""Calendar days in the viewer's time zone."""

from __future__ import annotations

import datetime

from django.utils import timezone
from django.utils.dateparse import parse_date


def start_of(date: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(date, datetime.time.min))


def parse_day(text: str) -> datetime.date | None:
    """Return an ISO date; None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None
