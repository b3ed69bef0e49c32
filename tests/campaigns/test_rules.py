"""Pure decisions: calling hours over every zone, pace, polls, the breaker."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import rules

UTC = datetime.UTC
ALL_DAYS = range(7)
ZONES = sorted(zoneinfo.available_timezones() - {"localtime", "Factory"})
TWO_YEARS = st.datetimes(
    min_value=datetime.datetime(2025, 6, 1), max_value=datetime.datetime(2027, 6, 1), timezones=st.just(UTC)
)


def at(hour: int, minute: int = 0) -> datetime.time:
    return datetime.time(hour, minute)


@given(instant=TWO_YEARS, zone=st.sampled_from(ZONES), start=st.integers(0, 22), length=st.integers(1, 20))
@settings(max_examples=1500, deadline=None)
def test_open_means_the_wall_clock_there_says_so(
    instant: datetime.datetime, zone: str, start: int, length: int
) -> None:
    end = min(start + length, 23)
    if end <= start:
        return
    local = instant.astimezone(zoneinfo.ZoneInfo(zone))
    seconds = local.hour * 3600 + local.minute * 60 + local.second + local.microsecond / 1e6
    expected = start * 3600 <= seconds <= end * 3600 - rules.RING_GUARD
    assert rules.is_open_in(instant, zone, at(start), at(end), ALL_DAYS) is expected


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
    assert rules.is_open_in(instant, "Asia/Tehran", at(9), at(21), ALL_DAYS) is is_open


def test_a_window_over_midnight_belongs_to_the_day_it_began_on() -> None:
    zone = zoneinfo.ZoneInfo("Europe/Berlin")
    monday_night = datetime.datetime(2026, 3, 3, 0, 30, tzinfo=zone)  # Tuesday 00:30
    assert rules.is_open_in(monday_night, "Europe/Berlin", at(22), at(2), [0])
    assert not rules.is_open_in(monday_night, "Europe/Berlin", at(22), at(2), [1])


def test_the_hour_that_does_not_exist_opens_nothing_too_early() -> None:
    # Berlin, 29 March 2026: 02:00 becomes 03:00.
    before = datetime.datetime(2026, 3, 29, 0, 59, tzinfo=UTC)  # 01:59 there
    after = datetime.datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 there
    assert not rules.is_open_in(before, "Europe/Berlin", at(2, 30), at(4), ALL_DAYS)
    assert rules.is_open_in(after, "Europe/Berlin", at(2, 30), at(4), ALL_DAYS)


def test_a_number_with_several_zones_is_open_only_where_all_are() -> None:
    zones = rules.zones_of_number("+18005550199")
    assert len(zones) > 10
    nine_in_new_york = datetime.datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    assert rules.is_open(nine_in_new_york, ["America/New_York"], at(9), at(21), ALL_DAYS)
    assert not rules.is_open(nine_in_new_york, zones, at(9), at(21), ALL_DAYS)


def test_no_known_zone_is_a_no() -> None:
    assert not rules.is_open(datetime.datetime.now(UTC), [], at(0), at(0), ALL_DAYS)
    assert not rules.is_open(datetime.datetime.now(UTC), ["Mars/Olympus"], at(0), at(0), ALL_DAYS)


def test_the_contacts_own_zone_wins() -> None:
    assert rules.zones_of("+18005550199", "America/Chicago") == ("America/Chicago",)
    assert rules.zones_of("+989121234567", "") == ("Asia/Tehran",)
    assert rules.zones_of("+989121234567", "nonsense") == ("Asia/Tehran",)


@given(instant=TWO_YEARS, zone=st.sampled_from(ZONES))
@settings(max_examples=150, deadline=None)
def test_the_next_opening_is_open_and_later(instant: datetime.datetime, zone: str) -> None:
    opening = rules.next_opening(instant, [zone], at(9), at(20), ALL_DAYS)
    assert opening is not None
    assert opening > instant - datetime.timedelta(minutes=15)
    assert rules.is_open(opening, [zone], at(9), at(20), ALL_DAYS)


@given(cap=st.integers(1, 600), pauses=st.lists(st.floats(0, 20), min_size=5, max_size=200))
@settings(max_examples=200, deadline=None)
def test_no_minute_holds_more_than_the_cap(cap: int, pauses: list[float]) -> None:
    now, tat, taken_at = 1_000_000.0, 0.0, []
    for pause in pauses:
        now += pause
        taken, tat_after = rules.take_pace(tat, now, cap, 50)
        if taken:
            tat = tat_after
            taken_at += [now] * taken
    for begin in taken_at:
        assert sum(begin <= instant < begin + 59.999 for instant in taken_at) <= cap


@pytest.mark.parametrize("cap", [60, 120, 600])
def test_a_cap_is_used_to_95_percent(cap: int) -> None:
    now, tat, total = 0.0, 0.0, 0
    while now < 600:
        taken, after = rules.take_pace(tat, now, cap, 5)
        tat = after if taken else tat
        total += taken
        now += 0.05
    assert total >= 0.95 * cap * 10


def test_the_breaker_weighs_two_minutes() -> None:
    outcomes = rules.weigh([], 1000.0, 2, 3)
    assert rules.should_break(outcomes, 0)
    assert not rules.should_break(rules.weigh([], 1000.0, 0, 4), 0)
    assert not rules.should_break(rules.weigh(outcomes, 1130.0, 1, 0), 0)
    assert rules.should_break([], rules.BREAKER_UNKNOWNS)


def test_open_calls_are_looked_at_often_while_young_and_hourly_when_old() -> None:
    delays = [rules.next_poll_delay(age) for age in (0, 30, 100, 599, 601, 7201)]
    assert delays == sorted(delays)
    assert (delays[0], delays[-1]) == (4.0, 3600.0)


def test_retry_delays_grow_and_end() -> None:
    assert [rules.retry_delay_minutes([10, 30], attempt, 4) for attempt in (1, 2, 3, 4)] == [10, 30, 30, None]
