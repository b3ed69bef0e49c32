"""Pure decisions: pace, polls, the breaker."""

from __future__ import annotations

import pytest

from campaigns import alarms, rules, time_zones
from campaigns.core import conditions


def test_the_contacts_own_zone_wins() -> None:
    assert time_zones.zones_of("+18005550199", "America/Chicago") == ("America/Chicago",)
    assert time_zones.zones_of("+989121234567", "") == ("Asia/Tehran",)
    assert time_zones.zones_of("+989121234567", "nonsense") == ("Asia/Tehran",)


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
