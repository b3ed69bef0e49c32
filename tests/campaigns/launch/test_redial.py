"""Redial by outcome: a draft with exactly the people whose last attempt came to it, under all the usual rules."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.access.rights import ADMIN
from callcenter.audit.models import AuditEvent
from campaigns.core.refusals import Refusal
from campaigns.launch import redial, redial_answers, redial_dispositions
from campaigns.models import Answer, Call, CallDisposition, Campaign, ContactList, Disposition, Question
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact, make_list, make_person

pytestmark = pytest.mark.django_db


def finished(owner: User | None = None, **fields: Any) -> Campaign:
    """Make a campaign over which everything that can become of a person has happened."""
    values = {"status": "finished", "is_filled": True, "launched_at": timezone.now(), "owner": owner} | fields
    campaign = make_campaign([make_list(1)], **values)

    def person(name: str, status: str, **more: Any) -> Call:
        return make_call(campaign=campaign, contact=make_contact(name=name), status=status, owner=owner, **more)

    person("Silent 1", "no_answer")
    tried = person("Silent 2", "busy")
    make_call(campaign=campaign, contact=tried.contact, attempt=2, status="no_answer", owner=owner)
    reached = person("Reached late", "no_answer")
    make_call(campaign=campaign, contact=reached.contact, attempt=2, status="completed", talk_seconds=30, owner=owner)
    person("Busy", "busy")
    person("Machine", "completed", talk_seconds=9, answered_by="machine")
    person("Mute", "completed")
    person("Broken", "failed", failure_reason="vendor_error")
    person("Held", "failed", failure_reason="not_placed", held_at=timezone.now())
    person("Canceled", "canceled")
    person("Ended", "skipped", skip_reason="stopped")
    person("Refuses", "skipped", skip_reason="do_not_call")
    person("Talk time", "completed", talk_seconds=30)
    person("Waiting", "pending")
    person("Rings", "ringing")
    make_call(campaign=campaign, status="busy", owner=owner)
    return campaign


def test_everybody_is_counted_by_the_last_attempt_once() -> None:
    assert redial.count_by_outcome(finished()) == {
        "no_answer": 2, "busy": 1, "machine": 1, "silent": 1, "failed": 1, "canceled": 1, "stopped": 1,
    }  # fmt: skip


def test_the_draft_has_exactly_these_people_and_the_same_rules(caller: User) -> None:
    left_out = make_campaign()
    campaign = finished(
        caller, max_attempts=2, text="Hello", tags=["vip"], excludes_only_reached=True, watched={"x": 1}
    )
    campaign.excluded_campaigns.add(left_out)
    made = redial.redial(campaign.pk, ["no_answer", "machine"], caller)
    people = made.lists.get()
    assert {contact.name for contact in people.contacts.all()} == {"Silent 1", "Silent 2", "Machine"}
    assert (made.status, made.owner, made.max_attempts, made.text) == ("draft", caller, 2, "Hello")
    assert (made.tags, made.excludes_only_reached, made.excluded_campaigns.count()) == ([], False, 0)
    assert (made.launched_at, made.watched, made.provider, made.agent) == (
        None, {}, campaign.provider, campaign.agent,
    )  # fmt: skip
    assert people.owner == caller
    assert people.name == f"Again: {campaign.name}"
    detail = AuditEvent.objects.get(action="campaign.redialed", object_id=str(campaign.pk)).detail
    assert detail == {"people": 3, "outcomes": ["machine", "no_answer"], "draft": made.pk}
    again = redial.redial(campaign.pk, ["busy"], caller)
    assert again.lists.get().name == f"Again: {campaign.name} (2)"
    assert not Call.objects.filter(campaign__in=[made, again]).exists()


def test_nobody_left_makes_nothing(caller: User) -> None:
    campaign = make_campaign(status="finished", launched_at=timezone.now(), owner=caller)
    with pytest.raises(Refusal):
        redial.redial(campaign.pk, ["busy"], caller)
    assert (ContactList.objects.count(), Campaign.objects.count()) == (0, 1)


# On the screen


def test_the_page_shows_how_many_and_leads_to_the_launch_check(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = finished(caller)
    assert f"/campaigns/{campaign.pk}/redial/" in client.get(f"/campaigns/{campaign.pk}/").content.decode()
    page = client.get(f"/campaigns/{campaign.pk}/redial/")
    assert "No answer: 2 people" in text_of(page)
    assert "Busy: 1 person" in text_of(page)
    token = str(uuid.uuid4())
    for _ in range(2):
        answer = client.post(
            f"/campaigns/{campaign.pk}/redial/", {"outcome": ["no_answer", "busy"], "form_token": token}
        )
    made = Campaign.objects.get(status="draft")
    assert answer.headers["Location"] == f"/campaigns/{made.pk}/check/"
    text = text_of(client.get(answer.headers["Location"]))
    assert "created for 3 people" in text
    assert "3 will be called" in text


@pytest.mark.parametrize("outcomes", [[], ["talked"], ["nonsense"]])
def test_nothing_chosen_says_so(client: Client, caller: User, outcomes: list[str]) -> None:
    client.force_login(caller)
    campaign = finished(caller)
    answer = client.post(f"/campaigns/{campaign.pk}/redial/", {"outcome": outcomes})
    assert answer.status_code == 422
    assert "Choose at least one result to call again" in text_of(answer)
    assert not Campaign.objects.filter(status="draft").exists()


def test_a_draft_has_nobody_to_call_again(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = make_campaign(owner=caller)
    assert "redial" not in client.get(f"/campaigns/{campaign.pk}/").content.decode()
    assert "nobody to call again" in text_of(client.get(f"/campaigns/{campaign.pk}/redial/", follow=True))


def test_others_campaigns_and_admins_are_kept_out(client: Client, caller: User) -> None:
    client.force_login(caller)
    campaign = finished()
    assert client.post(f"/campaigns/{campaign.pk}/redial/", {"outcome": "busy"}).status_code == 404
    client.force_login(make_person(ADMIN))
    assert client.get(f"/campaigns/{campaign.pk}/redial/").status_code == 403


# By what was answered


def test_people_are_called_again_by_what_they_answered(client: Client, caller: User) -> None:
    campaign = finished(caller, is_living=True, people_a_day=5, people_in_all=5)
    coming = Question.objects.create(campaign=campaign, name="Coming", kind="yes_no", path="coming")
    which = Question.objects.create(campaign=campaign, name="Which", kind="choice", options=["Blue", "Red"])

    def talked(name: str, question: Question | None = None, key: str = "", **more: Any) -> Call:
        call = make_call(
            campaign=campaign, contact=make_contact(name=name), status="completed", talk_seconds=9, owner=caller, **more
        )
        if question is not None:
            Answer.objects.create(call=call, question=question, raw=key, key=key, certainty="certain")
        return call

    talked("No 1", coming, "no")
    talked("Yes", coming, "yes")
    talked("Blue", which, "blue")
    before = talked("No, then yes", coming, "no")
    later = make_call(
        campaign=campaign, contact=before.contact, attempt=2, status="completed", talk_seconds=9, owner=caller
    )
    Answer.objects.create(call=later, question=coming, raw="yes", key="yes", certainty="certain")
    client.force_login(caller)
    address = f"/campaigns/{campaign.pk}/redial/"
    page = client.get(address)
    assert [(group.question, group.key.partition(":")[2], group.people) for group, _is in page.context["answers"]] == [
        ("Coming", "yes", 2), ("Coming", "no", 1), ("Coming", "-", 3), ("Which", "blue", 1), ("Which", "-", 5),
    ]  # fmt: skip
    assert client.post(address, {"answer": f"{coming.pk}:perhaps"}).status_code == 422
    sent = {"outcome": "busy", "answer": [f"{coming.pk}:no", f"{which.pk}:blue"], "form_token": str(uuid.uuid4())}
    assert client.post(address, sent).status_code == 302
    made = Campaign.objects.get(status="draft")
    assert {one.name for one in made.lists.get().contacts.all()} == {"Busy", "No 1", "Blue"}
    assert (made.is_living, made.people_in_all) == (False, None)


def test_who_may_not_read_what_was_said_chooses_by_no_answer(caller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = finished(caller)
    question = Question.objects.create(campaign=campaign, name="Coming", kind="yes_no", path="coming")
    call = Call.objects.get(campaign=campaign, contact__name="Talk time")
    Answer.objects.create(call=call, question=question, raw="no", key="no", certainty="certain")
    monkeypatch.setattr(redial_answers, "may", lambda person, right: right != "hear_calls")
    assert redial_answers.groups(campaign, caller) == []
    with pytest.raises(Refusal):
        redial.redial(campaign.pk, [], caller, answers=[f"{question.pk}:no"])


def test_people_are_called_again_by_the_disposition_of_their_last_attempt(client: Client, caller: User) -> None:
    campaign = finished(caller)
    later, never = (
        Disposition.objects.create(name=name, follows=follows)
        for name, follows in (("Think about it", "nothing"), ("Angry", "never"))
    )

    def talked(name: str, disposition: Disposition, **more: Any) -> Call:
        fields = {"contact": make_contact(name=name), "status": "completed", "talk_seconds": 9, "owner": caller}
        call = make_call(campaign=campaign, **(fields | more))
        CallDisposition.objects.create(call=call, disposition=disposition)
        return call

    talked("Thinks", later)
    talked("Is angry", never)
    before = talked("Thought", later)
    make_call(campaign=campaign, contact=before.contact, attempt=2, status="completed", talk_seconds=9, owner=caller)
    client.force_login(caller)
    address = f"/campaigns/{campaign.pk}/redial/"
    shown = client.get(address).context["dispositions"]
    assert [(group.name, group.people) for group, _is in shown] == [("Think about it", 1)]
    assert client.post(address, {"disposition": str(never.pk)}).status_code == 422
    assert client.post(address, {"disposition": "x"}).status_code == 422
    sent = {"outcome": "busy", "disposition": [later.pk, never.pk], "form_token": str(uuid.uuid4())}
    assert client.post(address, sent).status_code == 302
    made = Campaign.objects.get(status="draft")
    assert {one.name for one in made.lists.get().contacts.all()} == {"Busy", "Thinks"}
    event = AuditEvent.objects.get(action="campaign.redialed")
    assert event.detail["dispositions"] == sorted([later.pk, never.pk])


def test_a_disposition_of_an_attempt_that_is_not_over_is_in_no_group() -> None:
    campaign = finished()
    call = campaign.calls.get(status="ringing")
    CallDisposition.objects.create(call=call, disposition=Disposition.objects.create(name="Soon"))
    assert redial_dispositions.groups(campaign) == []
