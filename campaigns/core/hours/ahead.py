"""The holidays that lie ahead: those of an installation, and how many of the next days are ones in given zones."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from campaigns.core.hours.closed_days import ClosedDays, Holidays, OwnDay, Why
from campaigns.core.hours.holiday_calendars import holiday_name, holidays_in
from campaigns.core.installation import Installation
from campaigns.countries import country_name

DAYS_AHEAD = 365
MOST_AHEAD = 150
"""Holidays that a page lists."""


@dataclass(frozen=True, slots=True, order=True)
class Ahead:
    """A holiday of a country."""

    day: datetime.date
    country: str
    """The name of the country; empty for everywhere."""
    name: str
    is_kept: bool
    """False where calls are made all the same."""
    is_own: bool


def holidays_ahead(installation: Installation, today: datetime.date) -> list[Ahead]:
    """Return the holidays of the next year that an installation keeps or took away, the first `MOST_AHEAD`."""
    kept = Holidays.of(installation.holiday_countries, installation.own_holidays, installation.working_days)
    last = today + datetime.timedelta(days=DAYS_AHEAD)
    found = []
    for country in kept.countries:
        for day in (day for year in {today.year, last.year} for day in holidays_in(country, year)):
            if today <= day <= last:
                is_kept = kept.on(country, day) is not None
                name = holiday_name(country, day)
                found.append(Ahead(day, country_name(country), name, is_kept=is_kept, is_own=False))
    for own in kept.added:
        for day in _days(own, today, last):
            found.append(Ahead(day, country_name(own.country), own.name, is_kept=True, is_own=True))
    return sorted(found)[:MOST_AHEAD]


def _days(own: OwnDay, first: datetime.date, last: datetime.date) -> Iterable[datetime.date]:
    day = max(own.dates.first, first)
    while day <= min(own.dates.last, last):
        yield day
        day += datetime.timedelta(days=1)


def closed_within(closed: ClosedDays, zone: str, first: datetime.date, days: int) -> dict[datetime.date, Why]:
    """Return which of so many days from the first on are closed in a zone, and why."""
    dates = (first + datetime.timedelta(days=number) for number in range(days))
    found = ((date, closed.on(zone, date)) for date in dates) if closed else ()
    return {date: day.why for date, day in found if day is not None}
