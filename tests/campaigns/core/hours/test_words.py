"""Calling hours in words, in both languages."""

from __future__ import annotations

import datetime

from django.utils import translation

from campaigns.core.hours import CallingHours
from campaigns.core.hours.closed_days import ClosedDays, Holidays
from campaigns.core.hours.dates import DateSpan
from campaigns.core.hours.week import Week
from campaigns.core.hours.words import dates_in_words, next_try, week_in_words, why_closed, why_closed_then

NOWRUZ = datetime.datetime(2026, 3, 21, 9, tzinfo=datetime.UTC)
TEHRAN = ("Asia/Tehran",)


def test_a_holiday_is_named_in_the_language_and_the_calendar_of_the_page() -> None:
    hours = CallingHours(
        Week.same_on(range(7), datetime.time(9), datetime.time(20)), ClosedDays(holidays=Holidays(frozenset({"IR"})))
    )
    opening = hours.next_opening(NOWRUZ, TEHRAN)
    assert opening is not None
    with translation.override("fa"):
        assert "نوروز" in why_closed(hours, NOWRUZ, TEHRAN)
        assert "۵ فروردین" in next_try(opening, "Asia/Tehran")
        assert why_closed_then(hours, NOWRUZ, TEHRAN).startswith("۱ فروردین ۱۴۰۵")
    assert "Nowruz" in why_closed(hours, NOWRUZ, TEHRAN)
    assert next_try(opening, "Asia/Tehran") == "No action needed. It will be called on 25 Mar at 09:00 local time."
    assert why_closed_then(hours, opening, TEHRAN) == ""


def test_a_week_with_several_times_says_those_of_today() -> None:
    hours = CallingHours(Week.of({"5": ["09:00-10:00", "16:00-20:00"], "6": ["09:00-10:00"]}))
    assert why_closed(hours, NOWRUZ, TEHRAN) == ("Outside local calling hours (today 09:00 – 10:00, 16:00 – 20:00).")
    monday = NOWRUZ + datetime.timedelta(days=2)
    assert why_closed(hours, monday, TEHRAN) == "No calls on this weekday (local time)."
    assert week_in_words(hours.week) == "Sunday 09:00 – 10:00; Saturday 09:00 – 10:00, 16:00 – 20:00"


def test_many_dates_are_told_by_the_first() -> None:
    day = datetime.date(2026, 12, 24)
    spans = [DateSpan(day + datetime.timedelta(days=n), day + datetime.timedelta(days=n)) for n in range(9)]
    assert dates_in_words(spans).endswith("29 Dec 2026 and 3 others")
    assert dates_in_words([DateSpan(day, day + datetime.timedelta(days=9))]) == "24 Dec 2026 – 2 Jan 2027"
    assert dates_in_words([]) == ""
