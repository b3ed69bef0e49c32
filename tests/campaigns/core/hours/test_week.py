"""The hours of a week: as they are typed, and as they are stored."""

from __future__ import annotations

import datetime

import pytest

from campaigns.core.hours.week import Span, SpansRefused, Week, read_spans

NINE, ONE, FOUR, EIGHT, MIDNIGHT = (datetime.time(hour) for hour in (9, 13, 16, 20, 0))


@pytest.mark.parametrize(
    ("typed", "spans"),
    [
        ("", []),
        ("9-13", [Span(NINE, ONE)]),
        ("16:00 – 20:00, 09:00–13:00", [Span(NINE, ONE), Span(FOUR, EIGHT)]),
        ("۹-۱۳، ۱۶-۲۰", [Span(NINE, ONE), Span(FOUR, EIGHT)]),
        ("20-24", [Span(EIGHT, MIDNIGHT)]),
        ("0-24", [Span(MIDNIGHT, MIDNIGHT)]),
        ("20-9", [Span(EIGHT, NINE)]),
        ("9.00-13.00", [Span(NINE, ONE)]),
    ],
)
def test_hours_are_read_as_people_write_them(typed: str, spans: list[Span]) -> None:
    assert read_spans(typed) == spans


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("in the morning", "unreadable"),
        ("9-25", "unreadable"),
        ("9:75-13", "unreadable"),
        ("9", "unreadable"),
        ("24-9", "unreadable"),
        ("20-24:30", "unreadable"),
        ("9-9:29", "short"),
        ("9-13, 12-20", "overlap"),
        ("20-2, 22-23", "overlap"),
        ("0-24, 9-13", "overlap"),
        ("1-2, 3-4, 5-6, 7-8, 9-10", "many"),
    ],
)
def test_what_cannot_be_kept_is_refused_by_its_kind(typed: str, code: str) -> None:
    with pytest.raises(SpansRefused) as refused:
        read_spans(typed)
    assert refused.value.code == code


def test_a_week_is_read_back_as_it_was_stored() -> None:
    stored = {"0": ["09:00-13:00", "16:00-20:00"], "5": ["00:00-00:00"]}
    week = Week.of(stored)
    assert week.as_stored() == stored
    assert (week.open_days, week.days[0][1], week.days[5][0].is_all_day) == ([0, 5], Span(FOUR, EIGHT), True)
    assert week.minutes_a_day == (480 + 1440) // 2
    assert Week.same_on([], NINE, ONE).minutes_a_day == 1440
