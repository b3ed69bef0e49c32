"""The pilot: a campaign's first few people are called first; then it pauses and asks how to continue."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from callcenter.formats.amounts import rounded_up
from campaigns.core import conditions, results
from campaigns.launch.audience import NOW, WAITS, AudienceJudge
from campaigns.launch.audience_query import people_of
from campaigns.models import Call, Campaign, Contact

SIZE = 10
"""People of a pilot."""
Pilot = Campaign.Pilot


def choose_people(campaign: Campaign, now: datetime.datetime) -> list[int]:
    """Return the ids of the pilot's people: the first who can be called now, filled up with those who can be later."""
    at_once: list[int] = []
    later: list[int] = []
    waits = {reason.value for reason in WAITS}
    for person in AudienceJudge(campaign, now).people():
        if person.verdict == NOW:
            at_once.append(person.contact_id)
            if len(at_once) == SIZE:
                break
        elif person.verdict in waits and len(later) < SIZE:
            later.append(person.contact_id)
    return sorted((at_once + later)[:SIZE])


def has_rest(campaign: Campaign) -> bool:
    """Return whether anybody of the audience has no call yet."""
    return _rest(campaign).exists()


def count_rest(campaign: Campaign) -> int:
    """Count the people of the audience who have no call yet: those that a resume after the pilot queues."""
    return _rest(campaign).count()


def _rest(campaign: Campaign) -> QuerySet[Contact]:
    queued = Call.objects.filter(campaign=campaign, contact=OuterRef("pk"), attempt=1)
    return people_of(campaign).filter(~Exists(queued))


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotResult:
    """The results of a pilot: number of people, results of their calls, and cost."""

    people: int
    talked: int
    rest: int
    """People of the audience who have no call yet; 0 while the pilot is still calling."""
    endings: Sequence[tuple[results.Result, int]]
    """Number of people by the result of their last attempt."""
    attempts: int
    talk_seconds: int
    spent: Decimal
    currency: str
    at: datetime.datetime

    @property
    def average_seconds(self) -> int:
        """Average length of a conversation, in seconds."""
        return self.talk_seconds // self.talked if self.talked else 0

    @property
    def rest_cost(self) -> Decimal | None:
        """Estimated cost of the remaining people, at the pilot's average; None while that is not known."""
        if not self.people or not self.spent:
            return None
        return rounded_up(self.spent * self.rest / self.people, self.currency)


def measure_pilot(campaign: Campaign) -> PilotResult:
    """Return the results of a campaign's pilot; three statements."""
    calls = Call.objects.filter(campaign=campaign)
    sums = calls.aggregate(
        people=Count("pk", filter=Q(attempt=1)),
        attempts=Count("pk", filter=Q(placing_at__isnull=False)),
        talked=Count("contact", filter=conditions.talked(), distinct=True),
        seconds=Sum("talk_seconds", filter=conditions.talked(), default=0),
    )
    return PilotResult(
        people=sums["people"],
        talked=sums["talked"],
        # Counted only after the pilot: the page of a running pilot is refreshed every two seconds.
        rest=0 if campaign.pilot == Pilot.CALLING else count_rest(campaign),
        endings=results.in_order(results.counted(conditions.last_attempts(campaign))),
        attempts=sums["attempts"],
        talk_seconds=sums["seconds"],
        spent=campaign.spent_cost,
        currency=campaign.provider.currency,
        at=timezone.now(),
    )
