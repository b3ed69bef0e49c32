"""Budgets: calls flow under them, money wakes whoever waits, and a hard one is never overspent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.core import budget, transitions
from campaigns.core.costs import worst_cost
from campaigns.core.transitions import Why
from campaigns.dialing import reservation
from campaigns.launch import drafts
from campaigns.minute_job import sweep
from campaigns.models import Call, Campaign
from campaigns.reasons import MoneyWait
from campaigns.rules import RANK
from campaigns.tracking import call_updates
from providers.models import Agent
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.core.spending import Spender, run, usual_talk
from tests.conftest import make_call, make_campaign, make_provider
from tests.situations import LeasedProvider

pytestmark = pytest.mark.django_db
PEOPLE = 40
A_MINUTE = Decimal("0.05")
ESTIMATE = PEOPLE * A_MINUTE
MINUTES_30 = Decimal("1.50")


def ended_calls(spender: Spender) -> int:
    """Count the people who were called."""
    return Call.objects.filter(campaign=spender.campaign, status__in=["completed", "no_answer"]).count()


TERMS: dict[str, dict[str, object]] = {
    "hard, the vendor ends calls after 90 s": {"agent_longest": 90},
    "hard, the vendor ends calls after two minutes": {"agent_longest": 120},
    "soft, a call may last 30 minutes": {"budget_is_soft": True},
}


def test_forty_people_within_a_budget_take_at_most_half_as_long_again(capsys: pytest.CaptureFixture[str]) -> None:
    free = run(PEOPLE, usual_talk)
    assert ended_calls(free) == PEOPLE
    for name, terms in TERMS.items():
        within = run(PEOPLE, usual_talk, budget=ESTIMATE * Decimal("1.2"), **terms)  # type: ignore[arg-type]
        without, took = free.seconds, within.seconds
        with capsys.disabled():
            print(f"\n{PEOPLE} people, {name}: {without:.0f} s without a budget, {took:.0f} s with it; "
                  f"spent {within.campaign.spent_cost} of {within.campaign.budget}")  # fmt: skip
        assert ended_calls(within) == PEOPLE, name
        assert took <= 1.5 * without, name
        assert within.campaign.spent_cost <= ESTIMATE * Decimal("1.2"), name
        if "budget_is_soft" not in terms:
            assert within.worst_seen <= ESTIMATE * Decimal("1.2"), name


def test_a_hard_budget_holds_even_if_every_call_runs_to_its_longest() -> None:
    """Where calls may last half an hour, only as many are out as might all do so."""
    spender = run(PEOPLE, lambda _number: 1800, budget=Decimal(5))
    assert spender.worst_seen <= 5
    assert spender.campaign.spent_cost == 3 * MINUTES_30
    assert ended_calls(spender) == 3
    assert Call.objects.filter(wait_reason="budget", status="pending").exists()


def test_a_soft_budget_is_overspent_by_at_most_the_calls_in_flight() -> None:
    spender = run(PEOPLE, lambda _number: 600, budget=Decimal(2), budget_is_soft=True)
    # Half a dollar each; ten were out when the budget was spent.
    assert 2 <= spender.campaign.spent_cost <= 2 + 10 * Decimal("0.50")
    assert ended_calls(spender) < PEOPLE


def test_a_release_wakes_whoever_waits_and_no_clock_does(leased: LeasedProvider) -> None:
    Campaign.objects.update(budget=MINUTES_30)
    first, second = leased.call(), leased.call()
    assert len(leased.commit(first, second).committed) == 1
    assert (second.status, second.wait_reason, second.lease) == ("pending", "budget", None)
    assert Campaign.objects.get().money_wait == MoneyWait.BUDGET
    assert leased.commit(second).committed == []
    Spender(leased).end(first.pk, 0)
    assert Campaign.objects.get().money_wait == MoneyWait.NONE
    assert [one.call_id for one in leased.commit().committed] == [second.pk]


def test_a_release_nudges_the_dispatcher_only_where_somebody_waits(leased: LeasedProvider, nudges: list[str]) -> None:
    first, _second = leased.call(), leased.call()
    leased.commit()
    Spender(leased).end(first.pk, 20)
    assert nudges == []
    Campaign.objects.update(money_wait=MoneyWait.BUDGET)
    Spender(leased).end(_second.pk, 20)
    assert nudges == ["dispatch"]


def test_more_budget_wakes_at_once(leased: LeasedProvider, manager: User, nudges: list[str]) -> None:
    Campaign.objects.update(money_wait=MoneyWait.BUDGET, budget=1, launched_at=Spender(leased).clock.at)
    drafts.change(leased.campaign.pk, manager, {"budget": Decimal(9)}, None, was_launched=True)
    assert Campaign.objects.get().money_wait == MoneyWait.NONE
    assert nudges == ["dispatch"]


def test_the_minute_job_wakes_what_a_dead_process_did_not(leased: LeasedProvider, nudges: list[str]) -> None:
    Campaign.objects.update(money_wait=MoneyWait.PROVIDER_DAY)
    assert sweep()["woken"] == 1
    assert Campaign.objects.get().money_wait == MoneyWait.NONE


def test_a_call_that_waits_for_money_is_due_and_other_campaigns_go_on(leased: LeasedProvider) -> None:
    Campaign.objects.update(budget=MINUTES_30)
    poor = [leased.call(), leased.call()]
    other = make_campaign(provider=leased.provider, agent=leased.campaign.agent, variables={})
    Campaign.objects.filter(pk=other.pk).update(
        status="running", is_filled=True, hours_start="00:00", hours_end="00:00"
    )
    leased.commit()
    rich = leased.call(campaign=other)
    assert [one.call_id for one in leased.commit(*poor).committed] == [rich.pk]
    assert poor[1].due_at <= Spender(leased).clock.at


def test_a_campaign_that_waits_for_money_is_passed_over(leased: LeasedProvider) -> None:
    leased.call()
    now = Spender(leased).clock.at
    assert reservation.providers_with_work(now) == [leased.provider.pk]
    Campaign.objects.update(money_wait=MoneyWait.TEAM_DAY)
    assert reservation.providers_with_work(now) == []
    assert reservation.reserve(leased.provider.pk, leased.token, 10, now) == []


def test_the_agents_own_limit_is_its_worst_case(leased: LeasedProvider) -> None:
    """The vendor ends its calls, a little late at most; begun minutes are billed."""
    assert worst_cost(leased.provider) == MINUTES_30
    assert worst_cost(leased.provider, 90) == 2 * A_MINUTE
    assert worst_cost(leased.provider, 120) == 3 * A_MINUTE
    assert worst_cost(leased.provider, 3600) > MINUTES_30
    Agent.objects.update(longest_seconds=90)
    Campaign.objects.update(budget=Decimal("0.35"))
    calls = [leased.call() for _number in range(5)]
    assert len(leased.commit(*calls).committed) == 3
    assert [call.reserved_cost for call in calls] == [Decimal("0.1")] * 3 + [0, 0]


def test_a_cost_that_is_told_late_corrects_what_was_spent(leased: LeasedProvider) -> None:
    call = leased.call()
    leased.commit(call)
    spender = Spender(leased)
    told = CallSnapshot(remote_id="r1", status=CallStatus.COMPLETED, raw_status="completed", talk_seconds=60)
    call_updates.merge_news({call.pk: told}, source="poll", now=spender.clock.at)
    assert spender.campaign.spent_cost == A_MINUTE
    for _again in range(2):
        spender.end(call.pk, 60, Decimal("0.08"))
        assert (spender.campaign.spent_cost, spender.campaign.reserved_cost) == (Decimal("0.08"), 0)


def test_a_cost_in_another_currency_is_not_added(leased: LeasedProvider) -> None:
    call = leased.call()
    leased.commit(call)
    spender = Spender(leased)
    spender.end(call.pk, 120, Decimal(9000), "INR")
    assert spender.campaign.spent_cost == 2 * A_MINUTE
    call.refresh_from_db()
    assert (call.cost, call.currency) == (9000, "INR")


def test_a_call_that_is_given_up_releases_its_reserve_once_and_its_late_end_costs(leased: LeasedProvider) -> None:
    silent, other = leased.call(), leased.call()
    leased.commit()
    spender, now = Spender(leased), timezone.now()
    these = Call.objects.filter(pk=silent.pk)
    these.update(status="ringing", rank=RANK[CallStatus.RINGING], remote_id="r")
    Campaign.objects.update(money_wait=MoneyWait.BUDGET)
    for _time in range(2):
        transitions.change(transitions.GIVE_UP, these, now, Why("no_news"), next_poll_at=now)
        assert (spender.campaign.reserved_cost, spender.campaign.money_wait) == (MINUTES_30, "")
    spender.end(silent.pk, 60)
    assert (spender.campaign.reserved_cost, spender.campaign.spent_cost) == (MINUTES_30, A_MINUTE)
    spender.end(other.pk, 60)
    assert (spender.campaign.reserved_cost, spender.campaign.spent_cost) == (0, 2 * A_MINUTE)


def test_room_left_is_what_is_neither_spent_nor_reserved() -> None:
    campaign = make_campaign(provider=make_provider(), budget=10, spent_cost=4, reserved_cost=1)
    assert budget.room_left(campaign) == 5
    campaign.budget = None
    assert budget.room_left(campaign) is None
    make_call(campaign=campaign)
