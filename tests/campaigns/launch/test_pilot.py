"""The pilot: ten people first, then a pause with the result and a question; nobody twice, nobody forgotten."""

from __future__ import annotations

import datetime

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone

from campaigns.core.refusals import Refusal
from campaigns.launch import enqueue, launch_check, lifecycle, start
from campaigns.launch import pilot as pilot_module
from campaigns.models import Call, Campaign, DoNotCall, ListMembership
from tests.answers import text_of
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_list
from tests.situations import fresh

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status, Pilot = Campaign.Status, Campaign.Pilot
HOUR = datetime.timedelta(hours=1)


def piloted(person, people: int = 13, **fields: object) -> Campaign:
    """Make a campaign whose pilot is filled."""
    campaign = make_campaign([make_list(people)], owner=person, **fields)
    launched = start.launch(campaign.pk, person, is_pilot=True)
    assert (launched.changed, launched.status, launched.is_pilot) == (True, Status.RUNNING, True)
    enqueue.fill_campaign(campaign.pk)
    return fresh(campaign)


def end_calls(campaign: Campaign, status: str = "completed", **fields: object) -> None:
    Call.objects.filter(campaign=campaign, status="pending").update(status=status, **fields)


def test_a_pilot_calls_ten_pauses_and_asks(caller, nudges):
    campaign = piloted(caller)
    assert (Call.objects.count(), campaign.is_filled) == (10, True)
    assert enqueue.fill_campaign(campaign.pk) == 0
    end_calls(campaign)
    assert lifecycle.finish_done_campaigns() == 0
    asks = fresh(campaign)
    assert (asks.status, asks.pilot, asks.paused_by_system, asks.finished_at) == (
        Status.PAUSED,
        Pilot.ASKS,
        False,
        None,
    )
    assert lifecycle.finish_done_campaigns() == 0
    assert enqueue.fill_campaign(campaign.pk) == 0
    assert lifecycle.resume(campaign.pk, caller).changed
    assert not lifecycle.resume(campaign.pk, caller).changed
    assert fresh(campaign).pilot == Pilot.PASSED
    assert enqueue.fill_campaign(campaign.pk, chunk=4) == 3
    assert Call.objects.filter(campaign=campaign, attempt=1).count() == 13
    assert len(set(Call.objects.values_list("contact", flat=True))) == 13
    end_calls(campaign)
    assert lifecycle.finish_done_campaigns() == 1
    assert nudges == ["dispatch", "dispatch"]


@pytest.mark.parametrize("state", ["pending", "placing", "unknown", "in_progress"])
def test_a_pilot_waits_for_further_attempts_too(caller, state):
    campaign = piloted(caller)
    end_calls(campaign)
    make_call(campaign=campaign, contact=Call.objects.all()[0].contact, attempt=2, status=state)
    lifecycle.finish_done_campaigns()
    assert (fresh(campaign).status, fresh(campaign).pilot) == (Status.RUNNING, Pilot.CALLING)


def test_a_pilot_takes_those_who_can_be_called_at_once(caller):
    people = make_list()
    contacts = [make_contact() for _one in range(14)]
    for contact in contacts:
        ListMembership.objects.create(contact_list=people, contact=contact)
    DoNotCall.objects.create(phone=contacts[0].phone)
    make_call(to_number=contacts[1].phone, status="completed", placing_at=timezone.now())
    campaign = make_campaign([people], owner=caller, **ALL_DAY)
    assert pilot_module.choose_people(campaign, timezone.now()) == [contact.pk for contact in contacts[2:12]]
    Campaign.objects.update(quiet_hours=0)
    start.launch(campaign.pk, caller, is_pilot=True)
    enqueue.fill_campaign(campaign.pk)
    end_calls(campaign)
    lifecycle.finish_done_campaigns()
    lifecycle.resume(campaign.pk, caller)
    enqueue.fill_campaign(campaign.pk)
    assert Call.objects.filter(campaign=campaign).count() == 14
    assert Call.objects.get(campaign=campaign, status="skipped").skip_reason == "do_not_call"


def test_a_pilot_of_everybody_ends_the_campaign(caller):
    campaign = piloted(caller, people=4)
    assert Call.objects.count() == 4
    end_calls(campaign)
    assert lifecycle.finish_done_campaigns() == 1
    assert fresh(campaign).status == Status.FINISHED


def test_a_pilot_paused_by_hand_goes_on_as_a_pilot(caller):
    campaign = piloted(caller)
    lifecycle.pause(campaign.pk, caller)
    lifecycle.resume(campaign.pk, caller)
    assert (fresh(campaign).pilot, enqueue.fill_campaign(campaign.pk)) == (Pilot.CALLING, 0)


def test_of_two_workers_one_fills_the_pilot(caller, monkeypatch):
    campaign = make_campaign([make_list(13)], owner=caller)
    start.launch(campaign.pk, caller, is_pilot=True)
    insert = enqueue._insert_first_attempts

    def overtaken(*given):
        added = insert(*given)
        Campaign.objects.update(is_filled=True)
        return added

    monkeypatch.setattr(enqueue, "_insert_first_attempts", overtaken)
    assert enqueue.fill_campaign(campaign.pk) == 0
    assert not Call.objects.exists()


def test_two_presses_launch_one_pilot_and_no_second_way_starts_it(caller, nudges):
    campaign = make_campaign([make_list(13)], owner=caller)
    start.launch(campaign.pk, caller, is_pilot=True)
    assert not start.launch(campaign.pk, caller, is_pilot=True).changed
    assert not start.launch(campaign.pk, caller).changed
    assert not start.launch(campaign.pk, caller, starts_at=timezone.now() + HOUR).changed
    assert (fresh(campaign).pilot, nudges) == (Pilot.CALLING, ["dispatch"])


def test_the_limit_counts_the_pilots_people_once(caller, settings):
    settings.CALLER_LAUNCH_LIMIT = 13
    campaign = piloted(caller)
    end_calls(campaign)
    lifecycle.finish_done_campaigns()
    lifecycle.resume(campaign.pk, caller)
    assert enqueue.fill_campaign(campaign.pk) == 3
    assert fresh(campaign).status == Status.RUNNING


def test_above_the_limit_a_pilot_is_free_and_the_rest_needs_a_manager(console, caller, manager, settings, nudges):
    settings.CALLER_LAUNCH_LIMIT = 12
    campaign = piloted(caller)
    end_calls(campaign)
    lifecycle.finish_done_campaigns()
    with pytest.raises(Refusal, match="Ask a manager"):
        lifecycle.resume(campaign.pk, caller)
    page = text_of(console.get(reverse("campaign", args=[campaign.pk])))
    assert "Ask a manager to continue" in page
    console.post(reverse("campaign-ask-rest", args=[campaign.pk]))
    assert (fresh(campaign).status, fresh(campaign).pilot) == (Status.WAITING, Pilot.ASKS)
    with pytest.raises(PermissionDenied):
        start.approve(campaign.pk, caller)
    assert launch_check.check_launch(fresh(campaign)).total == 3
    assert start.approve(campaign.pk, manager, seen=13).status == Status.RUNNING
    assert not start.approve(campaign.pk, manager).changed
    assert enqueue.fill_campaign(campaign.pk) == 3
    assert fresh(campaign).pilot == Pilot.PASSED
    assert nudges == ["dispatch", "dispatch"]


def test_a_question_to_a_manager_is_taken_back_to_the_pause(caller, settings):
    settings.CALLER_LAUNCH_LIMIT = 12
    campaign = piloted(caller)
    end_calls(campaign)
    lifecycle.finish_done_campaigns()
    start.ask_for_rest(campaign.pk, caller)
    assert start.take_back(campaign.pk, caller)
    assert (fresh(campaign).status, fresh(campaign).pilot) == (Status.PAUSED, Pilot.ASKS)


def test_the_result_and_the_question_stand_on_the_campaigns_page(console, caller):
    campaign = piloted(caller)
    calls = list(Call.objects.order_by("pk"))
    Call.objects.filter(pk__in=[call.pk for call in calls[:4]]).update(talk_seconds=30)
    Call.objects.filter(pk=calls[4].pk).update(answered_by="machine", talk_seconds=9)
    end_calls(campaign)
    Call.objects.filter(pk=calls[9].pk).update(status="no_answer")
    Campaign.objects.filter(pk=campaign.pk).update(spent_cost=2)
    lifecycle.finish_done_campaigns()
    answer = console.get(reverse("campaign", args=[campaign.pk]))
    pilot = answer.context["pilot"]
    assert (pilot.people, pilot.talked, pilot.rest, pilot.average_seconds) == (10, 4, 3, 30)
    assert [(result.key, n) for result, n in pilot.endings] == [
        ("talked", 4), ("machine", 1), ("silent", 4), ("no_answer", 1)
    ]  # fmt: skip
    assert str(pilot.rest_cost) == "0.60"
    page = text_of(answer)
    assert "Pilot finished: 10 people" in page
    assert "Continue with the rest: 3 people" in page
    assert "Pilot finished: decide" in page
    check = console.get(reverse("campaign-check", args=[campaign.pk]))
    assert "Of 3 people, 3 will be called" in text_of(check)


def test_a_pilot_is_ended_by_hand(console, caller):
    campaign = piloted(caller)
    console.post(reverse("campaign-end-pilot", args=[campaign.pk]))
    assert (fresh(campaign).status, fresh(campaign).pilot) == (Status.PAUSED, Pilot.ASKS)
    lifecycle.resume(campaign.pk, caller)
    enqueue.fill_campaign(campaign.pk)
    assert Call.objects.filter(campaign=campaign, attempt=1).count() == 13


def test_the_pilot_is_pressed_on_the_check(console, caller):
    campaign = make_campaign([make_list(13)], owner=caller)
    assert "Pilot: call 10 people first" in text_of(console.get(reverse("campaign-check", args=[campaign.pk])))
    console.post(reverse("campaign-pilot", args=[campaign.pk]))
    assert (fresh(campaign).status, fresh(campaign).pilot) == (Status.RUNNING, Pilot.CALLING)
    small = make_campaign([make_list(10)], owner=caller)
    assert "Pilot: call" not in text_of(console.get(reverse("campaign-check", args=[small.pk])))
