"""What a launch check says of the holidays that lie ahead of the people of an audience."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from functools import cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from callcenter.formats.amounts import number
from callcenter.formats.calendars import plain_day
from campaigns.core.hours import CallingHours
from campaigns.core.hours.ahead import closed_within
from campaigns.core.hours.closed_days import Why
from campaigns.time_zones import zone_named

DAYS = 7
MOST_SENTENCES = 3


def holiday_warnings(hours: CallingHours, people: Mapping[tuple[str, ...], int], now: datetime.datetime) -> list[str]:
    """Return for how many people which of the next seven days are holidays, by their own dates; most people first.

    `people` are counted by the zones that they may be in: a holiday in one of them is one.
    """
    if not hours.closed:
        return []

    @cache
    def closed(zone: str) -> frozenset[datetime.date]:
        there = zone_named(zone)
        if there is None:
            return frozenset()
        ahead = closed_within(hours.closed, zone, now.astimezone(there).date(), DAYS)
        return frozenset(day for day, why in ahead.items() if why != Why.BLACKOUT)

    by_days: Counter[frozenset[datetime.date]] = Counter()
    for zones, count in people.items():
        by_days[frozenset().union(*map(closed, zones))] += count
    del by_days[frozenset()]
    return [_sentence(sorted(days), count) for days, count in by_days.most_common(MOST_SENTENCES)]


def _sentence(days: list[datetime.date], people: int) -> str:
    named = {
        "days": number(len(days)),
        "of": number(DAYS),
        "people": number(people),
        "dates": _(", ").join(plain_day(day, has_year=False) for day in days),
    }
    if len(days) == 1:
        return (
            ngettext(
                "One of the next %(of)s days is a holiday for %(people)s person: %(dates)s.",
                "One of the next %(of)s days is a holiday for %(people)s people: %(dates)s.",
                people,
            )
            % named
        )
    return (
        ngettext(
            "%(days)s of the next %(of)s days are holidays for %(people)s person: %(dates)s.",
            "%(days)s of the next %(of)s days are holidays for %(people)s people: %(dates)s.",
            people,
        )
        % named
    )
