"""A campaign that spends in a time of its own: it moves from one end of a call to the next, and never by a clock."""

from __future__ import annotations

import datetime
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils import timezone

from campaigns.core import leases
from campaigns.core.clock import DatabaseClock
from campaigns.core.costs import worst_cost
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import CommitResult, commit_calls
from campaigns.models import Call, Campaign
from campaigns.tracking import call_updates
from providers.models import Agent, Provider
from providers.types import LIVE, CallSnapshot, CallStatus
from tests.situations import LeasedProvider

Talk = Callable[[int], int]
"""How many seconds a call talks, by its number; 0: nobody answers."""
RING_SECONDS = 12


class StoodClock(DatabaseClock):
    """A database's clock that stands where it was put."""

    def __init__(self, at: datetime.datetime) -> None:
        super().__init__()
        self.at = at

    def now(self) -> datetime.datetime:
        """Return where it stands."""
        return self.at


@dataclass
class Spender:
    """One provider and one campaign, dialled by rounds of reservation and commit point."""

    leased: LeasedProvider
    clock: StoodClock = field(default_factory=lambda: StoodClock(timezone.now()))
    began: datetime.datetime = field(init=False)
    worst_seen: Decimal = Decimal(0)
    """The most that was spent and might still be spent at any time."""

    def __post_init__(self) -> None:
        self.began = self.clock.at

    @property
    def seconds(self) -> float:
        """How long it took by its own clock."""
        return (self.clock.at - self.began).total_seconds()

    @property
    def campaign(self) -> Campaign:
        """The campaign as it stands."""
        return Campaign.objects.get(pk=self.leased.campaign.pk)

    def dial(self, lines: int) -> list[int]:
        """Send all that may leave now; returns the ids of the calls."""
        provider, token = self.leased.provider, self.leased.token
        assert leases.take("dispatch", provider.pk, token, self.clock.at)
        sent: list[int] = []
        while ids := reservation.reserve(provider.pk, token, 32, self.clock.at):
            result: CommitResult = commit_calls(provider.pk, token, ids, lines - len(sent), self.clock)
            sent += [call.call_id for call in result.committed]
            reservation.release_some(token, result.left)
            if not result.committed:
                break
        self.look()
        return sent

    def end(self, call_id: int, talk: int, cost: Decimal | None = None, currency: str = "USD") -> None:
        """Let the vendor tell that a call is over."""
        status = CallStatus.COMPLETED if talk else CallStatus.NO_ANSWER
        price = self.leased.provider.price_per_minute
        told = CallSnapshot(
            remote_id=f"r{call_id}", status=status, raw_status=status.value, talk_seconds=talk,
            cost=price * talk / 60 if cost is None else cost, currency=currency,
        )  # fmt: skip
        call_updates.merge_news({call_id: told}, source="poll", now=self.clock.at)

    def look(self) -> None:
        """Hold the books against the rows: what is reserved is what the live calls may cost."""
        campaign = self.campaign
        live = Call.objects.filter(campaign=campaign, status__in=LIVE).select_related("provider", "agent")
        worst = sum((worst_cost(call.provider, call.agent and call.agent.longest_seconds) for call in live), Decimal(0))
        assert campaign.reserved_cost == sum(call.reserved_cost for call in live)
        self.worst_seen = max(self.worst_seen, campaign.spent_cost + worst)


def run(people: int, talk: Talk, *, lines: int = 10, agent_longest: int | None = None, **fields: object) -> Spender:
    """Call everybody once; the spender's clock tells how long it took."""
    leased = LeasedProvider()
    Provider.objects.filter(pk=leased.provider.pk).update(max_lines=lines)
    Agent.objects.update(longest_seconds=agent_longest)
    Campaign.objects.filter(pk=leased.campaign.pk).update(max_attempts=1, retries={}, **fields)
    for _number in range(people):
        leased.call()
    spender = Spender(leased)
    out: list[tuple[datetime.datetime, int, int]] = []
    made = 0
    while True:
        for call_id in spender.dial(lines - len(out)):
            talks, made = talk(made), made + 1
            heapq.heappush(out, (spender.clock.at + datetime.timedelta(seconds=RING_SECONDS + talks), call_id, talks))
        if not out:
            return spender
        spender.clock.at, call_id, talks = heapq.heappop(out)
        spender.end(call_id, talks)


def usual_talk(number: int) -> int:
    """Return the length of a call of an ordinary list: a third does not answer, the others talk about a minute."""
    chance = random.Random(number)
    return 0 if number % 3 == 2 else chance.randint(40, 85)
