"""Words for single settings of a campaign: its calling hours and its days."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from django.utils.dates import WEEKDAYS
from django.utils.formats import get_format
from django.utils.translation import gettext as _


def hours_in_words(start: datetime.time, end: datetime.time) -> str:
    """Return calling hours in words; equal times are all day."""
    return _("all day") if start == end else f"{start:%H:%M} – {end:%H:%M}"


def days_in_words(days: Collection[int]) -> str:
    """Return days of the week in words, beginning with the first of the reader's week."""
    first = int(get_format("FIRST_DAY_OF_WEEK")) - 1
    named = [str(WEEKDAYS[day % 7]) for day in range(first, first + 7) if day % 7 in days]
    return _("every day") if len(named) == 7 else _(", ").join(named)
