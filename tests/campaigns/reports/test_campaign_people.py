"""The people of a campaign: found by state, reason and name; one is skipped or called again, and why stands there."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns.models import Call, Campaign, DoNotCall
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact, make_person, of_a_page

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]


def running(owner: User | None = None, **fields: Any) -> Campaign:
    values = {"status": "running", "is_filled": True, "launched_at": timezone.now(), "owner": owner} | fields
    return make_campaign(**values)


def person_in(campaign: Campaign, name: str = "Maryam", status: str = "pending", **fields: Any) -> Call:
    return make_call(campaign=campaign, contact=make_contact(name=name), status=status, owner=campaign.owner, **fields)


def names(client: Client, campaign: Campaign, **asked: str) -> set[str]:
    rows = client.get(f"/campaigns/{campaign.pk}/people/", asked).context["rows"]
    return {row.call.contact.name for row in rows}


def test_people_are_found_by_state_reason_and_name(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = running(caller)
    person_in(campaign, "Waiting", wait_reason="outside_hours")
    person_in(campaign, "Due")
    person_in(campaign, "Rings", "ringing")
    person_in(campaign, "Talk time", "completed", talk_seconds=20)
    person_in(campaign, "Voicemail", "completed", talk_seconds=20, answered_by="machine")
    person_in(campaign, "Broken", "failed", failure_reason="not_connected")
    person_in(campaign, "Held", "failed", failure_reason="not_placed", held_at=timezone.now())
    person_in(campaign, "Refuses", "skipped", skip_reason="do_not_call")
    person_in(campaign, "Nowhere", "skipped", skip_reason="no_zone")
    tried = person_in(campaign, "Tried", "busy")
    make_call(campaign=campaign, contact=tried.contact, attempt=2, status="no_answer")
    person_in(running(caller), "Elsewhere")
    assert len(names(client, campaign)) == 10
    assert names(client, campaign, state="pending") == {"Waiting", "Due"}
    assert names(client, campaign, state="out") == {"Rings"}
    assert names(client, campaign, state="talked") == {"Talk time"}
    assert names(client, campaign, state="machine") == {"Voicemail"}
    assert names(client, campaign, state="busy") == set()
    assert names(client, campaign, state="no_answer") == {"Tried"}
    assert names(client, campaign, state="held") == {"Held"}
    assert names(client, campaign, reason="wait-outside_hours") == {"Waiting"}
    assert names(client, campaign, reason="skip-do_not_call") == {"Refuses"}
    assert names(client, campaign, reason="fail-not_connected") == {"Broken"}
    assert names(client, campaign, q="owher") == {"Nowhere"}
    assert names(client, campaign, q=tried.to_number, state="no_answer") == {"Tried"}
    assert len(names(client, campaign, state="nonsense", reason="skip-nonsense")) == 10


def test_persian_digits_find_a_number(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = running(caller)
    call = person_in(campaign)
    person_in(campaign, "Other")
    digits = call.to_number[-7:].translate(str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"))
    assert names(client, campaign, q=digits) == {"Maryam"}


def test_reasons_not_to_call_stand_with_their_numbers(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = running(caller)
    for _ in range(2):
        person_in(campaign, status="skipped", skip_reason="do_not_call")
    person_in(campaign, status="skipped", skip_reason="stopped")
    page = client.get(f"/campaigns/{campaign.pk}/people/").content.decode()
    assert re.search(r'reason=skip-do_not_call">[^<]+</a>\s*</dt>\s*<dd>\s*2\s*</dd>', page)


def test_a_paused_campaign_says_so_at_everybody_who_waits(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = running(caller, status="paused", paused_reason="lunch")
    person_in(campaign, wait_reason="retry")
    text = text_of(client.get(f"/campaigns/{campaign.pk}/people/"))
    assert "Paused by a user: lunch" in text
    assert "Waiting: the campaign is paused." in text


def test_who_is_not_called_again_knows_why(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = running(caller, max_attempts=2)
    person_in(campaign, status="no_answer", attempt=2)
    text = text_of(client.get(f"/campaigns/{campaign.pk}/people/"))
    assert "Nobody answered. No retry: all attempts are used." in text


# Skipping


def skip(client: Client, call: Call, reason: str = "Moved away") -> str:
    return text_of(
        client.post(f"/campaigns/{call.campaign_id}/people/{call.pk}/skip/", {"reason": reason}, follow=True)
    )


def test_a_person_is_skipped_with_the_reason_and_by_whom(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = running(caller)
    call = person_in(campaign, lease=uuid.uuid4(), lease_until=timezone.now())
    text = skip(client, call)
    assert "Skipped: this campaign no longer calls this contact." in text
    assert "Not called: cancelled by a user. “ Moved away ” · sara · today" in text
    call.refresh_from_db()
    assert (call.status, call.skip_reason, call.lease) == ("skipped", "canceled", None)
    step = call.events.get()
    assert (step.actor, step.detail, step.code) == (caller, "Moved away", "canceled_by_person")
    event = AuditEvent.objects.get(action="campaign.person_skipped")
    assert (event.object_id, event.actor, event.detail) == (
        str(campaign.pk), caller, {"call": call.pk, "reason": "Moved away"},
    )  # fmt: skip


@pytest.mark.parametrize("status", ["placing", "queued", "ringing", "in_progress", "unknown", "completed"])
def test_nobody_is_skipped_at_the_commit_point_or_after(client: Client, caller: User, status: str) -> None:
    client.force_login(caller)
    call = person_in(running(caller), status=status)
    assert "skip/" not in client.get(f"/campaigns/{call.campaign_id}/people/").content.decode()
    assert "Too late: the call was sent" in skip(client, call)
    call.refresh_from_db()
    assert call.status == status
    assert not AuditEvent.objects.filter(action="campaign.person_skipped").exists()


def test_a_reason_is_needed(client: Client, caller: User) -> None:
    client.force_login(caller)
    call = person_in(running(caller))
    assert "No one was skipped" in skip(client, call, "  ")
    call.refresh_from_db()
    assert call.status == "pending"


@pytest.mark.parametrize(("role", "own", "code"), [
    (CALLER, True, 302), (CALLER, False, 404), (MANAGER, False, 302), (ADMIN, False, 302)
])  # fmt: skip
def test_who_may_skip(client: Client, role: str, own: bool, code: int) -> None:
    person = make_person(role)
    client.force_login(person)
    call = person_in(running(person if own else make_person(CALLER)))
    url = f"/campaigns/{call.campaign_id}/people/{call.pk}/skip/"
    assert client.post(url, {"reason": "x"}).status_code == code
    call.refresh_from_db()
    assert (call.status == "skipped") is (code == 302)


def test_a_call_of_another_campaign_is_not_reached_through_this_one(client: Client, manager: User) -> None:
    client.force_login(manager)
    call = person_in(running())
    assert client.post(f"/campaigns/{running().pk}/people/{call.pk}/skip/", {"reason": "x"}).status_code == 404


# Calling again


def again(client: Client, call: Call, token: str = "") -> Any:
    url = f"/campaigns/{call.campaign_id}/people/{call.pk}/again/"
    return client.post(url, {"form_token": token or str(uuid.uuid4())}, follow=True)


def test_a_finished_person_is_called_again_in_the_campaign_once(client: Client, manager: User) -> None:
    client.force_login(manager)
    campaign = running(max_attempts=1)
    call = person_in(campaign, status="no_answer")
    token = str(uuid.uuid4())
    for _ in range(2):
        assert "One more attempt is waiting." in text_of(again(client, call, token))
    made = Call.objects.get(campaign=campaign, status="pending")
    assert (made.contact, made.attempt) == (call.contact, 2)
    assert "Another call to this number is already waiting." in text_of(again(client, call))
    assert AuditEvent.objects.get(action="campaign.called_again").detail == {"call": made.pk}


def test_after_the_campaigns_end_it_is_a_single_call(client: Client, manager: User) -> None:
    client.force_login(manager)
    call = person_in(running(status="stopped"), status="skipped", skip_reason="stopped")
    answer = again(client, call)
    assert "The campaign is finished, so this is a single call" in text_of(answer)
    assert Call.objects.get(status="pending").campaign is None


def test_the_do_not_call_list_holds(client: Client, manager: User) -> None:
    client.force_login(manager)
    call = person_in(running(), status="no_answer")
    DoNotCall.objects.create(phone=call.to_number)
    assert "do-not-call list" in text_of(again(client, call))
    assert not Call.objects.filter(status="pending").exists()


def test_callers_do_not_call_again_from_here(client: Client, caller: User) -> None:
    client.force_login(caller)
    call = person_in(running(caller), status="no_answer")
    assert "again/" not in client.get(f"/campaigns/{call.campaign_id}/people/").content.decode()
    assert again(client, call).status_code == 403


def test_the_list_asks_as_often_for_many_people_as_for_few(
    client: Client, manager: User, django_assert_max_num_queries: Any
) -> None:
    client.force_login(manager)
    campaign = running()
    # What a process remembers for a while.
    client.get(f"/campaigns/{campaign.pk}/people/")
    asked = []
    for many in (3, 9):
        for number in range(many):
            person_in(
                campaign,
                status=["pending", "skipped", "no_answer"][number % 3],
                skip_reason=["", "canceled", ""][number % 3],
            )
        with django_assert_max_num_queries(of_a_page(22)) as queries:
            client.get(f"/campaigns/{campaign.pk}/people/")
        asked.append(len(queries))
    assert asked[0] == asked[1]
