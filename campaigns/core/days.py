"""Days that people ask for, as texts."""

from __future__ import annotations

import datetime

from django.utils.dateparse import parse_date


def parse_day(text: str) -> datetime.date | None:
    """Return an ISO date; None for anything else."""
    try:
        return parse_date(text)
    except ValueError:
        return None
