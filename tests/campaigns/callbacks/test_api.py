"""Callbacks for programs: asked for once, by the rules of the pages, moved as they were read, taken back, noted."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User

from callcenter.audit.models import AuditEvent
from campaigns.models import Call, Callback, DoNotCall
from providers.types import CallStatus
from tests.campaigns.callbacks.plans import TEHRAN, planned, talked_with, tomorrow
from tests.conftest import make_agent, make_contact, make_person
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db


def five(**fields: Any) -> dict[str, Any]:
    return {"day": tomorrow().isoformat(), "time": "17:00", "reason": "wants a later appointment", **fields}


def test_a_callback_is_asked_for_once_on_the_persons_clock(caller: User) -> None:
    call, program = talked_with(caller), Program(caller)
    for status in (201, 200):
        answer = program.post("/callbacks", five(from_call=call.pk), Idempotency_Key="a")
        made = Callback.objects.get()
        said = answer.json()
        assert (answer.status_code, said["id"], said["call"]["status"], said["waits"]) == (
            status, made.pk, "pending", True,
        )  # fmt: skip
    assert (made.zone, f"{made.local_time:%H:%M}", made.from_call, made.asked_by) == (TEHRAN, "17:00", call, caller)
    assert (made.call.agent, made.call.contact) == (call.agent, call.contact)
    assert AuditEvent.objects.get(action="call.callback_asked").source.startswith("API key")
    again = program.post("/callbacks", five(contact=call.contact_id), Idempotency_Key="b")
    assert (again.status_code, "is scheduled" in again.json()["detail"]) == (409, True)
    assert program.post("/callbacks", five(contact=call.contact_id)).status_code == 400


def test_it_is_refused_where_the_pages_refuse(caller: User) -> None:
    call, program = talked_with(caller), Program(caller)
    over = (tomorrow() - datetime.timedelta(days=3)).isoformat()
    foreign = talked_with(make_person())
    asked = {
        "past": (five(from_call=call.pk, day=over), 409, "has passed"),
        "nobody": (five(), 422, "contact to call back"),
        "zone": (five(from_call=call.pk, zone="Nowhere/City"), 409, "time zone"),
        "minutes": (five(from_call=call.pk, time="17:60"), 422, "errors"),
        "foreign": (five(from_call=foreign.pk), 404, "not accessible"),
        "number": (five(from_call=call.pk, phone="+989120000000"), 409, "does not belong to this contact"),
    }
    found = {}
    for name, (body, *_) in asked.items():
        answer = program.post("/callbacks", body, Idempotency_Key=name)
        found[name] = (answer.status_code, answer.json()["detail"])
    assert {name: status for name, (status, _) in found.items()} == {name: one[1] for name, one in asked.items()}
    assert not [name for name, (_, words) in found.items() if asked[name][2] not in words]
    DoNotCall.objects.create(phone=call.to_number, reason="said so")
    forbidden = program.post("/callbacks", five(from_call=call.pk), Idempotency_Key="never")
    assert (forbidden.status_code, Callback.objects.count()) == (409, 0)
    blind = Program(caller, scopes=EVERYTHING - {"people:read"})
    assert blind.post("/callbacks", five(contact=call.contact_id), Idempotency_Key="x").status_code == 403


def test_it_is_moved_only_as_it_was_read_and_taken_back_once(caller: User) -> None:
    made, program = planned(caller), Program(caller)
    path = f"/callbacks/{made.pk}"
    read = program.get(path)
    later = {"day": read.json()["day"], "time": "18:30"}
    assert program.patch(path, later).status_code == 428
    moved = program.patch(path, later, If_Match=read["ETag"])
    assert (moved.status_code, moved.json()["time"], moved.json()["zone"]) == (200, "18:30", TEHRAN)
    assert program.patch(path, later | {"time": "19:00"}, If_Match=read["ETag"]).status_code == 412
    call = Call.objects.get(callback=made)
    assert (call.due_at - made.call.due_at) == datetime.timedelta(minutes=90)
    assert [program.post(f"{path}/take-back", {}).json()["is_canceled"] for _ in range(2)] == [True, False]
    assert Call.objects.get(pk=call.pk).is_final
    assert program.post(f"{path}/note").json() == {"changed": False}


def test_they_are_listed_by_state_and_noted_when_over(caller: User) -> None:
    waits, over = planned(caller), planned(caller)
    Call.objects.filter(pk=over.call_id).update(status=CallStatus.NO_ANSWER, talk_seconds=0)
    planned(make_person())
    program = Program(caller)
    assert [one["id"] for one in program.get("/callbacks").json()["items"]] == [over.pk, waits.pk]
    assert [one["id"] for one in program.get("/callbacks?state=waiting").json()["items"]] == [waits.pk]
    (ended,) = program.get("/callbacks?state=over").json()["items"]
    assert (ended["id"], ended["waits"], ended["is_noted"], bool(ended["sentence"])) == (over.pk, False, False, True)
    assert [program.post(f"/callbacks/{pk}/note").json()["changed"] for pk in (waits.pk, over.pk)] == [False, True]
    assert Callback.objects.get(pk=over.pk).noted_at is not None


def test_a_single_call_is_placed_later(caller: User) -> None:
    agent, contact = make_agent(), make_contact(owner=caller)
    order = {"phone": contact.phone, "provider": agent.provider_id, "agent": agent.pk}
    program = Program(caller)
    answer = program.post("/calls", order | {"later": five()}, Idempotency_Key="a")
    made = Callback.objects.get()
    assert (answer.status_code, answer.json()["id"], made.zone, made.reason) == (
        201, made.call_id, TEHRAN, "wants a later appointment",
    )  # fmt: skip
    assert made.call.due_at == made.asked_for
    wrong = program.post("/calls", order | {"later": five(day="2001-01-01")}, Idempotency_Key="b")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "later.time")
    zone = program.post("/calls", order | {"later": five(zone="Europe/Paris")}, Idempotency_Key="c")
    assert (zone.status_code, zone.json()["errors"][0]["field"]) == (422, "later.zone")
