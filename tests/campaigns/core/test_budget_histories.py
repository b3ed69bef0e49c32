"""Whatever happens to calls, in whatever order: a hard budget and the caps of the day are never overspent.

After every event the books are held against the rows: what is reserved is the worst cost of the live calls, what was
spent is what the ended ones cost, and both together fit under every cap.
"""

from __future__ import annotations

import datetime
import os
import random
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from callcenter.access.models import Team
from campaigns.core import budget, day_caps, transitions
from campaigns.core.call_events import Source
from campaigns.core.costs import real_cost
from campaigns.core.transitions import Why
from campaigns.dialing.order_results import OrderAnswer, write_answers
from campaigns.models import Call, Campaign, DayCap, DaySpending
from campaigns.tracking import call_updates, stuck_calls
from providers.exceptions import NotSent, OrderRejected, OutcomeUnknown, ProviderError
from providers.models import Agent, Provider
from providers.types import FINAL, LIVE, CallOrder, CallStatus, PlacedCall
from tests.campaigns.core.spending import Spender
from tests.conftest import make_agent
from tests.situations import LeasedProvider

HISTORIES = int(os.environ.get("BUDGET_HISTORIES", "6"))
EVENTS = 45
BUDGET, PROVIDER_CAP, TEAM_CAP, PERSON_CAP = Decimal("2.40"), Decimal("4.10"), Decimal("3.30"), Decimal("3.50")


class History:
    """One random life of two campaigns and some single calls at one provider."""

    def __init__(self, seed: int, team: Team, person: User) -> None:
        self.chance, self.team, self.person = random.Random(seed), team, person
        self.leased = LeasedProvider()
        self.spender = Spender(self.leased)
        Provider.objects.update(day_cap=PROVIDER_CAP, max_call_seconds=600)
        Agent.objects.update(longest_seconds=290)
        Campaign.objects.update(budget=BUDGET, launched_by=person, team=team, retries={"no_answer": [0]})
        DayCap.objects.create(team=team, currency="USD", amount=TEAM_CAP)
        DayCap.objects.create(person=person, currency="USD", amount=PERSON_CAP)
        self.slow_agent = make_agent(self.leased.provider)
        """An agent without a limit of its own: its calls are dearer at the worst."""
        for _number in range(12):
            self.ask()

    def ask(self) -> None:
        """Ask for one more call: of the campaign, or a single one."""
        own = {"agent": self.chance.choice([self.leased.campaign.agent, self.slow_agent]), "team": self.team}
        if self.chance.random() < 0.3:
            own |= {"campaign": None, "provider": self.leased.provider, "owner": self.person}
        self.leased.call(**own)

    def step(self) -> None:
        """Let one random thing happen."""
        live = list(Call.objects.filter(status__in=LIVE).order_by("pk"))
        what = self.chance.choice(
            [self.dial, self.dial, self.answer, self.end, self.end, self.undo, self.late, self.ask]
        )
        self.spender.clock.at += datetime.timedelta(seconds=self.chance.randint(1, 40))
        if what in (self.dial, self.ask) or not live:
            what()  # type: ignore[call-arg]
        else:
            what(self.chance.choice(live))  # type: ignore[call-arg]
        self.hold()

    def dial(self, _call: Call | None = None) -> None:
        """Send what may leave; sometimes the process is killed with its reservations held."""
        self.spender.dial(self.chance.randint(1, 6))

    def answer(self, call: Call | None = None) -> None:
        """Let the vendor answer an order, or not."""
        if call is None or call.status != CallStatus.PLACING:
            return
        result: PlacedCall | ProviderError = self.chance.choice(
            [PlacedCall(remote_id=f"r{call.pk}"), NotSent("x"), OrderRejected("x"), OutcomeUnknown("x")]
        )
        order = CallOrder(reference=call.reference, to_number=call.to_number)
        answer = OrderAnswer(call_id=call.pk, order=order, result=result)
        write_answers(self.leased.provider.pk, [answer], self.spender.clock.at)

    def end(self, call: Call | None = None) -> None:
        """Let a call end, at most as dear as it can be."""
        if call is not None:
            longest = int(call.reserved_cost * 60 / call.provider.price_per_minute) if call.reserved_cost else 0
            self.spender.end(call.pk, self.chance.choice([0, longest // 5, longest]))

    def undo(self, call: Call | None = None) -> None:
        """Lose an order, hold it as never placed, find it again, or release what a silent call reserves."""
        if call is None:
            return
        now, these = self.spender.clock.at, Call.objects.filter(pk=call.pk)
        match self.chance.randrange(4):
            case 0:
                Call.objects.filter(pk=call.pk).update(deadline_at=now - datetime.timedelta(minutes=5))
                stuck_calls.free_the_stuck(now)
            case 1:
                transitions.change(transitions.HOLD, these, now, Why("absent"))
            case 2:
                held = Call.objects.filter(failure_reason="not_placed").first()
                if held is not None and budget.room_left(self.spender.campaign) is None:
                    call_updates.bind(held.pk, f"b{held.pk}", code="bound", source=Source.LIST, now=now)
            case _:
                transitions.change(transitions.CLOSE, these, now, Why("bound_by_person"), to=CallStatus.COMPLETED)

    def late(self, _call: Call | None = None) -> None:
        """Let the vendor tell the end of a call once more, cheaper."""
        over = Call.objects.filter(status="completed", remote_id="").order_by("?").first()
        if over is not None:
            self.spender.end(over.pk, 1)

    def hold(self) -> None:
        """Hold the books against the rows."""
        for campaign in Campaign.objects.all():
            rows = list(Call.objects.filter(campaign=campaign).select_related("provider"))
            live = [row for row in rows if row.status in LIVE]
            ended = [row for row in rows if row.status in FINAL]
            spent = sum(
                (real_cost(row.provider, row.talk_seconds, row.cost, row.currency) for row in ended), Decimal(0)
            )
            assert campaign.reserved_cost == sum(row.reserved_cost for row in live)
            assert all(row.reserved_cost > 0 for row in live)
            assert abs(campaign.spent_cost - spent) < Decimal("0.01")
            assert campaign.spent_cost + campaign.reserved_cost <= BUDGET
        used = day_caps.used_today("USD", self.spender.clock.at)
        assert day_caps.used_by(used, provider=self.leased.provider.pk) <= PROVIDER_CAP
        assert day_caps.used_by(used, team=self.team.pk) <= TEAM_CAP
        assert day_caps.used_by(used, person=self.person.pk) <= PERSON_CAP
        of_the_day = sum((row.amount for row in DaySpending.objects.all()), Decimal(0))
        over = Call.objects.filter(status__in=FINAL).select_related("provider")
        costs = sum((real_cost(row.provider, row.talk_seconds, row.cost, row.currency) for row in over), Decimal(0))
        assert abs(of_the_day - costs) < Decimal("0.01")


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(HISTORIES))
def test_no_history_overspends(seed: int, caller: User, settings: Settings) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    history = History(seed, Team.objects.create(name="North"), caller)
    for _event in range(EVENTS):
        history.step()
    assert Call.objects.filter(status__in=FINAL).exists()
