"""Days on which nobody is rung: public holidays of the country that a time zone lies in, and dates of one's own.

A holiday is a whole date on the clock of the person who is called.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from campaigns.core.hours.dates import DateSpan
from campaigns.core.hours.holiday_calendars import holiday_name, is_holiday
from campaigns.time_zones import country_of_zone


class Why(StrEnum):
    """Why a day is closed."""

    HOLIDAY = "holiday"
    """A public holiday of the country."""
    OWN_HOLIDAY = "own_holiday"
    """One that the installation added."""
    BLACKOUT = "blackout"
    """A date without calls of the campaign."""


@dataclass(frozen=True, slots=True)
class ClosedDay:
    """A day without calls in one zone."""

    day: datetime.date
    why: Why
    country: str = ""
    own_name: str = ""
    """The name that the installation gave a day of its own."""

    @property
    def name(self) -> str:
        """The holiday's name in the language of the page; empty where it has none."""
        return holiday_name(self.country, self.day) if self.why == Why.HOLIDAY else self.own_name


@dataclass(frozen=True, slots=True)
class OwnDay:
    """Dates that an installation adds to the calendars, or takes away from them."""

    dates: DateSpan
    country: str = ""
    """ISO code; empty for everywhere."""
    name: str = ""

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> OwnDay:
        """Return one as a column holds it."""
        return cls(DateSpan.of(stored["dates"]), stored.get("country", ""), stored.get("name", ""))

    def as_stored(self) -> dict[str, str]:
        """Return it as a column holds it."""
        return {"dates": str(self.dates), "country": self.country, "name": self.name}

    def covers(self, country: str, day: datetime.date) -> bool:
        """Tell whether a day in a country is among them."""
        return day in self.dates and self.country in ("", country)


@dataclass(frozen=True, slots=True)
class Holidays:
    """The public holidays of some countries, as an installation keeps them."""

    countries: frozenset[str]
    added: tuple[OwnDay, ...] = ()
    working: tuple[OwnDay, ...] = ()
    """Days on which calls are made although a calendar has them."""

    @classmethod
    def of(
        cls, countries: Iterable[str], added: Iterable[Mapping[str, Any]], working: Iterable[Mapping[str, Any]]
    ) -> Holidays:
        """Return those of the columns of an installation."""
        return cls(frozenset(countries), tuple(map(OwnDay.of, added)), tuple(map(OwnDay.of, working)))

    def on(self, country: str, day: datetime.date) -> ClosedDay | None:
        """Return the holiday that a day is in a country; None if it is none."""
        for own in self.added:
            if own.covers(country, day) and (not own.country or own.country in self.countries):
                return ClosedDay(day, Why.OWN_HOLIDAY, country, own.name)
        if country not in self.countries or not is_holiday(country, day):
            return None
        if any(own.covers(country, day) for own in self.working):
            return None
        return ClosedDay(day, Why.HOLIDAY, country)


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """The dates without calls of a campaign, and the holidays that it keeps."""

    blackouts: tuple[DateSpan, ...] = ()
    holidays: Holidays | None = None

    def __bool__(self) -> bool:
        return bool(self.blackouts) or self.holidays is not None

    def on(self, zone: str, day: datetime.date) -> ClosedDay | None:
        """Return why a day is closed in a zone; None if it is not."""
        if any(day in dates for dates in self.blackouts):
            return ClosedDay(day, Why.BLACKOUT)
        return self.holidays.on(country_of_zone(zone), day) if self.holidays is not None else None


NO_CLOSED_DAYS = ClosedDays()
