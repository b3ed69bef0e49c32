"""Generates calls: for each person a chain of attempts, with random results that depend on the hour."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import NamedTuple

from campaigns.history.people import Everybody
from campaigns.history.plan import CLOSES, DAY, OPENS, HistoryPlan
from campaigns.models import Campaign
from campaigns.reasons import SkipReason, WaitReason
from providers.types import CallStatus, FailureReason

DELAYS = {CallStatus.BUSY: (10, 30), CallStatus.NO_ANSWER: (60, 180)}
"""Minutes before a second and a third attempt."""
RECENT = 120
"""A call that was sent less than this many seconds before the end of the history is still live."""
NOBODY = -1


class Draft(NamedTuple):
    """One call, times in epoch seconds."""

    created: int
    plan: int
    """Index of the campaign; `NOBODY` for a single call."""
    person: int
    """Index of the person."""
    attempt: int
    status: CallStatus
    due: int
    placing: int | None = None
    answered: int | None = None
    ended: int | None = None
    talk: int | None = None
    answered_by: str = "unknown"
    reason: str = ""
    """Why it failed, waits or was skipped."""
    is_held: bool = False
    has_contact: bool = True


class Drafter:
    """Draws calls at random; the same seed draws the same ones."""

    def __init__(self, chance: random.Random, people: Everybody, until: int) -> None:
        self._chance, self._people, self._until = chance, people, until
        self._blocked: set[int] = set()
        """People with a live or unknown call: nobody has two at once."""

    def campaign(self, plan: HistoryPlan) -> Iterator[Draft]:
        """Yield the calls of one campaign, by person in the order in which they are called."""
        everybody = len(self._people.phones)
        offset = plan.place * 7919 % everybody
        # 1.55 is the average number of attempts a person that the probabilities below produce.
        audience = min(everybody, int(plan.calls / 1.55))
        made = 0
        for number in range(everybody):
            if made >= plan.calls:
                return
            person = (offset + number * 3) % everybody if everybody % 3 else (offset + number) % everybody
            for draft in self._chain(plan, person, number / max(audience, 1)):
                made += 1
                yield draft

    def singles(self, number: int) -> Iterator[Draft]:
        """Yield `number` single calls placed by hand; one person receives many of them."""
        span = 100 * DAY
        for _place in range(number):
            placing = self._until - 300 - self._chance.randrange(span)
            person = 0 if self._chance.random() < 0.02 else self._chance.randrange(len(self._people.phones))
            draft = self._attempt(placing - self._chance.randrange(1, 5), NOBODY, person, 1, placing)
            yield draft._replace(has_contact=self._chance.random() > 0.2)

    def _chain(self, plan: HistoryPlan, person: int, share: float) -> Iterator[Draft]:
        waits = share >= 1 - plan.left
        if person in self._people.forbidden and not waits:
            moment = min(plan.moment(min(share, 0.999), self._chance), plan.ends)
            yield Draft(
                plan.began, plan.place, person, 1, CallStatus.SKIPPED, plan.began, ended=moment,
                reason=SkipReason.DO_NOT_CALL,
            )  # fmt: skip
            return
        if plan.status == Campaign.Status.STOPPED and share > 0.7:
            yield Draft(
                plan.began, plan.place, person, 1, CallStatus.SKIPPED, plan.began, ended=plan.ends,
                reason=SkipReason.STOPPED,
            )  # fmt: skip
            return
        if waits:
            wait = WaitReason.OUTSIDE_HOURS if self._chance.random() < 0.02 else WaitReason.NONE
            yield Draft(plan.began, plan.place, person, 1, CallStatus.PENDING, plan.began, reason=wait.value)
            return
        created, placing = plan.began, plan.moment(min(share / (1 - plan.left), 0.999), self._chance)
        for attempt in (1, 2, 3):
            if placing > plan.ends:
                if not plan.is_over:
                    yield Draft(
                        created, plan.place, person, attempt, CallStatus.PENDING, placing,
                        reason=WaitReason.RETRY if attempt > 1 else "",
                    )  # fmt: skip
                return
            draft = self._attempt(created, plan.place, person, attempt, placing)
            yield draft
            delays = DELAYS.get(draft.status)
            if delays is None or attempt == 3 or draft.ended is None:
                return
            created = draft.ended
            placing = self._within_hours(created + delays[attempt - 1] * 60 + self._chance.randrange(600))

    def _within_hours(self, moment: int) -> int:
        second = moment % DAY
        if second < OPENS:
            return moment - second + OPENS + self._chance.randrange(3600)
        return moment - second + DAY + OPENS + self._chance.randrange(3600) if second > CLOSES else moment

    def _attempt(self, created: int, plan: int, person: int, attempt: int, placing: int) -> Draft:
        chance, age = self._chance, self._until - placing
        draft = Draft(created, plan, person, attempt, CallStatus.COMPLETED, placing, placing)
        if age < RECENT and person not in self._blocked:
            self._blocked.add(person)
            status = chance.choice((CallStatus.RINGING, CallStatus.IN_PROGRESS, CallStatus.QUEUED))
            answered = placing + 9 if status == CallStatus.IN_PROGRESS else None
            return draft._replace(status=status, answered=answered)
        if age < 12 * 3600 and chance.random() < 0.002 and person not in self._blocked:
            self._blocked.add(person)
            return draft._replace(status=CallStatus.UNKNOWN)
        # People answer most in the morning and the early evening.
        hour = (placing + 12_600) % DAY // 3600
        answers = 0.42 + (0.12 if hour in {10, 11, 17, 18} else 0.0) - 0.03 * attempt
        dice = chance.random()
        if dice < answers:
            ring, talk = chance.randrange(4, 26), int(min(8 + chance.expovariate(1 / 70), 900))
            by, length = ("machine", chance.randrange(3, 31)) if chance.random() < 0.17 else ("human", talk)
            answered = placing + ring
            return draft._replace(answered=answered, ended=answered + length, talk=length, answered_by=by)
        if dice < 0.86:
            return draft._replace(status=CallStatus.NO_ANSWER, ended=placing + chance.randrange(28, 46))
        if dice < 0.94:
            return draft._replace(status=CallStatus.BUSY, ended=placing + chance.randrange(3, 9))
        if dice < 0.985:
            reason = chance.choice((FailureReason.VENDOR_ERROR, FailureReason.NOT_CONNECTED, FailureReason.EXPIRED))
            return draft._replace(
                status=CallStatus.FAILED, ended=placing + chance.randrange(1, 60), reason=reason.value
            )
        if dice < 0.9855 and age < 5 * DAY:
            ended = placing + chance.randrange(1200, 4000)
            held = FailureReason.NOT_PLACED.value
            return draft._replace(status=CallStatus.FAILED, ended=ended, reason=held, is_held=True)
        return draft._replace(status=CallStatus.CANCELED, ended=placing + chance.randrange(2, 40))
