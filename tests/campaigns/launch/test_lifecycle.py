"""Pause, resume, stop, finish, call again, cancel: compare-and-set, with truthful numbers, by the right people only."""

from __future__ import annotations

import uuid

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.calls import call_actions
from campaigns.core.refusals import Refusal
from campaigns.launch import lifecycle
from campaigns.models import Call, CallEvent, Campaign, DoNotCall
from providers.types import CallStatus
from tests.conftest import make_call, make_campaign, make_contact, make_person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
Status = Campaign.Status


def with_calls(status: str = Status.RUNNING, **fields: object) -> Campaign:
    """Make a campaign with two waiting, three live, two still out and one ended call."""
    campaign = make_campaign(status=status, is_filled=True, **fields)
    states = ["pending", "pending", "queued", "ringing", "in_progress", "placing", "unknown", "completed"]
    for state in states:
        make_call(campaign=campaign, contact=make_contact(), status=state)
    return campaign


def test_pause_holds_and_tells_what_is_still_out(caller):
    campaign = with_calls(owner=caller)
    outcome = lifecycle.pause(campaign.pk, caller, "lunch")
    campaign.refresh_from_db()
    assert (campaign.status, campaign.paused_reason, campaign.paused_by_system) == (Status.PAUSED, "lunch", False)
    assert (outcome.changed, outcome.waiting, outcome.live, outcome.still_out) == (True, 2, 3, 2)
    assert (
        outcome.sentence == "2 calls left. 3 calls in progress will finish. 2 calls are still in progress and may ring."
    )
    event = AuditEvent.objects.get(action="campaign.paused")
    assert event.actor == caller
    assert event.detail == {"reason": "lunch", "waiting": 2, "live": 3, "still_out": 2}


def test_second_pause_changes_nothing(caller):
    campaign = with_calls(owner=caller)
    lifecycle.pause(campaign.pk, caller)
    assert not lifecycle.pause(campaign.pk, caller).changed
    assert AuditEvent.objects.filter(action="campaign.paused").count() == 1


def test_system_pause_names_its_reason():
    campaign = with_calls()
    assert lifecycle.pause_by_system(campaign.pk, "The budget is spent.").changed
    campaign.refresh_from_db()
    assert campaign.paused_by_system
    assert campaign.paused_reason == "The budget is spent."
    assert AuditEvent.objects.get().actor is None


def test_resume_nudges_once(caller, nudges):
    campaign = with_calls(Status.PAUSED, owner=caller, paused_reason="x", paused_by_system=True)
    assert lifecycle.resume(campaign.pk, caller).changed
    assert not lifecycle.resume(campaign.pk, caller).changed
    campaign.refresh_from_db()
    assert (campaign.status, campaign.paused_reason, campaign.paused_by_system) == (Status.RUNNING, "", False)
    assert nudges == ["dispatch"]


def test_stop_takes_out_who_waits_and_leaves_who_is_out(caller):
    campaign = with_calls(owner=caller)
    Call.objects.filter(status="pending").update(lease=uuid.uuid4(), lease_until=timezone.now())
    outcome = lifecycle.stop(campaign.pk, caller)
    campaign.refresh_from_db()
    assert campaign.status == Status.STOPPED
    assert campaign.finished_at
    assert (outcome.skipped, outcome.waiting, outcome.live, outcome.still_out) == (2, 0, 3, 2)
    stopped = Call.objects.filter(campaign=campaign, status=CallStatus.SKIPPED)
    assert {(call.skip_reason, call.rank, call.lease) for call in stopped} == {("stopped", 100, None)}
    assert Call.objects.filter(campaign=campaign).live().count() == 5


def test_stopping_leaves_nothing_of_the_queue_on_a_skipped_call(caller):
    campaign = with_calls(owner=caller)
    Call.objects.filter(status="pending").update(lease=uuid.uuid4(), lease_until=timezone.now(), wait_reason="retry")
    lifecycle.stop(campaign.pk, caller, "wrong text")
    for call in Call.objects.filter(campaign=campaign, status=CallStatus.SKIPPED):
        assert (call.lease, call.lease_until, call.wait_reason) == (None, None, "")
        told = call.events.values_list("code", "from_status", "to_status", "detail", "actor")
        assert list(told) == [("skipped", "pending", "skipped", "wrong text", caller.pk)]
    assert CallEvent.objects.count() == 2


@pytest.mark.parametrize("status", [Status.DRAFT, Status.STOPPED, Status.FINISHED])
def test_stop_has_nothing_to_do(manager, status):
    campaign = make_campaign(status=status)
    assert not lifecycle.stop(campaign.pk, manager).changed


@pytest.mark.parametrize("act", [lifecycle.pause, lifecycle.resume, lifecycle.stop])
@pytest.mark.parametrize(
    ("role", "own", "allowed"),
    [(CALLER, True, True), (CALLER, False, False), (MANAGER, False, True), (ADMIN, False, True)],
)
def test_callers_control_their_own_campaigns_only(act, role, own, allowed):
    person = make_person(role)
    campaign = with_calls(Status.PAUSED if act is lifecycle.resume else Status.RUNNING, owner=person if own else None)
    if allowed:
        assert act(campaign.pk, person).changed
    else:
        with pytest.raises(PermissionDenied):
            act(campaign.pk, person)
        assert not AuditEvent.objects.exists()


@pytest.mark.parametrize(
    ("state", "fields", "ends"),
    [
        ("completed", {}, True),
        ("pending", {}, False),
        ("placing", {}, False),
        ("unknown", {}, False),
        ("wrapping_up", {}, False),
        ("completed", {"is_filled": False}, False),
        ("completed", {"status": Status.PAUSED}, False),
    ],
)
def test_a_campaign_ends_when_nobody_is_left(state, fields, ends):
    campaign = make_campaign(**({"status": Status.RUNNING, "is_filled": True} | fields))
    make_call(campaign=campaign, contact=make_contact(), status=state)
    assert lifecycle.finish_done_campaigns() == int(ends)
    campaign.refresh_from_db()
    assert (campaign.status == Status.FINISHED) == ends == bool(campaign.finished_at)


def held(**fields: object) -> Call:
    campaign = make_campaign(status=fields.pop("campaign_status", Status.RUNNING))
    return make_call(
        **(
            {
                "campaign": campaign,
                "contact": make_contact(),
                "status": "failed",
                "failure_reason": "not_placed",
                "held_at": timezone.now(),
            }
            | fields
        )
    )


def test_call_again_is_a_new_attempt_of_the_same_campaign(manager, nudges):
    call = held(text="Hello", owner=make_person())
    again = call_actions.call_again(call.pk, manager)
    call.refresh_from_db()
    assert (again.campaign, again.contact, again.attempt, again.status) == (call.campaign, call.contact, 2, "pending")
    assert (again.to_number, again.text, again.owner, again.remote_id) == (call.to_number, "Hello", call.owner, "")
    assert again.reference != call.reference
    assert call.held_at is None
    assert set(CallEvent.objects.values_list("call", "code", "actor")) == {
        (call.pk, "call_again", manager.pk),
        (again.pk, "call_again", manager.pk),
    }
    assert nudges == ["dispatch"]


def test_call_again_after_the_campaigns_end_stands_alone(manager):
    assert call_actions.call_again(held(campaign_status=Status.FINISHED).pk, manager).campaign is None


@pytest.mark.parametrize("state", ["placing", "unknown", "queued", "ringing", "in_progress", "wrapping_up"])
def test_call_again_is_refused_while_the_number_is_live_anywhere(manager, state):
    call = held()
    make_call(to_number=call.to_number, status=state)
    with pytest.raises(Refusal, match="is in progress"):
        call_actions.call_again(call.pk, manager)
    call.refresh_from_db()
    assert call.held_at
    assert Call.objects.count() == 2


def test_second_call_again_is_refused_and_the_same_token_gives_the_same_call(manager):
    call, token = held(), uuid.uuid4()
    again = call_actions.call_again(call.pk, manager, token)
    assert call_actions.call_again(call.pk, manager, token) == again
    with pytest.raises(Refusal, match="is already waiting"):
        call_actions.call_again(call.pk, manager, uuid.uuid4())
    assert Call.objects.count() == 2


def test_call_again_is_refused_on_the_do_not_call_list_and_for_open_calls(manager):
    call = held()
    DoNotCall.objects.create(phone=call.to_number)
    with pytest.raises(Refusal, match="do-not-call"):
        call_actions.call_again(call.pk, manager)
    with pytest.raises(Refusal, match="not finished"):
        call_actions.call_again(make_call(status="unknown").pk, manager)


@pytest.mark.parametrize("role", [CALLER, ADMIN])
def test_only_managers_call_again(role):
    with pytest.raises(PermissionDenied):
        call_actions.call_again(held().pk, make_person(role))


def test_cancel_takes_one_waiting_call_out(caller):
    call = make_call(owner=caller)
    assert call_actions.cancel_call(call.pk, caller)
    assert not call_actions.cancel_call(call.pk, caller)
    call.refresh_from_db()
    assert (call.status, call.skip_reason, call.rank) == ("skipped", "canceled", 100)
    assert CallEvent.objects.get().code == "canceled_by_person"


@pytest.mark.parametrize("state", ["placing", "unknown", "queued", "completed"])
def test_cancel_leaves_a_call_that_is_out(caller, state):
    call = make_call(owner=caller, status=state)
    assert not call_actions.cancel_call(call.pk, caller)
    call.refresh_from_db()
    assert call.status == state


def test_cancel_of_somebody_elses_call_is_refused(caller):
    with pytest.raises(PermissionDenied):
        call_actions.cancel_call(make_call().pk, caller)
