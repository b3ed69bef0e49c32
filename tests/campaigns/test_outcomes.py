"""One policy by outcome: what follows on every outcome under every policy, and days as the person has them."""

from __future__ import annotations

import datetime

import pytest

from campaigns.models.campaigns import default_retries
from campaigns.outcomes import Attempts, Outcome, Plan, Policy, Step, Then, days_over, full_until, plan_after

NOW = datetime.datetime(2026, 3, 16, 12, 0, tzinfo=datetime.UTC)
TEHRAN, TOKYO, NEW_YORK = "Asia/Tehran", "Asia/Tokyo", "America/New_York"
MINUTE, HOUR, DAY = datetime.timedelta(minutes=1), datetime.timedelta(hours=1), datetime.timedelta(days=1)


def utc(day: int, hour: int, minute: int = 0) -> datetime.datetime:
    return datetime.datetime(2026, 3, day, hour, minute, tzinfo=datetime.UTC)


STEPS = {
    "nothing said": None,
    "stop": Step(),
    "again": Step(minutes=(15, 60, 240)),
    "person": Step(person_id=7, minutes_to_act=90),
}


def expected(kind: str, number: int) -> Plan:
    """Return what must follow on attempt `number` of at most four."""
    if kind == "person":
        return Plan(Then.PERSON, NOW + 90 * MINUTE, 7)
    if kind != "again":
        return Plan(Then.NOTHING)
    if number >= 4:
        return Plan(Then.ALL_USED)
    return Plan(Then.AGAIN, NOW + (15, 60, 240)[number - 1] * MINUTE)


@pytest.mark.parametrize("number", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("kind", STEPS)
@pytest.mark.parametrize("outcome", Outcome)
def test_every_outcome_goes_by_its_own_step(outcome: Outcome, kind: str, number: int) -> None:
    others = {other: Step(minutes=(1,)) for other in Outcome if other != outcome}
    step = STEPS[kind]
    policy = Policy(others | ({outcome: step} if step is not None else {}), attempts=4)
    assert plan_after(outcome, Attempts(number), policy, NOW) == expected(kind, number)


def test_the_last_wait_repeats_and_waits_run_with_the_clock_of_the_installation() -> None:
    policy = Policy({Outcome.BUSY: Step(minutes=(10, 30))}, attempts=9)
    waits = [plan_after(Outcome.BUSY, Attempts(number), policy, NOW).due_at for number in (1, 2, 3, 8)]
    assert waits == [NOW + minutes * MINUTE for minutes in (10, 30, 30, 30)]
    assert plan_after(Outcome.BUSY, Attempts(1), policy, NOW, time_scale=20).due_at == NOW + MINUTE / 2


def test_a_voicemail_of_a_campaign_from_before_goes_by_how_the_call_ended_otherwise() -> None:
    before = Policy.read({"busy": [10], "no_answer": [60]}, {}, 3, None)
    told = {
        instead: plan_after(Outcome.VOICEMAIL, Attempts(1), before, NOW, instead=instead).due_at
        for instead in (Outcome.BUSY, Outcome.NO_ANSWER, Outcome.FAILED, None)
    }
    assert list(told.values()) == [NOW + 10 * MINUTE, NOW + HOUR, None, None]
    said = Policy.read({"busy": [10], "no_answer": [60], "machine": []}, {}, 3, None)
    assert plan_after(Outcome.VOICEMAIL, Attempts(1), said, NOW, instead=Outcome.BUSY) == Plan(Then.NOTHING)


# Attempts in a day


@pytest.mark.parametrize(
    ("rung", "a_day", "zones", "due"),
    [
        # 12:00 UTC is 15:30 in Tehran, where the day ends at 20:30 UTC.
        ([], 2, (TEHRAN,), NOW + HOUR),
        ([NOW], 2, (TEHRAN,), NOW + HOUR),
        ([NOW - HOUR, NOW], 2, (TEHRAN,), utc(16, 20, 30)),
        ([NOW], 1, (TEHRAN,), utc(16, 20, 30)),
        ([NOW], None, (TEHRAN,), NOW + HOUR),
        # The attempt before was yesterday there: 15 March ended at 20:30 UTC.
        ([utc(15, 20, 29), NOW], 2, (TEHRAN,), NOW + HOUR),
        ([utc(15, 20, 30), NOW], 2, (TEHRAN,), utc(16, 20, 30)),
        # 21:00 in Tokyo: the wait of an hour stays within the day; in New York it is morning.
        ([NOW], 1, (TOKYO,), utc(16, 15, 0)),
        ([NOW], 1, (NEW_YORK,), utc(17, 4, 0)),
        # Where a person may be in several zones, the day must be over in all of them.
        ([NOW], 1, (TOKYO, NEW_YORK), utc(17, 4, 0)),
    ],
)
def test_so_many_attempts_in_one_day_of_the_person(
    rung: list[datetime.datetime], a_day: int | None, zones: tuple[str, ...], due: datetime.datetime
) -> None:
    policy = Policy({Outcome.NO_ANSWER: Step(minutes=(60,))}, attempts=9, attempts_a_day=a_day)
    plan = plan_after(Outcome.NO_ANSWER, Attempts(1, rung, zones), policy, NOW)
    assert plan == Plan(Then.AGAIN, due)


def test_a_wait_over_midnight_there_needs_no_longer_one() -> None:
    policy = Policy({Outcome.NO_ANSWER: Step(minutes=(60,))}, attempts=9, attempts_a_day=1)
    late = utc(16, 20, 0)
    assert plan_after(Outcome.NO_ANSWER, Attempts(1, [late], (TEHRAN,)), policy, late).due_at == late + HOUR


def test_seven_days_there_end_with_the_seventh() -> None:
    first = utc(10, 5, 0)
    assert days_over(first, 7, (TEHRAN,), NOW) == utc(16, 20, 30)
    assert days_over(first, 7, (TEHRAN,), utc(16, 20, 30)) is None
    assert full_until([NOW - n * DAY for n in range(15)], 15, 7, (TEHRAN,), NOW) is None
    assert full_until([NOW - n * HOUR for n in range(15)], 15, 7, (TEHRAN,), NOW) == utc(21, 20, 30) + DAY
    assert full_until([NOW], 0, 7, (TEHRAN,), NOW) is None


def test_a_day_of_a_clock_change_ends_at_its_own_midnight() -> None:
    begun = datetime.datetime(2026, 3, 8, 6, 30, tzinfo=datetime.UTC)  # 01:30 in New York, half an hour before
    assert days_over(begun, 1, (NEW_YORK,), begun) == datetime.datetime(2026, 3, 9, 4, 0, tzinfo=datetime.UTC)


# As it is stored


def test_a_policy_is_read_as_it_was_stored() -> None:
    policy = Policy(
        {
            Outcome.BUSY: Step(minutes=(15, 60)),
            Outcome.NO_ANSWER: Step(person_id=3, minutes_to_act=240),
            Outcome.VOICEMAIL: Step(),
            Outcome.FAILED: Step(minutes=(60,)),
            Outcome.NO_SPEECH: Step(),
        },
        attempts=4,
        attempts_a_day=2,
    )
    stored = policy.as_stored()
    assert stored == {
        "retries": {"busy": [15, 60], "no_answer": [], "machine": [], "failed": [60], "silent": []},
        "hand_overs": {"no_answer": {"person": 3, "minutes": 240}},
        "max_attempts": 4,
        "attempts_a_day": 2,
    }
    read = Policy.read(stored["retries"], stored["hand_overs"], stored["max_attempts"], stored["attempts_a_day"])
    assert read == policy


@pytest.mark.parametrize("strange", [None, "x", {}, {"person": "5"}, {"minutes": 5}, [1]])
def test_what_no_form_wrote_is_given_to_nobody(strange: object) -> None:
    policy = Policy.read({"busy": None}, {"busy": strange, "other": {"person": 1}}, 3, None)
    assert plan_after(Outcome.BUSY, Attempts(1), policy, NOW) == Plan(Then.NOTHING)


def test_new_campaigns_call_nobody_again_who_answered_and_said_nothing() -> None:
    policy = Policy.read(default_retries(), {}, 3, None)
    plans = {outcome: plan_after(outcome, Attempts(1), policy, NOW).due_at for outcome in Outcome}
    assert plans == {
        Outcome.BUSY: NOW + 15 * MINUTE,
        Outcome.NO_ANSWER: NOW + HOUR,
        Outcome.VOICEMAIL: NOW + 4 * HOUR,
        Outcome.FAILED: NOW + HOUR,
        Outcome.NO_SPEECH: None,
    }
