"""What one caller may launch in a day: over all campaigns and single calls, in people and in money."""

from __future__ import annotations

import datetime
import threading
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import CALLER
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core.forms.installation import PricesField
from campaigns.core.refusals import Refusal
from campaigns.launch import approvals, lifecycle, limits, start
from campaigns.models import Call, Campaign, CountedLaunch, InstallationSettings
from providers.models import Provider
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_agent, make_campaign, make_list, make_person, make_phone, make_provider
from tests.situations import fresh

Status = Campaign.Status
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]


@pytest.fixture(autouse=True)
def small_limit(settings: Any) -> None:
    settings.CALLER_LAUNCH_LIMIT = 10
    settings.SINGLE_CALL_HOURS = "00:00-00:00"


def campaign_of(person: User, people: int, **fields: Any) -> Campaign:
    return make_campaign([make_list(people)], owner=person, **(ALL_DAY | fields))


def call_one(person: User, provider: Provider) -> Call:
    agent = make_agent(provider)
    asked = SingleCall(to_number=make_phone(), region="IR", provider=provider, agent=agent)
    return place_single_call(asked, person=person, token=uuid.uuid4()).call


def test_it_adds_up_all_campaigns_and_single_calls_of_a_day(caller: User) -> None:
    assert start.launch(campaign_of(caller, 6).pk, caller).status == Status.RUNNING
    call_one(caller, make_provider())
    third = campaign_of(caller, 4)
    assert "7 people were already launched that day" in limits.why_approval(4, caller, third)
    assert start.launch(third.pk, caller).status == Status.WAITING
    assert start.launch(campaign_of(caller, 3).pk, caller).status == Status.RUNNING
    with pytest.raises(Refusal, match="You have reached your daily limit"):
        call_one(caller, make_provider())


def test_it_is_each_persons_own_and_each_days(caller: User) -> None:
    start.launch(campaign_of(caller, 10).pk, caller)
    assert start.launch(campaign_of(other := make_person(CALLER), 10).pk, other).status == Status.RUNNING
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    assert start.launch(campaign_of(caller, 10).pk, caller, starts_at=tomorrow).status == Status.SCHEDULED
    assert start.launch(campaign_of(caller, 1).pk, caller, starts_at=tomorrow).status == Status.WAITING
    CountedLaunch.objects.update(day=timezone.localdate() - datetime.timedelta(days=1))
    assert start.launch(campaign_of(caller, 10).pk, caller).status == Status.RUNNING


def test_what_is_taken_back_or_approved_counts_no_more(caller: User, manager: User) -> None:
    later = campaign_of(caller, 10)
    start.launch(later.pk, caller, starts_at=timezone.now() + datetime.timedelta(minutes=1))
    start.take_back(later.pk, caller)
    big = campaign_of(caller, 11)
    start.launch(big.pk, caller)
    start.approve(big.pk, manager, mark=approvals.mark_of(fresh(big)))
    assert start.launch(campaign_of(caller, 10).pk, caller).status == Status.RUNNING


def test_managers_have_no_limit_of_their_own(manager: User) -> None:
    assert start.launch(campaign_of(manager, 12).pk, manager).status == Status.RUNNING
    call_one(manager, make_provider())


def test_a_pilot_counts_its_few_people_and_the_rest_when_it_goes_on(caller: User) -> None:
    piloted = campaign_of(caller, 12)
    start.launch(piloted.pk, caller, is_pilot=True)
    assert CountedLaunch.objects.get().people == 10
    Campaign.objects.update(status=Status.PAUSED, pilot=Campaign.Pilot.ASKS)
    with pytest.raises(Refusal, match="Ask a manager"):
        lifecycle.resume(piloted.pk, caller)


@pytest.mark.parametrize("by_row", [True, False])
def test_above_a_price_it_needs_approval_as_well(client: Client, caller: User, settings: Any, *, by_row: bool) -> None:
    if by_row:
        InstallationSettings.objects.create(caller_launch_prices={"USD": "1"})
    else:
        settings.CALLER_LAUNCH_PRICES = {"USD": "1"}
    cheap, dear = campaign_of(caller, 2), campaign_of(caller, 8, provider=make_provider(price_per_minute="0.50"))
    assert start.launch(cheap.pk, caller).status == Status.RUNNING
    client.force_login(caller)
    page = text_of(client.get(reverse("campaign-check", args=[dear.pk])))
    assert "this is over the limit of 1.00 USD" in page
    assert start.launch(dear.pk, caller).status == Status.WAITING
    unpriced = campaign_of(caller, 1, provider=make_provider(price_per_minute=0))
    assert "The cost is unknown" in limits.why_approval(1, caller, unpriced)
    elsewhere = campaign_of(caller, 1, provider=make_provider(currency="IRT", price_per_minute=900))
    assert start.launch(elsewhere.pk, caller).status == Status.RUNNING


def test_two_prices_add_up(caller: User, settings: Any) -> None:
    settings.CALLER_LAUNCH_PRICES = {"USD": "1"}
    first, second = (campaign_of(caller, 5) for _ in range(2))
    assert start.launch(first.pk, caller).status == Status.RUNNING
    CountedLaunch.objects.update(cost="0.99")
    assert start.launch(second.pk, caller).status == Status.WAITING


@pytest.mark.django_db(transaction=True)
def test_two_launches_at_once_count_each_other(for_threads: None) -> None:
    sara = make_person(CALLER)
    ids = [campaign_of(sara, 6).pk for _ in range(2)]
    barrier = threading.Barrier(2)

    def press(pk: int) -> None:
        try:
            barrier.wait()
            start.launch(pk, sara)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press, args=[pk]) for pk in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(Campaign.objects.values_list("status", flat=True)) == [Status.RUNNING, Status.WAITING]


def test_amounts_are_written_by_currency() -> None:
    field = PricesField(required=False)
    assert field.clean("usd 50, IRT 2000000") == {"USD": "50", "IRT": "2000000"}
    assert field.clean(" ") is None
    assert field.prepare_value({"USD": "50"}) == "USD 50"
    for wrong in ("50", "USD", "USD -1", "USD 5e3", "dollars 5"):
        with pytest.raises(ValidationError):
            field.clean(wrong)
