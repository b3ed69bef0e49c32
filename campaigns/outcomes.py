"""What follows after a call that did not reach the person: one policy by outcome, as pure functions.

A campaign keeps its policy in four columns (`retries`, `hand_overs`, `max_attempts`, `attempts_a_day`), from which
`Policy.read` makes one value. `plan_after` alone decides whether there is another attempt, and when.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How a call ended that did not reach the person; the keys are those of results (`core.results`)."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    VOICEMAIL = "machine"
    FAILED = "failed"
    """The vendor had the call, and it failed on the line; a refused order is none."""
    NO_SPEECH = "silent"
    """Somebody answered, and the vendor says that nobody talked."""


USUAL_MINUTES: Mapping[Outcome, tuple[int, ...]] = {
    Outcome.BUSY: (15, 60, 240),
    Outcome.NO_ANSWER: (60, 240, 1440),
    Outcome.VOICEMAIL: (240, 1440),
    Outcome.FAILED: (60,),
    Outcome.NO_SPEECH: (),
}
"""Minutes before each further attempt of a new campaign. Whoever answered and said nothing is not called again."""
USUAL_ATTEMPTS_A_DAY = 2
USUAL_MINUTES_TO_ACT = 240
"""Minutes within which a person is to act on a call that is given to them."""


@dataclass(frozen=True, slots=True)
class Step:
    """What follows on one outcome: another attempt, a person, or (without either) nothing."""

    minutes: tuple[int, ...] = ()
    """Minutes before each further attempt; the last one repeats."""
    person_id: int | None = None
    """The user to whom the call is given."""
    minutes_to_act: int = 0


STOP = Step()


@dataclass(frozen=True, slots=True)
class Policy:
    """What a campaign does after each outcome, and how often it calls one person at most."""

    steps: Mapping[Outcome, Step] = field(default_factory=dict)
    """An outcome that is not among them is followed by nothing."""
    attempts: int = 1
    attempts_a_day: int | None = None
    """In the person's own day; None: no limit."""

    @classmethod
    def read(
        cls, retries: Mapping[str, Any], hand_overs: Mapping[str, Any], attempts: int, attempts_a_day: int | None
    ) -> Policy:
        """Return the policy of a campaign's columns; what no form of ours wrote there is followed by nothing."""
        steps: dict[Outcome, Step] = {}
        for outcome in Outcome:
            given = hand_overs.get(outcome.value)
            if isinstance(given, Mapping) and isinstance(given.get("person"), int):
                steps[outcome] = Step(person_id=given["person"], minutes_to_act=int(given.get("minutes") or 0))
            elif outcome.value in retries:
                steps[outcome] = Step(minutes=tuple(int(minutes) for minutes in retries[outcome.value] or ()))
        return cls(steps, attempts, attempts_a_day)

    def as_stored(self) -> dict[str, Any]:
        """Return the columns of a campaign that hold this policy."""
        return {
            "retries": {outcome.value: list(self.step_after(outcome).minutes) for outcome in Outcome},
            "hand_overs": {
                outcome.value: {"person": step.person_id, "minutes": step.minutes_to_act}
                for outcome, step in self.steps.items()
                if step.person_id is not None
            },
            "max_attempts": self.attempts,
            "attempts_a_day": self.attempts_a_day,
        }

    @property
    def people(self) -> frozenset[int]:
        """The ids of the users to whom calls are given."""
        return frozenset(step.person_id for step in self.steps.values() if step.person_id is not None)

    def follows_like(self, other: Policy) -> bool:
        """Return whether the same follows on every outcome that either says something of."""
        return all(self.step_after(outcome) == other.step_after(outcome) for outcome in Outcome)

    def step_after(self, outcome: Outcome, instead: Outcome | None = None) -> Step:
        """Return what follows on an outcome; `instead` is asked where the policy says nothing of it.

        A campaign from before voicemail had a rule goes by how the call ended otherwise (busy, no answer).
        """
        found = self.steps.get(outcome)
        if found is None and instead is not None:
            found = self.steps.get(instead)
        return found or STOP


@dataclass(frozen=True, slots=True)
class Attempts:
    """A campaign's attempts to reach one person so far."""

    number: int
    """The number of the attempt that has just ended."""
    rung: Sequence[datetime.datetime] = ()
    """When the attempts of the last day began in which a phone may have rung."""
    zones: Collection[str] = ()
    """All time zones that the person may be in."""


class Then(StrEnum):
    """What a plan says."""

    AGAIN = "again"
    PERSON = "person"
    NOTHING = "nothing"
    """The policy plans nothing after this outcome."""
    ALL_USED = "all_used"
    """It plans another attempt, but all are used."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What follows on one call."""

    then: Then
    due_at: datetime.datetime | None = None
    """When the next attempt is made, or by when the person is to act."""
    person_id: int | None = None


def plan_after(
    outcome: Outcome,
    attempts: Attempts,
    policy: Policy,
    now: datetime.datetime,
    *,
    instead: Outcome | None = None,
    time_scale: float = 1.0,
) -> Plan:
    """Return what follows on a call that ended at `now` with this outcome.

    `instead` is as for `Policy.step_after`. Waits are divided by `time_scale`; a person's day is not.
    """
    step = policy.step_after(outcome, instead)
    if step.person_id is not None:
        within = datetime.timedelta(minutes=step.minutes_to_act) / time_scale
        return Plan(Then.PERSON, now + within, step.person_id)
    if not step.minutes:
        return Plan(Then.NOTHING)
    if attempts.number >= policy.attempts:
        return Plan(Then.ALL_USED)
    minutes = step.minutes[min(attempts.number - 1, len(step.minutes) - 1)]
    due_at = now + datetime.timedelta(minutes=minutes) / time_scale
    until = full_until(attempts.rung, policy.attempts_a_day, 1, attempts.zones, due_at)
    return Plan(Then.AGAIN, until or due_at)


# So many calls in so many days


def full_until(
    rung: Sequence[datetime.datetime],
    most: int | None,
    days: int,
    zones: Collection[str],
    at: datetime.datetime,
) -> datetime.datetime | None:
    """Return until when `most` calls in `days` days forbid another one at the time `at`; None if they do not.

    `rung` are the times of earlier calls, in any order. No limit is None or 0.
    """
    if not most or len(rung) < most:
        return None
    return days_over(sorted(rung, reverse=True)[most - 1], days, zones, at)


def days_over(
    since: datetime.datetime, days: int, zones: Collection[str], at: datetime.datetime
) -> datetime.datetime | None:
    """Return when a number of calendar days that began on the day of `since` are over; None if they are at `at`.

    Days are those of the person: they begin at midnight there. Where a person may be in several zones, they must be
    over in all of them; where no zone is known, the days are those of UTC.
    """
    ends = [_midnight(since, days, zoneinfo.ZoneInfo(zone)) for zone in zones or ("UTC",)]
    last = max(ends)
    return last if last > at else None


def _midnight(since: datetime.datetime, days: int, zone: zoneinfo.ZoneInfo) -> datetime.datetime:
    day = since.astimezone(zone).date() + datetime.timedelta(days=days)
    return datetime.datetime.combine(day, datetime.time(), zone).astimezone(datetime.UTC)
