"""What time it is for the people of an audience when their campaign starts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.formats.calendars import plain_day
from callcenter.formats.zones import city_of, clock_time, earliest_local

MOST_ZONES = 100
"""Zones that a form names; an audience in more of them is told by the first."""


def first_there(at: datetime.datetime, zones: Iterable[str]) -> str:
    """Return the sentence about the earliest local time of the people in these zones; empty where no zone is known."""
    found = earliest_local(at, zones)
    if found is None:
        return ""
    zone, there = found
    names = {"time": clock_time(there), "city": city_of(zone), "day": plain_day(there.date(), has_year=False)}
    if there.date() == timezone.localtime(at).date():
        return _("For the first of them it is %(time)s in %(city)s.") % names
    return _("For the first of them it is %(time)s on %(day)s in %(city)s.") % names
