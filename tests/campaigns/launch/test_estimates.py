"""Estimates: a range of time and cost, by what the last calls cost, and what a budget leaves undone."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.calls.pricing import guess_price
from campaigns.core.costs import recent_costs
from campaigns.launch import launch_check
from campaigns.launch.estimates import Estimate, estimate
from campaigns.launch.launch_sentence import sentence_of
from campaigns.models import AllowedNumber, Campaign, ListMembership
from campaigns.number_types import type_of
from campaigns.reports.progress import measure
from tests.answers import text_of
from tests.conftest import make_agent, make_call, make_campaign, make_contact, make_list, make_provider

pytestmark = pytest.mark.django_db


def asked(budget: object = None, *, longest: int | None = None, people: int = 40, **fields: object) -> Campaign:
    """Make a draft for forty people at ten lines and five cents a minute."""
    provider = make_provider(max_lines=10, calls_per_minute=6000)
    agent = make_agent(provider, longest_seconds=longest)
    return make_campaign([make_list(people)], provider=provider, agent=agent, budget=budget, **fields)


def test_a_range_is_said_and_a_generous_budget_changes_nothing() -> None:
    free = launch_check.check_launch(asked())
    assert free.estimate == Estimate(minutes=(5, 8), cost=(Decimal("1.34"), Decimal("3.00")))
    assert sentence_of(free).endswith("; 5 to 8 minutes of calling, cost 1.34 to 3.00 USD.")
    assert launch_check.check_launch(asked(50)).estimate == free.estimate


def test_a_budget_says_whom_it_leaves_uncalled_and_how_many_calls_run_at_a_time() -> None:
    """Twenty percent above the estimate, and half an hour for each call: it would not do."""
    check = launch_check.check_launch(asked(Decimal("3.60")))
    # 43 calls until the rest is below 1.50; one and a half of them a person.
    assert (check.estimate.uncalled, check.estimate.lines) == (12, 1)
    assert check.estimate.cost == (Decimal("1.34"), Decimal("3.00"))
    assert check.estimate.minutes == (5, 54)
    assert "With this budget, about 12 of 40 people would not be called." in check.warnings
    assert any(warning.startswith("This budget allows only about 1 call at a time") for warning in check.warnings)


@pytest.mark.parametrize("fields", [{"longest": 90}, {"budget_is_soft": True}])
def test_with_a_limit_of_the_agent_or_a_soft_budget_the_same_amount_does(fields: dict[str, object]) -> None:
    check = launch_check.check_launch(asked(Decimal("3.60"), **fields))  # type: ignore[arg-type]
    assert check.estimate == Estimate(minutes=(5, 8), cost=(Decimal("1.34"), Decimal("3.00")))
    assert check.warnings == []


def test_a_soft_budget_that_is_too_small_leaves_people_uncalled() -> None:
    check = launch_check.check_launch(asked(Decimal("1.50"), budget_is_soft=True))
    assert (check.estimate.uncalled, check.estimate.cost) == (20, (Decimal("1.34"), Decimal("1.50")))


def test_a_hard_budget_below_one_call_blocks_and_a_soft_one_does_not() -> None:
    assert not launch_check.check_launch(asked(1)).is_ready
    assert launch_check.check_launch(asked(1, budget_is_soft=True)).is_ready
    assert launch_check.check_launch(asked(1, longest=90)).is_ready


def test_what_the_last_calls_cost_is_what_the_next_ones_will() -> None:
    campaign = asked()
    for number in range(20):
        make_call(
            provider=campaign.provider, status="completed" if number else "no_answer", placing_at=timezone.now(),
            cost=Decimal("0.10") if number else 0, currency="USD",
        )  # fmt: skip
    recent = recent_costs(campaign.provider)
    assert (recent.calls, recent.mean, recent.likely) == (20, Decimal("0.095"), Decimal("0.10"))
    # 40 calls at 0.076, to 60 at 0.114.
    assert estimate(campaign, 40).cost == (Decimal("3.04"), Decimal("6.84"))


def test_a_likely_call_costs_at_least_a_minute_and_is_the_95th_percentile() -> None:
    provider = make_provider()
    assert recent_costs(provider).likely == Decimal("0.05")
    for number in range(100):
        make_call(provider=provider, status="completed", placing_at=timezone.now(), talk_seconds=6 * number)
    assert recent_costs(provider).likely == Decimal("0.05") * 6 * 94 / 60


def test_without_a_price_only_the_time_is_estimated() -> None:
    campaign = asked()
    campaign.provider.price_per_minute = Decimal(0)
    assert estimate(campaign, 40) == Estimate(minutes=(5, 8))
    assert estimate(campaign, 0).cost is None


def test_the_expected_end_of_a_running_campaign_knows_its_budget(caller: User) -> None:
    running = {"status": "running", "is_filled": True, "launched_at": timezone.now()}
    free, tight = asked(**running), asked(Decimal("3.60"), **running)
    for campaign in (free, tight):
        for _number in range(40):
            make_call(campaign=campaign)
    free_minutes, tight_minutes = measure(free).minutes_left, measure(tight).minutes_left
    assert (free_minutes, tight_minutes) == (8, 54)


def test_the_launch_check_shows_the_limits_of_the_day(client: Client, caller: User) -> None:
    campaign = asked(owner=caller)
    campaign.provider.day_cap = Decimal(2)
    campaign.provider.save()
    client.force_login(caller)
    text = text_of(client.get(reverse("campaign-check", args=[campaign.pk]) + "?count=now"))
    assert "Daily spending limit of the provider: 2.00 USD of 2.00 USD left today." in text
    assert "on 2 days, cost 1.34 to 3.00 USD" in text.replace("\xa0", " ")


def test_the_page_of_a_campaign_says_what_it_waits_for(client: Client, caller: User) -> None:
    campaign = asked(Decimal(3), owner=caller, status="running", launched_at=timezone.now(), money_wait="budget")
    client.force_login(caller)
    page = reverse("campaign", args=[campaign.pk])
    assert "The rest of the budget is reserved for calls in progress; it continues as they end." in text_of(
        client.get(page)
    )
    Campaign.objects.update(money_wait="provider_day")
    text = text_of(client.get(page))
    assert "The provider’s daily spending limit is reached. It continues as calls in progress end, or at" in text
    assert "when the next day begins" in text


def test_a_pilot_whose_costs_are_not_told_says_not_known_yet(client: Client, caller: User) -> None:
    campaign = asked(owner=caller, people=13, status="paused", pilot="asks", launched_at=timezone.now())
    client.force_login(caller)
    page = text_of(client.get(reverse("campaign", args=[campaign.pk])))
    assert "Estimate for the rest not known yet" in page
    assert "Cost not known yet" in page
    assert "about 0.00" not in page


def test_numbers_of_another_price_are_in_the_time_and_in_no_cost() -> None:
    provider = make_provider(price_per_minute=Decimal("0.6"), max_lines=1)
    campaign = make_campaign(provider=provider, max_attempts=1)
    plain, mixed, special = estimate(campaign, 100), estimate(campaign, 120, 20), estimate(campaign, 20, 20)
    assert mixed.cost == plain.cost
    assert mixed.minutes[0] > plain.minutes[0]
    assert (plain.unpriced, mixed.unpriced) == (0, 20)
    assert special.cost is None


@pytest.mark.parametrize(
    "number", ["+449098790123", "+491801234567", "+447011234567", "+447640123456", "+443001234567"]
)
def test_a_launch_check_says_that_the_price_of_an_allowed_number_is_not_known(number: str) -> None:
    people = make_list(3)
    ListMembership.objects.create(contact_list=people, contact=make_contact(phone=number))
    AllowedNumber.objects.create(phone=number, number_type=type_of(number).value, reason="Their own hot line")
    provider = make_provider(price_per_minute=Decimal("0.6"))
    always = {"hours_start": datetime.time(0), "hours_end": datetime.time(0)}
    found = launch_check.check_launch(make_campaign([people], provider=provider, max_attempts=1, **always))
    alone = launch_check.check_launch(make_campaign([make_list(3)], provider=provider, max_attempts=1, **always))
    assert (found.called, found.estimate.cost) == (4, alone.estimate.cost)
    assert any(sentence.startswith("1 person has a number with an unknown price") for sentence in found.warnings)
    assert not any("with an unknown price" in sentence for sentence in alone.warnings)


def test_a_single_call_to_such_a_number_has_no_estimate() -> None:
    provider = make_provider(price_per_minute=Decimal("0.6"))
    assert guess_price(provider, "+449098790123") is None
    assert guess_price(provider, "+442079460123") == guess_price(provider) is not None


def test_a_share_of_the_lines_takes_longer_and_is_said() -> None:
    whole, part = launch_check.check_launch(asked()), launch_check.check_launch(asked(lines_percent=20))
    assert part.estimate.minutes[0] == 25
    assert part.estimate.minutes[1] > 4 * whole.estimate.minutes[1]
    assert "It may use 2 of 10 lines at the same time." in part.warnings


def test_lines_kept_for_single_calls_are_not_counted_on() -> None:
    campaign = asked()
    campaign.provider.single_call_lines = 8
    campaign.provider.save()
    check = launch_check.check_launch(campaign)
    assert check.estimate.minutes[0] == 25
    assert "The provider keeps 8 of 10 lines free for single calls." in check.warnings


def test_campaigns_that_go_first_are_said() -> None:
    campaign = asked(priority="low")
    make_campaign(provider=campaign.provider, status="running", priority="high")
    said = (
        "1 running campaign with a higher priority goes first. After 9 of its calls, one of a lower priority is made."
    )
    assert said in launch_check.check_launch(campaign).warnings
    Campaign.objects.filter(pk=campaign.pk).update(priority="high")
    assert said not in launch_check.check_launch(Campaign.objects.get(pk=campaign.pk)).warnings
