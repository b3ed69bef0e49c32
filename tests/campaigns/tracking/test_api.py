"""What needs a decision, for programs: told with its answers, decided with a reason, called again once."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.models import Call, DoNotCall, HeardOptOut
from tests.conftest import make_call
from tests.programs import Program

pytestmark = pytest.mark.django_db


def unknown(owner: User) -> Call:
    return make_call(owner=owner, status="unknown", ended_at=None, needs_person_at=timezone.now())


def test_an_unclear_call_is_settled_with_a_reason(manager: User) -> None:
    call, program = unknown(manager), Program(manager)
    (found,) = program.get("/decisions").json()["items"]
    assert (found["call"]["id"], found["kind"], found["may_decide"]) == (call.pk, "unknown", True)
    assert found["answers"] == ["took_place", "did_not", "wait"]
    address = f"/calls/{call.pk}/settle"
    refused = program.post(address, {"answer": "did_not"})
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "reason")
    assert program.post(address, {"answer": "wait", "hours": 4}).status_code == 200
    assert program.get("/decisions").json()["items"] == []
    told = {"answer": "took_place", "reason": "seen there", "result": "talked", "seconds": 30}
    assert program.post(address, told).json()["result"] == "talked"
    assert program.post(address, told).status_code == 409


def test_a_held_call_is_called_again_once_for_each_key(manager: User) -> None:
    held = make_call(owner=manager, status="failed", failure_reason="not_placed", held_at=timezone.now())
    program, address = Program(manager), f"/calls/{held.pk}/again"
    answers = [program.post(address, Idempotency_Key="a") for _ in range(2)]
    assert [one.status_code for one in answers] == [201, 200]
    assert answers[0].json()["id"] == answers[1].json()["id"] != held.pk
    assert Call.objects.count() == 2
    assert program.post(address).status_code == 400


def test_what_may_be_an_opt_out_is_decided(manager: User) -> None:
    call, program = make_call(owner=manager, status="completed"), Program(manager)
    HeardOptOut.objects.create(call=call, phone=call.to_number, said="not again")
    (found,) = program.get("/decisions?kind=opt_out").json()["items"]
    assert found["answers"] == ["forbid", "allow"]
    assert program.post(f"/calls/{call.pk}/opt-out", {"answer": "allow"}).status_code == 409
    assert program.post(f"/calls/{call.pk}/opt-out", {"answer": "forbid"}).status_code == 200
    assert DoNotCall.objects.filter(phone=call.to_number).exists()
