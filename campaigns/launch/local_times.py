"""What time it is for the people of an audience when their campaign starts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import Min
from django.db.models.functions import Substr
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.formats.calendars import plain_day
from callcenter.formats.zones import city_of, clock_time, earliest_local
from campaigns import time_zones
from campaigns.launch.audience_query import people_of
from campaigns.models import Campaign

MOST_ZONES = 100
"""Zones that a form names; an audience in more of them is told by the first."""
_TELLING = 8
"""Characters of a number, plus included, that tell its zones: country, area code and exchange."""


def first_there(at: datetime.datetime, zones: Iterable[str]) -> str:
    """Return the sentence about the earliest local time of the people in these zones; empty where no zone is known."""
    found = earliest_local(at, zones)
    if found is None:
        return ""
    zone, there = found
    names = {"time": clock_time(there), "city": city_of(zone), "day": plain_day(there.date(), has_year=False)}
    if there.date() == timezone.localtime(at).date():
        return _("Earliest local time: %(time)s in %(city)s.") % names
    return _("Earliest local time: %(time)s on %(day)s in %(city)s.") % names


def first_of(campaign: Campaign, now: datetime.datetime) -> str:
    """Return that sentence for the people of a campaign: at its start, or now while it runs; empty at any other time.

    The zones are those of one number for each beginning of numbers, so that it costs one statement, however many
    people there are.
    """
    at = {Campaign.Status.SCHEDULED: campaign.starts_at, Campaign.Status.RUNNING: now}.get(
        Campaign.Status(campaign.status)
    )
    return first_there(at, _zones_of(campaign)) if at is not None else ""


def _zones_of(campaign: Campaign) -> set[str]:
    alike = people_of(campaign).order_by().values("time_zone", beginning=Substr("phone", 1, _TELLING))
    numbers = alike.annotate(one=Min("phone")).values_list("one", "time_zone")
    return {zone for phone, own in numbers for zone in time_zones.zones_of(phone, own)}
