"""Pure decisions: calling hours over every zone, pace, polls, the breaker."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import alarms, rules, time_zones
from campaigns.core import conditions

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
    zones = time_zones.zones_of_number("+18005550199")
    assert len(zones) > 10
    nine_in_new_york = datetime.datetime(2026, 3, 2, 14, 30, tzinfo=UTC)
    assert rules.is_open(nine_in_new_york, ["America/New_York"], at(9), at(21), ALL_DAYS)
    assert not rules.is_open(nine_in_new_york, zones, at(9), at(21), ALL_DAYS)


def test_no_known_zone_is_a_no() -> None:
    assert not rules.is_open(datetime.datetime.now(UTC), [], at(0), at(0), ALL_DAYS)
    assert not rules.is_open(datetime.datetime.now(UTC), ["Mars/Olympus"], at(0), at(0), ALL_DAYS)


def test_the_contacts_own_zone_wins() -> None:
    assert time_zones.zones_of("+18005550199", "America/Chicago") == ("America/Chicago",)
    assert time_zones.zones_of("+989121234567", "") == ("Asia/Tehran",)
    assert time_zones.zones_of("+989121234567", "nonsense") == ("Asia/Tehran",)


@given(instant=TWO_YEARS, zone=st.sampled_from(ZONES))
@settings(max_examples=150, deadline=None)
def test_the_next_opening_is_open_and_later(instant: datetime.datetime, zone: str) -> None:
    opening = rules.next_opening(instant, [zone], at(9), at(20), ALL_DAYS)
    assert opening is not None
    assert opening > instant - datetime.timedelta(minutes=15)
    assert rules.is_open(opening, [zone], at(9), at(20), ALL_DAYS)


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


@pytest.mark.parametrize(
    ("status", "talked", "by", "wish", "end"),
    [
        ("failed", None, "unknown", False, "failed"),
        ("failed", None, "unknown", True, "refused"),
        ("completed", 2, "human", False, "refused"),
        ("completed", 3, "human", False, "talked"),
        ("completed", 60, "human", True, "refused"),
        ("completed", 2, "machine", False, "other"),
        ("completed", 0, "unknown", False, "other"),
        ("completed", None, "unknown", False, "other"),
        ("no_answer", None, "unknown", False, "other"),
        ("busy", None, "unknown", False, "other"),
        ("canceled", None, "unknown", False, "other"),
    ],
)
def test_what_an_end_says_of_its_campaign(status: str, talked: int | None, by: str, wish: bool, end: str) -> None:
    has_talked = conditions.has_talked(status, talked, by)
    assert alarms.end_of(status, talked, has_talked=has_talked, is_wish_heard=wish) == end


@pytest.mark.parametrize(
    ("failed", "well", "seconds", "pauses"),
    [(5, 0, 0, True), (4, 0, 0, False), (3, 3, 0, True), (3, 4, 0, False), (3, 3, 110, True), (3, 3, 130, False)],
)
def test_half_of_five_or_more_ends_within_two_minutes_pause(failed: int, well: int, seconds: int, pauses: bool) -> None:
    now = 1_800_000_000.0
    watch = alarms.Watch().after(["failed"] * (failed - 1) + ["other"] * well, now)
    assert watch.alarm() is None or failed > 5
    watch = alarms.Watch.read(watch.as_stored()).after(["failed"], now + seconds)
    assert watch.alarm() == (alarms.Alarm("failures", failed, failed + well) if pauses else None)


@pytest.mark.parametrize(
    ("refused", "talked", "pauses"), [(7, 13, True), (6, 14, False), (19, 0, False), (31, 69, True), (30, 70, False)]
)
def test_three_of_ten_of_twenty_or_more_answers_pause(refused: int, talked: int, pauses: bool) -> None:
    ends: list[alarms.End] = [*["refused"] * refused, *["talked"] * talked, *["other"] * 50]  # type: ignore[list-item]
    alarm = alarms.Watch().after(ends, 0).alarm()
    assert (alarm is not None) is pauses
    assert alarm is None or (alarm.kind, alarm.bad, alarm.total) == ("refusals", refused, refused + talked)


def test_only_the_last_hundred_answers_count_and_a_late_wish_turns_one() -> None:
    watch = alarms.Watch().after(["refused"] * 30, 0).after(["talked"] * 90, 0)
    assert (len(watch.answers), watch.answers.count("1")) == (100, 10)
    assert watch.after_late_wish().answers.count("1") == 11
    assert alarms.Watch(answers="11").after_late_wish().answers == "11"


def test_who_still_talks_counts_as_no_refusal() -> None:
    watch = alarms.Watch().after(["refused"] * 20, 0)
    assert watch.alarm(talking=46) is not None
    assert watch.alarm(talking=47) is None
