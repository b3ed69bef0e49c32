"""What a living campaign is approved for: sources, limits, days and budget; growth inside it needs nobody."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.formats.calendars import plain_day
from campaigns.core.day_caps import day_of
from campaigns.core.refusals import Refusal
from campaigns.launch import approvals, drafts, lifecycle, start
from campaigns.launch.launch_check import check_launch
from campaigns.launch.launch_sentence import sentence_of
from campaigns.launch.living import joining
from campaigns.models import ApprovedPerson, Call, Campaign, CampaignApproval, ListMembership
from tests.answers import text_of
from tests.campaigns.launch.builder_form import typed
from tests.conftest import ALL_DAY, make_agent, make_campaign, make_contact, make_list, make_provider
from tests.situations import fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status = Campaign.Status
WEEK = datetime.timedelta(days=7)


@pytest.fixture(autouse=True)
def small_limit(settings: Any) -> None:
    settings.CALLER_LAUNCH_LIMIT = 10


def living(owner: User, people: int = 0, **fields: Any) -> Campaign:
    limits = {"people_a_day": 20, "people_in_all": 50, "last_day": day_of(timezone.now()).date + WEEK}
    return make_campaign([make_list(people)], owner=owner, is_living=True, **(ALL_DAY | limits | fields))


def approved(caller: User, manager: User, **fields: Any) -> Campaign:
    campaign = living(caller, **fields)
    assert start.launch(campaign.pk, caller).status == Status.WAITING
    start.approve(campaign.pk, manager, mark=approvals.mark_of(fresh(campaign)))
    return fresh(campaign)


def grow(campaign: Campaign, count: int = 3) -> None:
    people = campaign.lists.get()
    ListMembership.objects.bulk_create(
        ListMembership(contact_list=people, contact=make_contact()) for _number in range(count)
    )


def test_growth_inside_what_was_approved_needs_nobody(caller: User, manager: User) -> None:
    campaign = approved(caller, manager)
    approval = CampaignApproval.objects.get(campaign=campaign)
    assert (approval.binds, approval.people, ApprovedPerson.objects.count()) == ("sources", 50, 0)
    grow(campaign)
    assert joining.take_up_all() == 3
    assert (fresh(campaign).status, approvals.exceeds(fresh(campaign), approval)) == (Status.RUNNING, False)
    lifecycle.pause(campaign.pk, caller)
    grow(campaign)
    assert lifecycle.resume(campaign.pk, caller).status == Status.RUNNING
    assert joining.take_up_all() == 3


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"people_in_all": 51}, "Total contacts: was 50, now 51."),
        ({"people_a_day": 21}, "New contacts per day: was 20, now 21."),
        ({"last_day": datetime.date(2100, 1, 2)}, "Last day: was"),
        ({"tags": ["new"]}, "Tags: was none, now"),
        ({"is_living": False}, "Stays open: was yes, now no."),
        ({"budget": Decimal(9)}, "Budget: was"),
        ({"lists": ()}, "Lists: was"),
    ],
)
def test_whatever_an_approval_binds_returns_it(caller: User, manager: User, values: dict[str, Any], words: str) -> None:
    campaign = approved(caller, manager)
    approval = CampaignApproval.objects.get(campaign=campaign)
    if "lists" in values:
        campaign.lists.set([make_list(1)])
    else:
        Campaign.objects.filter(pk=campaign.pk).update(**values)
    assert any(words in said for said in approvals.differences(fresh(campaign), approval))
    if values.get("is_living", True):
        grow(campaign)
        joining.take_up_all()
        assert fresh(campaign).status == Status.WAITING
        assert not Call.objects.filter(campaign=campaign).exists()


def test_a_change_after_the_look_is_not_approved(caller: User, manager: User) -> None:
    campaign = living(caller)
    start.launch(campaign.pk, caller)
    mark = approvals.mark_of(fresh(campaign))
    grow(campaign)
    Campaign.objects.filter(pk=campaign.pk).update(people_in_all=500)
    with pytest.raises(Refusal, match="changed after you opened it"):
        start.approve(campaign.pk, manager, mark=mark)
    Campaign.objects.filter(pk=campaign.pk).update(people_in_all=50)
    assert start.approve(campaign.pk, manager, mark=mark).status == Status.RUNNING


def test_a_caller_launches_within_the_limit_and_does_not_widen_it(caller: User, manager: User) -> None:
    campaign = living(caller, people_a_day=5, people_in_all=10)
    assert start.launch(campaign.pk, caller, seen=0).status == Status.RUNNING
    with pytest.raises(Refusal, match="over the daily limit of 10"):
        drafts.change(campaign.pk, caller, {"people_in_all": 11}, None, was_launched=True)
    assert fresh(campaign).people_in_all == 10
    drafts.change(campaign.pk, manager, {"people_in_all": 11}, None, was_launched=True)
    assert fresh(campaign).people_in_all == 11
    # What is launched counts in all: a second one on the same day waits.
    assert start.launch(living(caller, people_in_all=1).pk, caller).status == Status.WAITING


@pytest.mark.parametrize("missing", ["people_a_day", "people_in_all", "last_day"])
def test_without_a_limit_it_is_not_launched(manager: User, missing: str) -> None:
    campaign = living(manager, people=1, **{missing: None})
    with pytest.raises(Refusal, match="set the maximum new contacts per day"):
        start.launch(campaign.pk, manager)


def test_nor_after_its_last_day_nor_as_a_pilot(manager: User) -> None:
    late = living(manager, people=1, last_day=day_of(timezone.now()).date - WEEK)
    with pytest.raises(Refusal, match="last day has passed"):
        start.launch(late.pk, manager)
    check = check_launch(late, timezone.now(), manager)
    assert check.verdicts == {"last_day": 1}
    assert "1 after the last day" in sentence_of(check)
    endless = living(manager, people=1, last_day=day_of(timezone.now()).date + datetime.timedelta(days=400))
    with pytest.raises(Refusal, match="within a year"):
        start.launch(endless.pk, manager)
    with pytest.raises(Refusal, match="has no pilot"):
        start.launch(living(manager, people=1).pk, manager, is_pilot=True)


def test_the_check_says_what_it_is_launched_for(manager: User) -> None:
    campaign = living(manager)
    campaign.provider.price_per_minute, campaign.provider.currency = Decimal(1), "USD"
    check = check_launch(campaign, timezone.now(), manager)
    assert check.is_ready
    assert check.terms.startswith(
        f"Stays open until {plain_day(campaign.last_day)}: contacts added to its lists or tags are called, "
        "at most 20 a day and 50 people in total. If the maximum is reached, it costs"
    )


def test_it_is_written_launched_and_watched_on_the_screen(client: Client, manager: User) -> None:
    client.force_login(manager)
    provider, people, address = make_provider(), make_list(0), "/campaigns/new/"
    form = typed(provider, agent=make_agent(provider).pk, lists=[people.pk], is_living="on")
    refused = client.post(address, form | {"people_a_day": "9", "people_in_all": "5", "last_day": "2020-01-01"})
    assert refused.status_code == 422
    assert "This is more than the maximum total contacts." in text_of(refused)
    assert "This day has passed. Choose a later one." in text_of(refused)
    assert "A campaign that stays open needs this limit." in text_of(client.post(address, form))
    day = (day_of(timezone.now()).date + WEEK).isoformat()
    answer = client.post(address, form | {"people_a_day": "۲", "people_in_all": "5", "last_day": day})
    assert answer.status_code == 302
    assert "Launch and keep open" in text_of(client.get(answer.headers["Location"]))
    campaign = Campaign.objects.get()
    client.post(f"/campaigns/{campaign.pk}/launch/", {"seen": "0"})
    shown = text_of(client.get(f"/campaigns/{campaign.pk}/"))
    assert "Waiting for new contacts. Today 0 of 2 new people, 0 of 5 in total, until" in shown
    assert "contacts added to these lists or tags are called" in text_of(
        client.get(f"/campaigns/{campaign.pk}/settings/")
    )


def test_limits_without_a_campaign_that_stays_open_are_not_kept(client: Client, manager: User) -> None:
    client.force_login(manager)
    provider, people = make_provider(), make_list(1)
    form = typed(provider, agent=make_agent(provider).pk, lists=[people.pk], people_a_day="9", last_day="2100-01-01")
    assert client.post("/campaigns/new/", form).status_code == 302
    campaign = Campaign.objects.get()
    assert (campaign.people_a_day, campaign.last_day) == (None, None)
