"""What happened is told once to whom it concerns: approvals by mail, results, files, calls given to a person."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER, MANAGER
from campaigns import outcomes
from campaigns.calls import hand_overs
from campaigns.core.refusals import Refusal
from campaigns.launch import lifecycle, start
from campaigns.models import Call, Campaign, HandOver, Happening, Notice
from campaigns.notices import deliveries, inbox, reminders, telling
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_list, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
HOUR = datetime.timedelta(hours=1)


@pytest.fixture(autouse=True)
def installation(settings: Settings) -> None:
    settings.PUBLIC_URL = "https://console.example.org"
    settings.CALLER_LAUNCH_LIMIT = 3
    telling.listen()


@pytest.fixture
def sara() -> User:
    return make_person(CALLER, username="sara", first_name="Sara", email="sara@example.org")


@pytest.fixture
def reza() -> User:
    return make_person(MANAGER, username="reza", first_name="Reza", email="reza@example.org")


def asked(owner: User, **fields: Any) -> Campaign:
    campaign = make_campaign([make_list(4)], owner=owner, name="Appointments", **(ALL_DAY | fields))
    assert start.launch(campaign.pk, owner).status == Campaign.Status.WAITING
    return campaign


def told() -> list[tuple[str, str]]:
    """Tell what happened, send it, and return who got which mail, by its first line."""
    mail.outbox.clear()
    now = timezone.now()
    telling.tell(now)
    deliveries.send(now)
    return sorted((letter.to[0].partition("@")[0], str(letter.body).partition("\n")[0]) for letter in mail.outbox)


def test_an_approval_by_mail(client: Client, sara: User, reza: User) -> None:
    """The mail says what is asked and has a link; after log-in a page approves or returns it, and the author hears."""
    campaign = asked(sara)
    ((who, what),) = told()
    assert (who, what) == ("reza", "Sara asks for approval of the campaign “Appointments”. It would call 4 people.")
    address = reverse("campaign-check", args=[campaign.pk])
    assert f"https://console.example.org{address}" in mail.outbox[0].body
    assert told() == [], "it is told once"
    assert client.get(address).headers["Location"] == f"{reverse('login')}?next={address}"
    client.force_login(reza)
    page = client.get(address)
    assert "Approve and launch" in text_of(page)
    assert "Return" in text_of(page)
    refused = client.post(reverse("campaign-return", args=[campaign.pk]), {"reason": " "}, follow=True)
    assert "Enter a reason" in text_of(refused)
    assert inbox.unread(reza) == 1
    client.post(reverse("campaign-return", args=[campaign.pk]), {"reason": "Wrong list"})
    assert Campaign.objects.get().status == Campaign.Status.DRAFT
    assert told() == [("sara", "Reza returned the campaign “Appointments”. Reason: Wrong list")]
    assert inbox.unread(reza) == 0, "what is answered needs nobody any more"
    start.launch(campaign.pk, sara)
    told()
    start.approve(campaign.pk, reza)
    assert told() == [("sara", "Reza approved the campaign “Appointments”.")]
    assert inbox.unread(reza) == 0


def test_only_who_may_approve_returns_a_campaign(sara: User, reza: User) -> None:
    campaign = asked(sara)
    Membership.objects.create(user=sara, team=Team.objects.create(name="Ours"))
    Campaign.objects.update(team=sara.membership.team)
    for person in (sara, reza):
        with pytest.raises(PermissionDenied):
            start.give_back(campaign.pk, person, "Wrong list")
    assert told() == [], "nobody of another team is asked"
    Membership.objects.create(user=reza, team=sara.membership.team)
    ours = User.objects.get(pk=reza.pk)
    with pytest.raises(Refusal):
        start.give_back(campaign.pk, ours, "")
    assert start.give_back(campaign.pk, ours, "Wrong list")
    assert not start.give_back(campaign.pk, ours, "Wrong list"), "it waits no more"


def test_what_was_taken_back_before_it_was_told_needs_nobody(sara: User, reza: User) -> None:
    campaign = asked(sara)
    start.take_back(campaign.pk, sara)
    assert told() == []
    assert not Happening.objects.exists()


def test_what_is_rolled_back_is_told_to_nobody(sara: User, reza: User) -> None:
    with transaction.atomic():
        asked(sara)
        transaction.set_rollback(True)
    assert told() == []


def test_an_owner_hears_of_the_end_with_its_result(sara: User, reza: User) -> None:
    campaign = make_campaign(owner=sara, name="Survey", status="running", is_filled=True)
    talked = {"status": "completed", "talk_seconds": 30, "placing_at": timezone.now()}
    make_call(campaign=campaign, contact=make_contact(), **talked)
    make_call(campaign=campaign, status="no_answer", placing_at=timezone.now())
    lifecycle.finish_done_campaigns()
    assert told() == [("sara", "The campaign “Survey” is finished: 2 people called, 1 conversation.")]


def given_to(person: User, due: datetime.datetime) -> HandOver:
    call = make_call(status="no_answer", to_number="+989121234567", owner=person)
    plan = outcomes.Plan(outcomes.Then.PERSON, due_at=due, person_id=person.pk)
    with transaction.atomic():
        assert hand_overs.give(call, plan, outcomes.Outcome.NO_ANSWER, timezone.now())
    return HandOver.objects.get(call=call)


def test_what_is_given_to_a_person_is_told_and_once_more_when_it_is_due(sara: User, reza: User) -> None:
    now = timezone.now()
    found = given_to(sara, now + HOUR)
    ((who, what),) = told()
    assert who == "sara"
    assert "…4567" in what
    assert "9121234567" not in mail.outbox[0].body
    assert reminders.remind(now) == 0
    assert reminders.remind(now + 2 * HOUR) == 1
    assert reminders.remind(now + 2 * HOUR) == 0, "a reminder comes once"
    assert Notice.objects.filter(user=sara, kind="given_due", read_at=None).exists()
    omid = make_person(CALLER, username="omid", email="omid@example.org")
    hand_overs.pass_on(found.pk, reza, omid.pk)
    assert [who for who, _what in told()] == ["omid"], "whoever has it now is told"
    assert reminders.remind(now + 3 * HOUR) == 1
    assert inbox.unread(sara) == 0
    hand_overs.close(found.pk, omid, is_done=True)
    reminders.remind(now + 4 * HOUR)
    assert inbox.unread(omid) == 0, "what is done needs nobody"
    assert Call.objects.count() == 1
