"""What follows on a disposition happens once, by the service that owns it, and never beside what else may ring."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.dispositions import following, setting
from campaigns.models import (
    Call,
    Callback,
    CallDisposition,
    CallEvent,
    Consequence,
    DoNotCall,
    HandOver,
    HeardOptOut,
    OtherNumber,
)
from campaigns.outcomes import Plan, Then
from campaigns.tracking import after_call
from tests.campaigns.dispositions.words import ended_call, followed, judged, open_campaign, ruled, worded
from tests.conftest import make_person


def further(call: Call) -> list[tuple[int, str, str]]:
    """Return the attempts after a call: number, status, why they wait."""
    rows = Call.objects.filter(contact=call.contact_id, pk__gt=call.pk).order_by("pk")
    return list(rows.values_list("attempt", "status", "wait_reason"))


@pytest.mark.parametrize("by_rule", [True, False])
def test_another_attempt_waits_its_turn_once(manager: User, by_rule: bool) -> None:
    campaign = open_campaign(manager)
    retry = worded(manager, "Not now", "retry")
    call = ended_call(campaign, manager)
    if by_rule:
        ruled(manager, retry, result="no_answer")
        assert judged(call) == "Not now"
        assert further(call) == []
        assert following.carry_out_waiting() == 1
    else:
        assert setting.set_by(manager, call, retry)
    judged(call)
    following.carry_out_waiting()
    assert further(call) == [(2, "pending", "retry")]
    assert followed(call) == [("retry", "done")]
    due = Call.objects.get(contact=call.contact_id, attempt=2).due_at
    assert datetime.timedelta(minutes=55) < due - timezone.now() <= datetime.timedelta(minutes=60)


@pytest.mark.parametrize(
    ("fields", "of_campaign", "reason"),
    [
        ({"attempt": 3}, {}, "All attempts"),
        ({}, {"status": "finished"}, "No active campaign"),
        ({"stop_asked_at": timezone.now}, {}, "stopped this call"),
        ({"status": "failed", "failure_reason": "not_placed", "held_at": timezone.now}, {}, "Decide that first"),
    ],
)
def test_no_attempt_follows_where_none_may(
    manager: User, fields: dict[str, Any], of_campaign: dict[str, Any], reason: str
) -> None:
    given = {name: value() if callable(value) else value for name, value in fields.items()}
    call = ended_call(open_campaign(manager, **of_campaign), manager, **given)
    assert setting.set_by(manager, call, worded(manager, "Not now", "retry"))
    assert further(call) == []
    row = Consequence.objects.get()
    assert row.state == "refused"
    assert reason in row.why


def test_an_attempt_waits_until_the_call_is_over(manager: User) -> None:
    call = ended_call(open_campaign(manager), manager, status="in_progress", ended_at=None)
    assert setting.set_by(manager, call, worded(manager, "Not now", "retry"))
    assert (further(call), followed(call)) == ([], [("retry", "waiting")])
    Call.objects.filter(pk=call.pk).update(status="no_answer", ended_at=timezone.now())
    assert following.carry_out_waiting() == 1
    assert further(call) == [(2, "pending", "retry")]


def test_whatever_else_is_said_skips_the_attempt_that_the_policy_planned(manager: User) -> None:
    campaign = open_campaign(manager, retries={"no_answer": [30]})
    call = ended_call(campaign, manager)
    Call.objects.create(
        campaign=campaign, contact=call.contact, to_number=call.to_number, provider=call.provider, attempt=2
    )
    assert setting.set_by(manager, call, worded(manager, "Wrong person"))
    assert [status for _attempt, status, _why in further(call)] == ["skipped"]


def test_the_policy_takes_no_attempt_back_that_a_disposition_asked_for(manager: User) -> None:
    campaign = open_campaign(manager)
    call = ended_call(campaign, manager)
    assert setting.set_by(manager, call, worded(manager, "Not now", "retry"))
    after_call.call_off(call, campaign, Plan(Then.NOTHING), timezone.now())
    assert further(call) == [(2, "pending", "retry")]
    person = ended_call(campaign, manager)
    assert setting.set_by(manager, person, worded(manager, "Complaint", "person"))
    after_call.call_off(person, campaign, Plan(Then.NOTHING), timezone.now())
    assert HandOver.objects.get(call=person).state == "open"


def test_another_choice_calls_off_what_still_waits_and_comes_back(manager: User) -> None:
    call = ended_call(open_campaign(manager), manager)
    retry, wrong = worded(manager, "Not now", "retry"), worded(manager, "Complaint", "person")
    assert setting.set_by(manager, call, retry)
    assert setting.set_by(manager, call, wrong)
    assert followed(call) == [("retry", "called_off"), ("person", "done")]
    assert further(call) == [(2, "skipped", "")]
    assert setting.set_by(manager, call, retry)
    assert followed(call) == [("retry", "done"), ("person", "called_off")]
    assert HandOver.objects.get().state == "dropped"
    # The skipped one used up no attempt.
    assert further(call) == [(2, "skipped", ""), (3, "pending", "retry")]
    again = Call.objects.get(attempt=3)
    assert again.counted_attempt == 2


def test_who_must_never_be_called_is_held_at_once_and_put_on_the_list_with_the_evidence(manager: User) -> None:
    campaign = open_campaign(manager)
    never = worded(manager, "Asked us to stop", "never")
    ruled(manager, never, result="no_answer")
    call = ended_call(campaign, manager)
    other = OtherNumber.objects.create(contact=call.contact, phone="+989351112233")
    assert judged(call) == "Asked us to stop"
    # Before anything is carried out: a worker that dies here lets nobody ring.
    assert HeardOptOut.objects.undecided().filter(phone=call.to_number).exists()
    assert following.carry_out_waiting() == 1
    entries = DoNotCall.objects.in_force()
    assert set(entries.values_list("phone", flat=True)) == {call.to_number, other.phone}
    entry = entries.get(phone=call.to_number)
    assert entry.is_own_wish
    assert entry.reason == f"Asked us to stop #{call.pk}"
    assert CallEvent.objects.filter(call=call, code="never_call_by_rule").count() == 1
    assert not HeardOptOut.objects.undecided().exists()
    # Another word of a person does not take an opt-out back.
    assert setting.set_by(manager, call, worded(manager, "Friendly"))
    assert followed(call) == [("never", "done")]
    assert DoNotCall.objects.in_force().filter(phone=call.to_number).exists()


def test_a_person_who_says_never_stands_in_the_list_and_the_audit_log(manager: User) -> None:
    call = ended_call(None, manager)
    assert setting.set_by(manager, call, worded(manager, "Asked us to stop", "never"))
    entry = DoNotCall.objects.get()
    assert (entry.phone, entry.added_by, entry.reason) == (call.to_number, manager, "Asked us to stop")
    assert AuditEvent.objects.filter(action="do_not_call.added").count() == 1


def test_a_callback_is_planned_once_for_whoever_chose_it(manager: User) -> None:
    call = ended_call(open_campaign(manager), manager, status="completed", talk_seconds=20, answered_by="human")
    assert setting.set_by(manager, call, worded(manager, "Call later", "callback", minutes=90))
    made = Callback.objects.get()
    assert (made.asked_by, made.from_call, made.reason) == (manager, call, "Call later")
    assert followed(call) == [("callback", "done")]
    # As after a crash between the act and its end: nobody is rung twice.
    Consequence.objects.update(state="waiting")
    assert following.carry_out_waiting() == 1
    assert Callback.objects.count() == 1
    assert Consequence.objects.get().made == made.call


def test_a_callback_that_cannot_be_planned_is_given_to_a_user(manager: User) -> None:
    ruled(manager, worded(manager, "Call later", "callback"), result="no_answer")
    call = ended_call(None, make_person("Callers", is_active=False))
    assert judged(call) == "Call later"
    assert following.carry_out_waiting() == 1
    assert followed(call) == [("callback", "refused")]
    given = HandOver.objects.get()
    assert (given.call, given.disposition) == (call, "Call later")


def test_a_user_gets_the_call_with_the_disposition_as_its_reason(manager: User, caller: User) -> None:
    call = ended_call(None, manager, status="completed", talk_seconds=20, answered_by="human")
    assert setting.set_by(manager, call, worded(manager, "Complaint", "person", taker=caller))
    given = HandOver.objects.get()
    assert (given.person, given.outcome, given.disposition) == (caller, "talked", "Complaint")


def test_two_workers_do_it_once(manager: User) -> None:
    call = ended_call(open_campaign(manager), manager)
    ruled(manager, worded(manager, "Not now", "retry"), result="no_answer")
    judged(call)
    row = Consequence.objects.get()
    assert following.carry_out(row.pk)
    assert not following.carry_out(row.pk)
    assert len(further(call)) == 1
    assert CallDisposition.objects.get().is_by_person is False
