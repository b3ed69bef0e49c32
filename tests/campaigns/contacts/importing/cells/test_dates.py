"""Dates in cells: three calendars told apart, nothing guessed between day and month, nothing read that is not there."""

from __future__ import annotations

import datetime

import pytest

from campaigns.contacts.importing.cells.dates import FUTURE, UNCLEAR, UNREADABLE, DayMonth, order_shown, read_date

NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)
DAY, MONTH = DayMonth.DAY_FIRST, DayMonth.MONTH_FIRST


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01", "2024-05-01"),
        ("2024/5/1", "2024-05-01"),
        (" ۱۴۰۳/۰۲/۱۲ ", "2024-05-01"),
        ("1403-12-30", "2025-03-20"),
        ("1404-12-30", UNREADABLE),
        ("۵ فروردین ۱۴۰۳", "2024-03-24"),
        # Hijri: as Jalali these would lie decades ahead.
        ("1445-03-02", "2023-09-17"),
        ("١٤٤٨/٠٦/٠١", "2026-11-11"),
        ("1435-02-02", "2013-12-05"),
        # Nearer as Jalali, and then ahead: never read as Hijri of the last century.
        ("1420-02-02", FUTURE),
        ("13/05/1402", "2023-08-04"),
        ("5 Mar 2024", "2024-03-05"),
        ("March 5th, 2024", "2024-03-05"),
        ("25/03/2024", "2024-03-25"),
        ("03/25/2024", "2024-03-25"),
        ("4.4.2024", "2024-04-04"),
        ("03/04/2024", UNCLEAR),
        ("12/05/1402", UNCLEAR),
        ("2030-01-01", FUTURE),
        ("1410/01/01", FUTURE),
        ("5 Foo 2024", UNREADABLE),
        ("05/01/24", UNREADABLE),
        ("2024-13-01", UNREADABLE),
        ("2024-05-01xyz", UNREADABLE),
        ("32/32/2024", UNREADABLE),
        ("0000-01-01", UNREADABLE),
        ("soon", UNREADABLE),
        ("45342", UNREADABLE),
    ],
)
def test_a_past_date(text: str, expected: str) -> None:
    found = read_date(text, None, NOW, is_past=True, zone=datetime.UTC)
    assert (found.moment.date().isoformat() if found.moment else found.problem) == expected


def test_the_order_that_a_file_has_is_used_only_where_it_matters() -> None:
    def day(text: str, order: DayMonth) -> datetime.date | None:
        found = read_date(text, order, NOW, is_past=True, zone=datetime.UTC)
        return found.moment and found.moment.date()

    assert day("03/04/2024", DAY) == datetime.date(2024, 4, 3)
    assert day("03/04/2024", MONTH) == datetime.date(2024, 3, 4)
    assert day("25/03/2024", MONTH) == datetime.date(2024, 3, 25)
    shows = [read_date(text, None, NOW, is_past=True).shows for text in ("25/03/2024", "03/25/2024", "03/04/2024")]
    assert shows == [DAY, MONTH, None]
    assert [order_shown(3, 0), order_shown(0, 2), order_shown(0, 0), order_shown(1, 1)] == [DAY, MONTH, None, None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-05-01 10:30", "2024-05-01T10:30:00+00:00"),
        ("2024-05-01T10:30:05Z", "2024-05-01T10:30:05+00:00"),
        ("2024-05-01T10:30:00+03:30", "2024-05-01T07:00:00+00:00"),
        ("25/3/2024 1:05:00 PM", "2024-03-25T13:05:00+00:00"),
        ("2024-05-01 12:10 am", "2024-05-01T00:10:00+00:00"),
        ("2024-05-01 25:00", None),
        ("2024-05-01 13:00 pm", None),
    ],
)
def test_times(text: str, expected: str | None) -> None:
    found = read_date(text, None, NOW, is_past=True, zone=datetime.UTC)
    assert (found.moment and found.moment.astimezone(datetime.UTC).isoformat()) == expected


def test_a_last_day_may_be_ahead() -> None:
    def day(text: str) -> datetime.date | None:
        found = read_date(text, None, NOW, is_past=False, zone=datetime.UTC)
        return found.moment and found.moment.date()

    assert day("2030-01-01") == datetime.date(2030, 1, 1)
    assert day("1406/01/01") == datetime.date(2027, 3, 21)
    assert day("1450/01/01") == datetime.date(2028, 5, 25)
