"""The pilot: a campaign's first few people, called alone; when all are over it asks how to go on."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from campaigns.core import conditions, results
from campaigns.launch.audience import NOW, WAITS, AudienceJudge
from campaigns.launch.audience_query import people_of
from campaigns.models import Call, Campaign, Contact

SIZE = 10
Pilot = Campaign.Pilot


def choose_people(campaign: Campaign, now: datetime.datetime) -> list[int]:
    """Return the ids of the pilot's people: the first who can be called at once, else the first who can be later."""
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
    """Tell whether anybody of the audience has no row yet."""
    return _rest(campaign).exists()


def count_rest(campaign: Campaign) -> int:
    """Count who has no row yet: those whom going on is about."""
    return _rest(campaign).count()


def _rest(campaign: Campaign) -> QuerySet[Contact]:
    queued = Call.objects.filter(campaign=campaign, contact=OuterRef("pk"), attempt=1)
    return people_of(campaign).filter(~Exists(queued))


@dataclass(frozen=True, slots=True, kw_only=True)
class PilotResult:
    """What came of the pilot: how many people, how each ended, what it cost."""

    people: int
    talked: int
    rest: int
    """People who are still to be called, or not, when it goes on; counted once it is over."""
    endings: Sequence[tuple[results.Result, int]]
    """People by what came of their last attempt."""
    attempts: int
    talk_seconds: int
    spent: Decimal
    currency: str
    at: datetime.datetime

    @property
    def average_seconds(self) -> int:
        """How long a conversation took."""
        return self.talk_seconds // self.talked if self.talked else 0

    @property
    def rest_cost(self) -> Decimal | None:
        """What the rest costs where each of them costs what one of these did; None where these cost nothing."""
        if not self.people or not self.spent:
            return None
        return (self.spent * self.rest / self.people).quantize(Decimal("0.01"))


def measure_pilot(campaign: Campaign) -> PilotResult:
    """Count what the pilot's people came to; three statements."""
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
        # Only where it is asked about: the page of a running pilot is drawn anew every two seconds.
        rest=0 if campaign.pilot == Pilot.CALLING else count_rest(campaign),
        endings=results.in_order(results.counted(conditions.last_attempts(campaign))),
        attempts=sums["attempts"],
        talk_seconds=sums["seconds"],
        spent=campaign.spent_cost,
        currency=campaign.provider.currency,
        at=timezone.now(),
    )
