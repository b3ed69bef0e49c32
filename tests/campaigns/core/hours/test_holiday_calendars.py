"""Public holidays against lists that others published, and in the languages of the pages."""

from __future__ import annotations

import datetime

import jdatetime
import pytest
from django.utils import translation

from campaigns.core.hours.holiday_calendars import (
    countries_by_name,
    holiday_name,
    holidays_in,
    is_holiday,
    known_countries,
)

IRAN_1405 = {
    # ILNA, 30 October 2025, by the calendar of the Council of Public Culture: the dates until Tir, then how many the
    # months have; 25 in all.
    (1, 1), (1, 2), (1, 3), (1, 4), (1, 12), (1, 13), (3, 6), (3, 14), (3, 15), (4, 3), (4, 4),
}  # fmt: skip
IN_A_MONTH_OF_1405 = {1: 6, 2: 0, 5: 4, 7: 0, 9: 0, 12: 4}
ESTIMATED_OTHERWISE = {(1, 25)}
"""The library has the martyrdom of Imam Sadiq on 25 Farvardin 1405, which that list lacks."""
IRAN_1404 = {
    # gardshgar.com, holidays of 1404: the first five months.
    (1, 1), (1, 2), (1, 3), (1, 4), (1, 11), (1, 12), (1, 13), (2, 4), (3, 14), (3, 15), (3, 16), (3, 24), (4, 14),
    (4, 15), (5, 23), (5, 31),
}  # fmt: skip
GERMANY_2026 = [(1, 1), (4, 3), (4, 6), (5, 1), (5, 14), (5, 25), (10, 3), (12, 25), (12, 26)]
"""Those of all its parts, as the Federal Ministry of the Interior lists them."""
UNITED_STATES_2026 = [
    # The Office of Personnel Management's federal holidays; 4 July is a Saturday and observed on the day before.
    (1, 1), (1, 19), (2, 16), (5, 25), (6, 19), (7, 3), (7, 4), (9, 7), (10, 12), (11, 11), (11, 26), (12, 25),
]  # fmt: skip


def of_iran(year: int) -> set[tuple[int, int]]:
    first = jdatetime.date(year, 1, 1).togregorian()
    days = (first + datetime.timedelta(days=n) for n in range(365))
    found = (jdatetime.date.fromgregorian(date=day) for day in days if is_holiday("IR", day))
    return {(day.month, day.day) for day in found}


def test_a_year_of_iran_is_that_of_the_press() -> None:
    found = of_iran(1405) - ESTIMATED_OTHERWISE
    assert {day for day in found if day < (5, 1)} == IRAN_1405
    months = [month for month, _day in found]
    assert {month: months.count(month) for month in IN_A_MONTH_OF_1405} == IN_A_MONTH_OF_1405
    assert len(found) == 25
    assert {day for day in of_iran(1404) if day < (6, 1)} == IRAN_1404


@pytest.mark.parametrize(("country", "listed"), [("DE", GERMANY_2026), ("US", UNITED_STATES_2026)])
def test_a_year_of_another_country_is_what_it_says_itself(country: str, listed: list[tuple[int, int]]) -> None:
    assert [(day.month, day.day) for day in sorted(holidays_in(country, 2026))] == listed


def test_names_are_in_the_language_of_the_page_where_it_is_known() -> None:
    revolution = datetime.date(2027, 2, 11)
    with translation.override("fa"):
        assert "انقلاب" in holiday_name("IR", revolution)
        # Of a country without Persian names it is the English one.
        assert holiday_name("DE", datetime.date(2026, 12, 25)) == "Christmas Day"
    with translation.override("en"):
        assert holiday_name("IR", revolution) == "Islamic Revolution Day"
        assert "(estimated)" in holiday_name("IR", datetime.date(2027, 3, 10))
        assert holiday_name("IR", datetime.date(2027, 2, 12)) == ""


def test_a_country_without_a_calendar_has_no_holidays() -> None:
    assert holidays_in("ZZ", 2026) == {}
    assert not is_holiday("", datetime.date(2026, 12, 25))
    assert {"IR", "DE", "US", "IN"} <= known_countries()
    assert len(countries_by_name()) == len(known_countries()) > 200
