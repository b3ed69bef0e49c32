"""What is kept for a team is used by its work alone: held by every service that chooses, not by one form."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from callcenter.access.models import FurtherTeam, Membership, Team
from callcenter.access.rights import CALLER, MANAGER
from callcenter.commands import CommandError
from campaigns.calls import call_actions
from campaigns.calls.quick_call import SingleCall, place_single_call
from campaigns.core.allowed_use import team_for
from campaigns.core.refusals import Refusal
from campaigns.launch import drafts, lifecycle, start, test_call
from campaigns.launch.audience_query import Selection, people_of
from campaigns.models import Call, Campaign, ContactTeam, DialingSwitch, OwnNumber
from campaigns.numbers import understand_number
from providers.models import Provider
from tests.conftest import (
    ALL_DAY,
    MARYAM,
    make_agent,
    make_call,
    make_campaign,
    make_contact,
    make_list,
    make_person,
    make_provider,
)

pytestmark = pytest.mark.django_db
KEPT = "reserved for another team"


@pytest.fixture(autouse=True)
def at_any_hour(settings: Settings, db: None) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    DialingSwitch.objects.get_or_create(pk=1)


@pytest.fixture
def teams(db: None) -> tuple[Team, Team]:
    return Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")


@pytest.fixture
def kept(teams: tuple[Team, Team]) -> Provider:
    """A provider that is kept for the other team."""
    return make_provider(team=teams[1])


@pytest.fixture
def anna(teams: tuple[Team, Team]) -> User:
    person = make_person(MANAGER)
    Membership.objects.create(user=person, team=teams[0])
    return person


def campaign_with(provider: Provider, owner: User, team: Team, **fields: Any) -> Campaign:
    lists = [make_list(1, team=team)]
    values = {"text": "", "agent": make_agent(provider), **ALL_DAY}
    return make_campaign(lists, provider=provider, owner=owner, team=team, **(values | fields))


def test_quick_call_refuses_a_provider_of_another_team(client: Client, anna: User, kept: Provider) -> None:
    asked = SingleCall(to_number=MARYAM, provider=kept, agent=make_agent(kept))
    with pytest.raises(Refusal, match=KEPT):
        place_single_call(asked, person=anna)
    client.force_login(anna)
    form = {"number": MARYAM, "provider": kept.pk, "agent": asked.agent.pk if asked.agent else "", "do": "call"}
    assert client.post(reverse("quick-call"), form | {"form_token": str(uuid.uuid4())}).status_code == 422
    assert not Call.objects.exists()


def test_every_way_to_start_a_campaign_refuses_what_is_kept(
    anna: User, kept: Provider, teams: tuple[Team, Team]
) -> None:
    campaign = campaign_with(kept, make_person(CALLER), teams[0])
    for launch in (start.launch, start.approve):
        Campaign.objects.filter(pk=campaign.pk).update(status="waiting" if launch is start.approve else "draft")
        with pytest.raises(Refusal, match=KEPT):
            launch(campaign.pk, anna)
    Campaign.objects.filter(pk=campaign.pk).update(status="paused")
    with pytest.raises(Refusal, match=KEPT):
        lifecycle.resume(campaign.pk, anna)
    Campaign.objects.filter(pk=campaign.pk).update(status="scheduled", starts_at=timezone.now(), launched_by=anna)
    assert not start.start_scheduled(campaign.pk, timezone.now())
    campaign.refresh_from_db()
    assert KEPT in campaign.start_refusal
    number = understand_number(MARYAM, "IR")
    OwnNumber.objects.create(person=anna, phone=MARYAM, confirmed_at=timezone.now(), reason="seen")
    with pytest.raises(Refusal, match=KEPT):
        test_call.try_message(campaign, anna, number, None, uuid.uuid4())
    call = make_call(campaign=campaign, owner=anna, team=teams[0], status="failed", ended_at=timezone.now())
    with pytest.raises(Refusal, match=KEPT):
        call_actions.call_again(call.pk, anna)


def test_a_draft_takes_no_list_of_another_team(anna: User, teams: tuple[Team, Team]) -> None:
    foreign = make_list(1, team=teams[1])
    provider = make_provider(team=teams[0])
    with pytest.raises(Refusal, match="belongs to another team"):
        drafts.create(anna, {"name": "A", "provider": provider}, [foreign], None)
    campaign = campaign_with(provider, anna, teams[0])
    with pytest.raises(Refusal, match="belongs to another team"):
        drafts.change(campaign.pk, anna, {}, [foreign], was_launched=False)
    campaign.lists.set([foreign])
    with pytest.raises(Refusal, match="belongs to another team"):
        start.launch(campaign.pk, anna)


def test_work_belongs_to_the_team_of_what_it_uses(anna: User, kept: Provider, teams: tuple[Team, Team]) -> None:
    ours, theirs = teams
    assert team_for(anna, None) == ours.pk
    assert team_for(anna, theirs.pk) == ours.pk
    assert team_for(None, theirs.pk) == theirs.pk
    FurtherTeam.objects.create(user=anna, team=theirs)
    leads_both = User.objects.get(pk=anna.pk)
    assert team_for(leads_both, theirs.pk, None) == theirs.pk
    made = place_single_call(SingleCall(to_number=MARYAM, provider=kept, agent=make_agent(kept)), person=leads_both)
    assert made.call.team == theirs


def test_the_command_line_is_bound_too(anna: User, kept: Provider) -> None:
    agent = make_agent(kept)
    with pytest.raises(CommandError, match=KEPT):
        call_command("place_call", MARYAM, provider=kept.name, agent=agent.name, username=anna.username)
    call_command("place_call", MARYAM, provider=kept.name, agent=agent.name)
    assert Call.objects.get().team == kept.team


def test_what_is_nobodys_is_for_all(anna: User) -> None:
    provider = make_provider()
    place_single_call(SingleCall(to_number=MARYAM, provider=provider, agent=make_agent(provider)), person=anna)
    assert Call.objects.get().team == anna.membership.team


def test_who_may_not_change_a_campaign_does_not_control_it(anna: User, teams: tuple[Team, Team]) -> None:
    campaign = campaign_with(make_provider(), make_person(CALLER), teams[1], status="running")
    for act in (lifecycle.pause, lifecycle.stop, lifecycle.resume, start.launch, start.approve):
        with pytest.raises(PermissionDenied):
            act(campaign.pk, anna)  # type: ignore[operator]


def test_a_campaign_by_tag_alone_calls_nobody_of_another_team(anna: User, teams: tuple[Team, Team]) -> None:
    ours, theirs = teams
    own, everybodys, shared = (make_contact(team=team, tags=["gold"]) for team in (ours, None, theirs))
    make_contact(team=theirs, tags=["gold"])
    ContactTeam.objects.create(contact=shared, team=ours)
    campaign = make_campaign(owner=anna, team=ours, tags=["gold"])
    assert set(people_of(campaign)) == {own, everybodys, shared}
    assert Selection.of(campaign).count() == len(Selection.of(campaign).next_ids(0, 10)) == 3
    assert set(people_of(make_campaign(tags=["gold"]))) == {everybodys}
