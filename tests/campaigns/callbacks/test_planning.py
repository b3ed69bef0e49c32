"""Callbacks: asked for on the person's clock, judged when due, moved, taken back, and made once."""

from __future__ import annotations

import datetime
import uuid
import zoneinfo
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from pytest_django import Settings

from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.callbacks import planning
from campaigns.contacts import duplicates, other_numbers
from campaigns.contacts.people import change_person
from campaigns.core.refusals import Refusal
from campaigns.launch.successions import hand_over, leave
from campaigns.models import Call, Callback, DoNotCall, InstallationSettings, OtherNumber
from campaigns.privacy import erasure
from campaigns.tracking import stuck_calls
from providers.models import Provider
from tests.campaigns.callbacks.plans import FIVE, TEHRAN, five_tomorrow, make_due, planned, talked_with, tomorrow
from tests.conftest import make_call, make_contact, make_person
from tests.situations import LeasedProvider

DAY = datetime.timedelta(days=1)
MINUTE = datetime.timedelta(minutes=1)


# Asking


def test_it_waits_for_the_time_on_the_persons_clock(caller: User) -> None:
    call = talked_with(caller)
    made = planned(caller, call)
    waits = made.call
    there = datetime.datetime.combine(tomorrow(), FIVE, zoneinfo.ZoneInfo(TEHRAN))
    assert waits.due_at == there == made.asked_for
    assert (waits.status, waits.wait_reason, waits.campaign, waits.owner) == ("pending", "callback", None, caller)
    assert (waits.agent, waits.to_number, waits.contact) == (call.agent, call.to_number, call.contact)
    assert waits.expires_at is not None
    assert waits.expires_at > waits.due_at
    assert [event.code for event in call.events.all()] == ["callback_from_here"]
    event = AuditEvent.objects.get(action="call.callback_asked")
    assert event.detail["from_call"] == call.pk


def test_a_moment_is_kept_on_the_clock_that_is_named(caller: User) -> None:
    at = (timezone.now() + DAY).replace(second=0, microsecond=0)
    made = planned(caller, when=at)
    assert made.asked_for == at
    assert made.local_time == at.astimezone(zoneinfo.ZoneInfo(TEHRAN)).time()


def test_one_form_plans_one_call(caller: User) -> None:
    call, token = talked_with(caller), uuid.uuid4()
    first, second = (planned(caller, call, token=token) for _ in range(2))
    assert first == second
    assert Callback.objects.count() == 1


def test_a_person_has_one_planned_call_whichever_number_was_given(caller: User) -> None:
    call = talked_with(caller)
    planned(caller, call)
    with pytest.raises(Refusal, match="is scheduled"):
        planned(caller, call)
    assert call.contact is not None
    OtherNumber.objects.create(contact=call.contact, phone="+982112345678")
    with pytest.raises(Refusal, match="is scheduled"):
        planning.ask_for_callback(call.contact, "+982112345678", five_tomorrow(), TEHRAN, "", caller)


def refuse_over(call: Call) -> dict[str, Any]:
    return {"when": timezone.now() - MINUTE}


def refuse_far(call: Call) -> dict[str, Any]:
    return {"when": timezone.now() + 91 * DAY}


def refuse_nowhere(call: Call) -> dict[str, Any]:
    return {"zone": "Mars/Olympus"}


def refuse_skipped(call: Call) -> dict[str, Any]:
    # The clocks of Santiago go forward at midnight on the first Sunday after 2 September: 00:30 does not exist.
    first = datetime.date(timezone.now().year + 1, 9, 2)
    sunday = first + datetime.timedelta(days=(6 - first.weekday()) % 7)
    return {"when": datetime.datetime.combine(sunday, datetime.time(0, 30)), "zone": "America/Santiago"}


def refuse_forbidden(call: Call) -> dict[str, Any]:
    DoNotCall.objects.create(phone=call.to_number)
    return {}


def refuse_off(call: Call) -> dict[str, Any]:
    Provider.objects.update(is_active=False)
    return {}


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (refuse_over, "has passed"), (refuse_far, "within 90 days"), (refuse_nowhere, "time zone"),
        (refuse_skipped, "does not exist"), (refuse_forbidden, "do-not-call"), (refuse_off, "turned off"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_the_next_step(
    caller: User, prepare: Callable[[Call], dict[str, Any]], words: str
) -> None:
    call = talked_with(caller)
    with pytest.raises(Refusal, match=words):
        planned(caller, call, **prepare(call))
    assert not Callback.objects.exists()


def test_a_time_outside_hours_is_refused_with_the_next_one_that_is_open(caller: User, settings: Settings) -> None:
    settings.SINGLE_CALL_HOURS = "08:00-16:00"
    with pytest.raises(Refusal, match=r"Outside local calling hours.*Choose .*08:00 in .*Tehran.* or later"):
        planned(caller)


def test_a_time_on_a_holiday_is_refused_with_the_day_and_its_name(caller: User) -> None:
    dates = f"{tomorrow() - DAY}/{tomorrow() + 2 * DAY}"
    InstallationSettings.objects.create(own_holidays=[{"dates": dates, "country": "", "name": "Summer break"}])
    with pytest.raises(Refusal, match=r"is a holiday there: Summer break\. Choose .*00:00 in .*Tehran.* or later"):
        planned(caller)


def test_only_who_reaches_the_person_may_ask(caller: User) -> None:
    call = talked_with(make_person(CALLER))
    Membership.objects.create(user=caller, team=Team.objects.create(name="North"))
    with pytest.raises(PermissionDenied):
        planned(caller, call)


def test_without_an_earlier_call_it_says_where_to_choose_the_message(caller: User) -> None:
    person = make_contact(owner=caller)
    with pytest.raises(Refusal, match="Quick call"):
        planning.ask_for_callback(person, "", five_tomorrow(), TEHRAN, "", caller)


# When it is due


def test_it_is_not_reserved_before_its_time_and_placed_once_when_due(leased: LeasedProvider, caller: User) -> None:
    made = planned(caller, talked_with(caller, leased.provider))
    assert leased.commit(made.call).committed == []
    # It was called an hour ago, within the quiet period: whoever asks to be called is called.
    call = make_due(made)
    assert [one.call_id for one in leased.commit(call).committed] == [made.call_id]
    assert call.status == "placing"
    assert leased.commit(call).committed == []


def forbid(made: Callback) -> None:
    DoNotCall.objects.create(phone=made.call.to_number)


def talk(made: Callback) -> None:
    call = made.call
    make_call(
        provider=call.provider, contact=call.contact, status="completed", talk_seconds=9, answered_by="human",
        placing_at=timezone.now(), ended_at=timezone.now(),
    )  # fmt: skip


def talk_elsewhere(made: Callback) -> None:
    OtherNumber.objects.create(contact=made.call.contact, phone="+982112345678")
    make_call(
        provider=made.call.provider, to_number="+982112345678", status="completed", talk_seconds=9,
        answered_by="human", placing_at=timezone.now(), ended_at=timezone.now(),
    )  # fmt: skip


def wait_long(made: Callback) -> None:
    Call.objects.filter(pk=made.call_id).update(expires_at=timezone.now() - MINUTE)


@pytest.mark.parametrize(
    ("happens", "reason"),
    [(forbid, "do_not_call"), (talk, "called_since"), (talk_elsewhere, "called_since"), (wait_long, "expired")],
)
def test_what_happened_since_is_judged_when_it_is_due(
    leased: LeasedProvider, caller: User, happens: Callable[[Callback], None], reason: str
) -> None:
    made = planned(caller, talked_with(caller, leased.provider))
    happens(made)
    call = make_due(made)
    assert leased.commit(call).committed == []
    assert (call.status, call.skip_reason) == ("skipped", reason)


def test_the_end_of_the_call_in_which_it_was_asked_for_makes_it_not_needless(
    leased: LeasedProvider, caller: User
) -> None:
    asked_in = talked_with(caller, leased.provider)
    made = planned(caller, asked_in)
    # They were still talking when it was planned.
    Call.objects.filter(pk=asked_in.pk).update(ended_at=timezone.now() + MINUTE)
    assert leased.commit(make_due(made)).committed != []


def test_calls_that_reached_nobody_leave_it_planned(leased: LeasedProvider, caller: User) -> None:
    made = planned(caller, talked_with(caller, leased.provider))
    make_call(
        provider=leased.provider, contact=made.call.contact, status="no_answer", placing_at=timezone.now(),
        ended_at=timezone.now(),
    )  # fmt: skip
    assert leased.commit(make_due(made)).committed != []


def test_a_clock_that_is_put_back_makes_no_callback_early(caller: User) -> None:
    made = planned(caller)
    Call.objects.filter(pk=made.call_id).update(changed_at=timezone.now() + 3 * DAY)
    stuck_calls.undo_clock_change(timezone.now())
    assert Call.objects.get(pk=made.call_id).due_at == made.asked_for


# Moved, taken back, noted


def test_it_is_moved_and_whoever_reserved_it_lost_it(leased: LeasedProvider, caller: User) -> None:
    made = planned(caller, talked_with(caller, leased.provider))
    call = make_due(made)
    Call.objects.filter(pk=call.pk).update(lease=leased.token, lease_until=timezone.now() + MINUTE)
    moved = planning.move(made.pk, {"local_time": datetime.time(18)}, caller)
    call.refresh_from_db()
    assert call.due_at == moved.asked_for == datetime.datetime.combine(
        tomorrow(), datetime.time(18), zoneinfo.ZoneInfo(TEHRAN)
    )  # fmt: skip
    assert call.lease is None
    assert call.expires_at is not None
    assert call.expires_at > call.due_at
    assert [event.code for event in call.events.all()] == ["callback_asked", "callback_moved"]
    assert AuditEvent.objects.filter(action="call.callback_moved").exists()


def test_one_that_left_is_not_moved(caller: User) -> None:
    made = planned(caller)
    Call.objects.filter(pk=made.call_id).update(status="placing")
    with pytest.raises(Refusal, match="Too late"):
        planning.move(made.pk, {"local_time": datetime.time(18)}, caller)
    made.refresh_from_db()
    assert made.local_time == FIVE


def test_it_is_taken_back(caller: User, manager: User) -> None:
    made = planned(caller)
    assert planning.take_back(made.pk, manager, "no longer wanted")
    made.refresh_from_db()
    assert (made.call.status, made.call.skip_reason, made.noted_at) == ("skipped", "canceled", None)
    assert not planning.take_back(made.pk, manager)
    assert planning.note(made.pk, caller)
    assert not planning.note(made.pk, caller)


def test_who_takes_back_their_own_needs_not_be_told(caller: User) -> None:
    made = planned(caller)
    planning.take_back(made.pk, caller)
    made.refresh_from_db()
    assert made.noted_at is not None


def test_strangers_move_and_take_back_nothing(caller: User) -> None:
    made, stranger = planned(caller), make_person(CALLER)
    for person in (caller, stranger):
        Membership.objects.create(user=person, team=Team.objects.create(name=person.username))
    with pytest.raises(PermissionDenied):
        planning.move(made.pk, {"local_time": datetime.time(18)}, stranger)
    with pytest.raises(PermissionDenied):
        planning.take_back(made.pk, stranger)


def test_of_one_in_which_somebody_talked_nobody_is_told(caller: User) -> None:
    made, missed = planned(caller), planned(caller)
    ended = {"placing_at": timezone.now(), "ended_at": timezone.now()}
    Call.objects.filter(pk=made.call_id).update(status="completed", talk_seconds=30, answered_by="human", **ended)
    Call.objects.filter(pk=missed.call_id).update(status="no_answer", talk_seconds=30, **ended)
    assert planning.note_talked(timezone.now()) == 1
    assert list(Callback.objects.filter(noted_at=None)) == [missed]


# It follows its person


def test_it_follows_a_changed_number(caller: User, manager: User) -> None:
    made = planned(caller)
    assert made.call.contact_id is not None
    change_person(made.call.contact_id, {"phone": "+989127777777"}, manager)
    made.call.refresh_from_db()
    assert made.call.to_number == "+989127777777"
    assert made.call.events.filter(code="callback_number").exists()


def test_it_follows_the_number_that_is_called_from_now_on(caller: User, manager: User) -> None:
    made = planned(caller)
    contact = made.call.contact
    assert contact is not None
    further = OtherNumber.objects.create(contact=contact, phone="+982112345678")
    assert other_numbers.call_from_now_on(contact.pk, further.pk, manager)
    made.call.refresh_from_db()
    assert made.call.to_number == "+982112345678"


def test_it_is_the_merged_persons_and_of_two_one_goes_first(caller: User, manager: User) -> None:
    made, kept = planned(caller), make_contact()
    other = made.call.contact
    assert other is not None
    duplicates.merge_people(kept.pk, other.pk, manager)
    made.call.refresh_from_db()
    assert (made.call.contact, made.call.to_number) == (kept, other.phone)
    second = planned(caller)
    assert second.call.contact_id is not None
    with pytest.raises(Refusal, match="Cancel one of them first"):
        duplicates.merge_people(kept.pk, second.call.contact_id, manager)


def test_it_goes_with_an_erased_person(caller: User, admin_person: User) -> None:
    made = planned(caller)
    erasure.ask(admin_person, "they asked", contact_id=made.call.contact_id)
    assert not Callback.objects.exists()
    assert Call.objects.get(pk=made.call_id).status == "skipped"


def test_those_of_a_user_who_is_switched_off_are_handed_over_or_left_to_managers(caller: User, manager: User) -> None:
    made = planned(caller)
    assert hand_over(caller, manager, None)["callbacks"] == 1
    made.refresh_from_db()
    assert (made.asked_by, made.call.owner, made.call.status) == (manager, manager, "pending")
    leave(manager, None)
    made.refresh_from_db()
    assert (made.asked_by, made.call.status) == (None, "pending")
