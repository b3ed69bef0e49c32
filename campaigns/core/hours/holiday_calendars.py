"""Public holidays by country, from the library `holidays`: those of a whole country, none of its parts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

from django.utils.translation import get_language

from campaigns.countries import country_name

KEPT_YEARS = 512
"""Calendars of a country, a year and a language that are kept in memory."""


@cache
def known_countries() -> frozenset[str]:
    """Return the ISO codes of the countries whose calendars are known."""
    # The library's own list of them loads the calendar of each.
    from holidays.registry import COUNTRIES

    return frozenset(names[1] for names in COUNTRIES.values() if len(names[1]) == 2)


def countries_by_name() -> list[tuple[str, str]]:
    """Return the codes and names of these countries in the language of the page, in the order of names."""
    return sorted(((code, country_name(code)) for code in known_countries()), key=lambda pair: pair[1])


@lru_cache(maxsize=KEPT_YEARS)
def holidays_in(country: str, year: int, language: str = "en") -> Mapping[datetime.date, str]:
    """Return the public holidays of a country in a year of the Gregorian calendar, with their names.

    Names are in the language where the library has it, else in English, else in the country's own. Feasts of the
    Islamic calendar whose day is not confirmed yet are estimated, and their names say so. A country without a calendar
    has none.
    """
    if country not in known_countries():
        return {}
    import holidays

    spoken = getattr(holidays, country).supported_languages
    wanted = [name for start in (language[:2], "en") for name in spoken if name.startswith(start)]
    return dict(holidays.country_holidays(country, years=year, language=wanted[0] if wanted else None))


def make_ready(countries: Iterable[str], day: datetime.date) -> None:
    """Read the calendars of these countries around a day, which takes a moment: before anything is locked."""
    for country in countries:
        for year in {day.year, (day + datetime.timedelta(days=366)).year}:
            holidays_in(country, year)


def is_holiday(country: str, day: datetime.date) -> bool:
    """Tell whether a day is a public holiday of a country."""
    return day in holidays_in(country, day.year)


def holiday_name(country: str, day: datetime.date) -> str:
    """Return the name of a public holiday in the language of the page; empty where the day is none."""
    return holidays_in(country, day.year, get_language() or "en").get(day, "")
