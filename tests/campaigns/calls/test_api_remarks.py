"""Remarks and hand-overs for programs: in the owner's name, with the audit log, and only where their scopes say so."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.access.rights import CALLER
from callcenter.audit.models import AuditEvent
from campaigns.models import HandOver
from tests.conftest import make_call, make_person
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def test_notes_tags_and_a_review_are_written_in_the_owners_name(manager: User) -> None:
    call, program = make_call(owner=manager, status="completed", talk_seconds=20), Program(manager)
    address = f"/calls/{call.pk}"
    assert program.post(f"{address}/notes", {"text": "Wants a mail"}).status_code == 200
    program.post(f"{address}/tags", {"tags": ["Complaint", "gold"]})
    program.post(f"{address}/tags/remove", {"tags": ["complaint", "none"]})
    program.post(f"{address}/review", {"score": 2})
    told = program.post(f"{address}/review", {"score": 4, "comment": "polite"}).json()
    assert ([one["text"] for one in told["notes"]], told["tags"]) == (["Wants a mail"], ["gold"])
    assert (told["review"]["score"], told["review"]["comment"]) == (4, "polite")
    assert told == program.get(f"{address}/remarks").json()
    assert program.post(f"{address}/review", {"score": 6}).status_code == 422
    assert AuditEvent.objects.get(action="call.note_added").source.startswith("API key")


def given_to(person: User) -> HandOver:
    call = make_call(owner=person, status="no_answer")
    return HandOver.objects.create(call=call, person=person, outcome="no_answer", due_at=timezone.now())


def test_a_call_given_to_a_user_is_passed_on_and_ended(caller: User) -> None:
    program, other = Program(caller), make_person(CALLER)
    first, second = given_to(caller), given_to(caller)
    listed = program.get("/hand-overs").json()["items"]
    assert [(one["id"], one["may_act"]) for one in listed] == [(second.pk, True), (first.pk, True)]
    able = program.get(f"/hand-overs/{first.pk}").json()["can_take"]
    assert other.pk in {one["id"] for one in able}
    assert program.post(f"/hand-overs/{first.pk}/give", {"person": other.pk}).json()["person"]["id"] == other.pk
    assert program.post(f"/hand-overs/{second.pk}/done").json() == {"changed": True}
    assert program.post(f"/hand-overs/{second.pk}/drop").json() == {"changed": False}
    assert program.get(f"/hand-overs/{second.pk}").status_code == 404


def test_a_key_that_only_reads_acts_on_none(caller: User) -> None:
    given, program = given_to(caller), Program(caller, scopes=EVERYTHING - {"decisions"})
    assert program.get("/hand-overs").json()["items"]
    refused = program.post(f"/hand-overs/{given.pk}/done")
    assert (refused.status_code, "decisions" in refused.json()["detail"]) == (403, True)
