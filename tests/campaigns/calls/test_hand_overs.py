"""Calls that were given to a person: who sees them, who may act, and that each is ended once."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from campaigns.calls import hand_overs
from campaigns.core.refusals import Refusal
from campaigns.models import Call, HandOver
from campaigns.outcomes import Outcome, Plan, Then
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact, make_person
from tests.shown import shown_at

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def given_to(person: User | None, *, due_in: datetime.timedelta = HOUR, **fields: Any) -> HandOver:
    """Give a call that nobody answered to a person."""
    call = make_call(
        campaign=make_campaign(name=f"Reminders {HandOver.objects.count()}"), contact=make_contact(name="Sara Ahmadi"),
        status="no_answer", placing_at=timezone.now(), **fields,
    )  # fmt: skip
    return HandOver.objects.create(call=call, person=person, outcome="no_answer", due_at=timezone.now() + due_in)


def plan(person: User) -> Plan:
    return Plan(Then.PERSON, timezone.now() + HOUR, person.pk)


# Giving


def test_a_call_is_given_once(caller: User) -> None:
    call = make_call(status="busy")
    assert hand_overs.give(call, plan(caller), Outcome.BUSY, timezone.now())
    assert not hand_overs.give(call, plan(caller), Outcome.BUSY, timezone.now())
    given = HandOver.objects.get()
    assert (given.person, given.outcome, given.state, given.given_by) == (caller, "busy", "open", None)
    assert call.events.filter(code="given_to_person").count() == 1


def test_what_news_dropped_is_opened_again_and_what_a_person_ended_is_not(caller: User) -> None:
    call = make_call(status="busy")
    hand_overs.give(call, plan(caller), Outcome.BUSY, timezone.now())
    hand_overs.drop(call, timezone.now())
    assert HandOver.objects.get().state == "dropped"
    assert hand_overs.give(call, plan(caller), Outcome.NO_ANSWER, timezone.now())
    given = HandOver.objects.get()
    assert (given.state, given.outcome, given.closed_at) == ("open", "no_answer", None)
    hand_overs.close(given.pk, caller, is_done=False)
    assert not hand_overs.give(call, plan(caller), Outcome.BUSY, timezone.now())
    assert HandOver.objects.get().state == "dropped"


@pytest.mark.parametrize("gone", ["switched off", "deleted", "no caller any more"])
def test_whoever_is_gone_gets_nothing_its_owner_does(caller: User, gone: str) -> None:
    other = make_person(CALLER)
    plan_of_other = plan(other)
    if gone == "switched off":
        User.objects.filter(pk=other.pk).update(is_active=False)
    elif gone == "deleted":
        other.delete()
    else:
        other.groups.clear()
    hand_overs.give(make_call(status="busy", owner=caller), plan_of_other, Outcome.BUSY, timezone.now())
    hand_overs.give(make_call(status="busy"), plan_of_other, Outcome.BUSY, timezone.now())
    assert list(HandOver.objects.order_by("pk").values_list("person", flat=True)) == [caller.pk, None]


# Seeing


def test_who_sees_what_is_open(caller: User, manager: User) -> None:
    mine, others = given_to(caller), given_to(make_person(CALLER))
    late, nobodys = given_to(make_person(CALLER), due_in=-HOUR), given_to(None)
    ended = given_to(caller)
    hand_overs.close(ended.pk, caller, is_done=True)
    assert list(hand_overs.left_to(caller)) == [mine]
    assert set(hand_overs.left_to(manager)) == {late, nobodys}
    assert others not in hand_overs.left_to(manager)


def test_today_and_the_person_s_page_say_who_why_and_by_when(client: Client, caller: User) -> None:
    late = given_to(caller, due_in=-HOUR)
    client.force_login(caller)
    today = client.get(reverse("today"))
    for page in (text_of(today), text_of(client.get(reverse("person", args=[late.call.contact_id])))):
        assert "Sara Ahmadi" in page
        assert "No answer · Reminders 0 · assigned to sara" in page
        assert "Overdue: was due" in page
        assert "Call now" in page
        assert "Reassign or close" in page
    assert f'action="{reverse("hand-over-done", args=[late.pk])}"' in today.content.decode()
    # A colleague sees on the person's page that it is given, and may do nothing.
    colleague, team = make_person(CALLER), Team.objects.create(name="Ours")
    Membership.objects.create(user=colleague, team=team)
    Call.objects.filter(pk=late.call_id).update(team=team)
    client.force_login(colleague)
    page = text_of(client.get(reverse("person", args=[late.call.contact_id])))
    assert "assigned to sara" in page
    assert "Reassign" not in page
    assert "Sara Ahmadi" not in text_of(client.get(reverse("today")))


def test_more_than_a_page_holds_is_counted(client: Client, caller: User) -> None:
    for _number in range(11):
        given_to(caller)
    client.force_login(caller)
    page = text_of(client.get(reverse("today")))
    assert page.count("Reassign or close") == 10
    assert "11 calls are assigned to you in total" in page


# Acting


def test_done_is_said_once(client: Client, caller: User) -> None:
    given = given_to(caller)
    client.force_login(caller)
    first = client.post(reverse("hand-over-done", args=[given.pk]), follow=True)
    assert "Done." in text_of(first)
    assert "Another user has already closed this" in text_of(
        client.post(reverse("hand-over-drop", args=[given.pk]), follow=True)
    )
    given.refresh_from_db()
    assert (given.state, given.closed_by) == ("done", caller)
    assert list(given.call.events.values_list("code", "actor")) == [("hand_over_done", caller.pk)]


@pytest.mark.parametrize("role", [CALLER, ADMIN, MANAGER])
def test_only_its_person_and_who_controls_all_campaigns_may_act(client: Client, caller: User, role: str) -> None:
    given = given_to(caller)
    other = make_person(role)
    client.force_login(other)
    status = 302 if role != CALLER else 404
    assert client.post(reverse("hand-over-drop", args=[given.pk])).status_code == status
    given.refresh_from_db()
    assert given.state == ("dropped" if role != CALLER else "open")
    if role == CALLER:
        assert client.get(reverse("hand-over", args=[given.pk])).status_code == 404
        with pytest.raises(PermissionDenied):
            hand_overs.pass_on(given.pk, other, other.pk)


def test_it_is_given_to_another_who_then_has_it(client: Client, caller: User) -> None:
    given, other = given_to(caller), make_person(CALLER, first_name="Omid", last_name="Karimi")
    due_at = given.due_at
    client.force_login(caller)
    url = reverse("hand-over", args=[given.pk])
    assert "Omid Karimi" in text_of(client.get(url))
    assert "Given to Omid Karimi." in text_of(
        client.post(url, {"person": other.pk} | shown_at(client, url), follow=True)
    )
    given.refresh_from_db()
    assert (given.person, given.given_by, given.due_at, given.state) == (other, caller, due_at, "open")
    assert given.call.events.get().detail == "Omid Karimi"
    assert client.get(url).status_code == 404


def test_nobody_gets_it_who_calls_nobody(client: Client, caller: User, admin_person: User) -> None:
    given = given_to(caller)
    client.force_login(caller)
    for wanted in (admin_person.pk, caller.pk, "", "x"):
        answer = client.post(reverse("hand-over", args=[given.pk]), {"person": wanted})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["person"])
    with pytest.raises(Refusal, match="cannot take it"):
        hand_overs.pass_on(given.pk, caller, admin_person.pk)
    hand_overs.close(given.pk, caller, is_done=True)
    with pytest.raises(Refusal, match=r"already closed this\. Nothing was changed"):
        hand_overs.pass_on(given.pk, caller, make_person(CALLER).pk)
    assert Call.objects.get().events.filter(code="hand_over_moved").count() == 0
