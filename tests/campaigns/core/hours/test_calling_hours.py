"""When may it ring: over every zone, changes of the clocks, spans of a weekday, and closed days."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import rules, time_zones
from campaigns.core.hours import CallingHours
from campaigns.core.hours.closed_days import ClosedDays, Holidays, Why
from campaigns.core.hours.dates import DateSpan
from campaigns.core.hours.week import Span, Week

UTC = datetime.UTC
MINUTE, DAY = datetime.timedelta(minutes=1), datetime.timedelta(days=1)
ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
TWO_YEARS = st.datetimes(
    min_value=datetime.datetime(2025, 6, 1), max_value=datetime.datetime(2027, 6, 1), timezones=st.just(UTC)
)


def at(hour: int, minute: int = 0) -> datetime.time:
    return datetime.time(hour, minute)


def same(start: datetime.time, end: datetime.time, days: object = range(7)) -> CallingHours:
    return CallingHours(Week.same_on(days, start, end))  # type: ignore[arg-type]


@given(instant=TWO_YEARS, zone=st.sampled_from(ZONES), start=st.integers(0, 22), length=st.integers(1, 20))
@settings(max_examples=600, deadline=None)
def test_open_means_the_wall_clock_there_says_so(
    instant: datetime.datetime, zone: str, start: int, length: int
) -> None:
    end = min(start + length, 23)
    if end <= start:
        return
    local = instant.astimezone(zoneinfo.ZoneInfo(zone))
    seconds = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
    expected = start * 3600 <= seconds <= end * 3600 - rules.RING_GUARD
    assert same(at(start), at(end)).is_open(instant, [zone]) is expected


@pytest.mark.parametrize(
    ("local", "is_open"),
    [
        ("20:58:59", True),
        ("20:59:00", True),
        ("20:59:01", False),
        ("21:00:00", False),
        ("08:59:59", False),
        ("09:00:00", True),
    ],
)
def test_the_last_start_leaves_a_minute_to_ring(local: str, is_open: bool) -> None:
    instant = datetime.datetime.fromisoformat(f"2026-03-02T{local}").replace(tzinfo=zoneinfo.ZoneInfo("Asia/Tehran"))
    assert same(at(9), at(21)).is_open(instant, ["Asia/Tehran"]) is is_open


def test_a_span_over_midnight_belongs_to_the_day_it_began_on() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    monday_night = datetime.datetime(2026, 3, 3, 0, 30, tzinfo=zone)  # Tuesday 00:30
    assert same(at(22), at(2), [0]).is_open(monday_night, ["Europe/Berlin"])
    assert not same(at(22), at(2), [1]).is_open(monday_night, ["Europe/Berlin"])


def test_the_hour_that_does_not_exist_opens_nothing_too_early() -> None:
    # Berlin, 29 March 2026: 02:00 becomes 03:00.
    before = datetime.datetime(2026, 3, 29, 0, 59, tzinfo=UTC)  # 01:59 there
    after = datetime.datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 there
    hours = same(at(2, 30), at(4))
    assert not hours.is_open(before, ["Europe/Berlin"])
    assert hours.is_open(after, ["Europe/Berlin"])
    assert hours.next_opening(before, ["Europe/Berlin"]) == after


def test_a_number_with_several_zones_is_open_only_where_all_are() -> None:
    zones = time_zones.zones_of_number("+18005550199")
    assert len(zones) > 10
    nine_in_new_york = datetime.datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    assert same(at(9), at(21)).is_open(nine_in_new_york, ["America/New_York"])
    assert not same(at(9), at(21)).is_open(nine_in_new_york, zones)


def test_no_known_zone_is_a_no() -> None:
    now = datetime.datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    for zones in ([], ["Mars/Olympus"], ["Asia/Tehran", "Mars/Olympus"]):
        assert not same(at(0), at(0)).is_open(now, zones)
        assert same(at(0), at(0)).next_opening(now, zones) is None
        assert same(at(0), at(0)).after_calling(now, 10, zones) is None


# Against a count minute by minute

AROUND = [
    # A change of the clocks each, and days without calls around it; Lord Howe's is of half an hour, Santiago's and
    # Beirut's at midnight, Casablanca's about Ramadan.
    (datetime.datetime(2026, 3, 28, 12, tzinfo=UTC), "Europe/Berlin"),
    (datetime.datetime(2026, 10, 24, 12, tzinfo=UTC), "Europe/Berlin"),
    (datetime.datetime(2026, 11, 1, 0, tzinfo=UTC), "America/New_York"),
    (datetime.datetime(2026, 4, 4, 6, tzinfo=UTC), "Australia/Lord_Howe"),
    (datetime.datetime(2026, 10, 3, 6, tzinfo=UTC), "Australia/Lord_Howe"),
    (datetime.datetime(2026, 9, 5, 20, tzinfo=UTC), "America/Santiago"),
    (datetime.datetime(2026, 3, 28, 12, tzinfo=UTC), "Asia/Beirut"),
    (datetime.datetime(2026, 2, 14, 12, tzinfo=UTC), "Africa/Casablanca"),
    (datetime.datetime(2026, 3, 20, 12, tzinfo=UTC), "Asia/Tehran"),
]
MINUTES = st.integers(0, 95).map(lambda quarter: at(quarter // 4, quarter % 4 * 15))
SPANS = st.lists(st.builds(Span, MINUTES, MINUTES), max_size=2).map(tuple)
WEEKS = st.lists(SPANS, min_size=7, max_size=7).map(lambda days: Week(tuple(days)))


def is_open_by_the_book(week: Week, closed: set[datetime.date], instant: datetime.datetime, zones: list[str]) -> bool:
    """Say it from the words of the rule, minute by minute, without a line of the code that is tested."""
    for zone in zones:
        there = instant.astimezone(zoneinfo.ZoneInfo(zone))
        today, now = there.date(), there.hour * 60 + there.minute
        is_in = False
        for begun, minutes in ((today, now), (today - DAY, now + 1440)):
            if begun in closed or today in closed:
                continue
            for span in week.days[begun.weekday()]:
                start, end = span.start.hour * 60 + span.start.minute, span.end.hour * 60 + span.end.minute
                if start == end:
                    is_in |= begun == today
                    continue
                end += 1440 if end < start else 0
                end = min(end, 1440) if end > 1440 and begun + DAY in closed else end
                is_in |= start <= minutes and minutes + 1 <= end
        if not is_in:
            return False
    return True


@given(
    around=st.sampled_from(AROUND),
    shift=st.integers(0, 2 * 1440),
    week=WEEKS,
    closed=st.sets(st.integers(0, 4), max_size=3),
    other=st.sampled_from(["", "", "Asia/Kolkata", "America/Los_Angeles"]),
)
@settings(max_examples=120, deadline=None)
def test_the_next_opening_is_open_and_nothing_earlier_is(
    around: tuple[datetime.datetime, str], shift: int, week: Week, closed: set[int], other: str
) -> None:
    moment, zone = around
    zones = [zone, other] if other else [zone]
    dates = {moment.date() + day * DAY for day in closed}
    hours = CallingHours(week, ClosedDays(tuple(DateSpan(day, day) for day in sorted(dates))))
    instant = moment + shift * MINUTE
    opening = hours.next_opening(instant, zones)
    assert opening is None or (opening >= instant and hours.is_open(opening, zones))
    last = min(opening or instant + 3 * DAY, instant + 3 * DAY)
    while instant < last:
        assert not is_open_by_the_book(week, dates, instant, zones)
        assert not hours.is_open(instant, zones)
        instant += MINUTE
    if opening is not None:
        assert is_open_by_the_book(week, dates, opening, zones)


@given(around=st.sampled_from(AROUND), shift=st.integers(0, 1440), week=WEEKS, minutes=st.integers(1, 600))
@settings(max_examples=60, deadline=None)
def test_so_many_minutes_of_calling_are_over_when_so_many_minutes_were_open(
    around: tuple[datetime.datetime, str], shift: int, week: Week, minutes: int
) -> None:
    moment, zone = around
    begins = moment + shift * MINUTE
    done = CallingHours(week).after_calling(begins, minutes, [zone])
    if done is None:
        assert not any(week.days)
        return
    end, counted, instant = min(done, begins + 2 * DAY), 0, begins
    while instant < end:
        counted += is_open_by_the_book(week, set(), instant, [zone])
        instant += MINUTE
    assert counted <= minutes + 8  # Each span ends on the first instant of the last minute that leaves time to ring.
    assert done > end or counted >= minutes - 8


MONDAY = datetime.datetime(2026, 11, 16, tzinfo=UTC)
HOUR = datetime.timedelta(hours=1)
NINE_TO_FIVE = same(at(9), at(17), [0, 1, 2, 3, 4])


@pytest.mark.parametrize(
    ("now", "minutes", "done"),
    [
        (MONDAY + 10 * HOUR, 30, MONDAY + 10.5 * HOUR),
        (MONDAY + 16 * HOUR, 120, MONDAY + 34 * HOUR),
        (MONDAY + 20 * HOUR, 10, MONDAY + 33 * HOUR + HOUR / 6),
        (MONDAY + (4 * 24 + 16) * HOUR, 120, MONDAY + (7 * 24 + 10) * HOUR),
    ],
)
def test_an_end_is_reckoned_in_open_hours(now: datetime.datetime, minutes: int, done: datetime.datetime) -> None:
    found = NINE_TO_FIVE.after_calling(now, minutes, ["UTC"])
    assert found is not None
    assert abs(found - done) <= datetime.timedelta(minutes=2)


def test_no_end_is_told_where_nobody_can_know() -> None:
    assert NINE_TO_FIVE.after_calling(MONDAY, 100_000, ["UTC"]) is None
    assert NINE_TO_FIVE.after_calling(MONDAY, 10, []) is None
    assert same(at(9), at(17), []).after_calling(MONDAY, 10, ["UTC"]) is None


# Holidays

NOWRUZ = datetime.datetime(2026, 3, 20, 20, tzinfo=UTC)
"""Half past eleven at night in Tehran; New Year's day is 21 March, and four days are holidays."""
OF_IRAN = ClosedDays(holidays=Holidays(frozenset({"IR"})))


def test_holidays_are_those_of_the_country_that_the_zone_lies_in() -> None:
    hours = CallingHours(Week.same_on(range(7), at(9), at(20)), OF_IRAN)
    for hour in range(96):
        assert not hours.is_open(NOWRUZ + hour * HOUR, ["Asia/Tehran"])
    assert hours.next_opening(NOWRUZ, ["Asia/Tehran"]) == datetime.datetime(2026, 3, 25, 5, 30, tzinfo=UTC)
    assert hours.next_opening(NOWRUZ, ["Europe/Berlin"]) == datetime.datetime(2026, 3, 21, 8, tzinfo=UTC)
    # Whoever may be in either is called when it is no holiday in both.
    assert hours.next_opening(NOWRUZ, ["Europe/Berlin", "Asia/Tehran"]) == datetime.datetime(2026, 3, 25, 8, tzinfo=UTC)


def test_a_holiday_says_what_it_is() -> None:
    day = CallingHours(Week.same_on(range(7), at(9), at(20)), OF_IRAN).closed_day(NOWRUZ + HOUR, ["Asia/Tehran"])
    assert day is not None
    assert (day.why, day.country, day.day) == (Why.HOLIDAY, "IR", datetime.date(2026, 3, 21))
    assert "Nowruz" in day.name


def test_hours_over_midnight_end_where_a_day_without_calls_begins_and_do_not_begin_on_one() -> None:
    eve = datetime.date(2026, 12, 24)
    hours = CallingHours(Week.same_on(range(7), at(22), at(2)), ClosedDays((DateSpan(eve, eve),)))
    looks = {"23T23:59:00": True, "23T23:59:30": False, "24T00:30:00": False, "24T23:00:00": False}
    looks |= {"25T00:30:00": False, "25T22:00:00": True, "26T01:00:00": True}
    moments = {look: datetime.datetime.fromisoformat(f"2026-12-{look}+00:00") for look in looks}
    assert {look: hours.is_open(moment, ["UTC"]) for look, moment in moments.items()} == looks


def test_closed_days_of_months_are_looked_past() -> None:
    summer = DateSpan(datetime.date(2026, 3, 1), datetime.date(2026, 8, 31))
    hours = CallingHours(Week.same_on([0], at(9), at(20)), ClosedDays((summer,)))
    assert hours.next_opening(NOWRUZ, ["UTC"]) == datetime.datetime(2026, 9, 7, 9, tzinfo=UTC)
    years = DateSpan(datetime.date(2026, 3, 1), datetime.date(2029, 8, 31))
    assert CallingHours(Week.same_on([0], at(9), at(20)), ClosedDays((years,))).next_opening(NOWRUZ, ["UTC"]) is None
