"""Calls for programs: placed by the rules of Quick call, shown by the rules of the call log."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, CALLER
from callcenter.audit.models import AuditEvent
from campaigns.calls import recordings
from campaigns.models import Call, CallTranscript, DoNotCall
from providers.types import CallStatus
from tests.conftest import MARYAM, make_agent, make_call, make_contact, make_person
from tests.programs import EVERYTHING, Program

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("at_any_hour")]


def order(**fields: Any) -> dict[str, Any]:
    agent = make_agent(variables=["order"])
    return {"phone": "0912 123 4567", "provider": agent.provider_id, "agent": agent.pk, **fields}


def test_a_call_is_queued_as_quick_call_does(caller: User) -> None:
    answer = Program(caller).post("/calls", order(variables={"order": "4711", "more": "x"}), Idempotency_Key="a")
    call = Call.objects.get()
    assert (answer.status_code, answer.json()["id"], answer.json()["status"]) == (201, call.pk, "pending")
    assert (call.to_number, call.owner, call.variables) == (MARYAM, caller, {"order": "4711", "more": "x"})
    event = AuditEvent.objects.get(action="call.asked")
    assert (event.actor, event.source.startswith("API key")) == (caller, True)


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"phone": "12"}, "phone", "too short"),
        ({"agent": 10**9}, "agent", "valid choice"),
        ({"provider": 10**9}, "provider", "valid choice"),
        ({"variables": {}}, "var_order", "required"),
    ],
)
def test_a_wrong_order_says_at_which_field(caller: User, wrong: dict[str, Any], field: str, sentence: str) -> None:
    asked = order(variables={"order": "1"}) | wrong
    answer = Program(caller).post("/calls", asked, Idempotency_Key="a")
    said = {one["field"]: one["detail"] for one in answer.json()["errors"]}
    assert (answer.status_code, Call.objects.count()) == (422, 0)
    assert sentence in said[field]


def test_a_check_says_what_a_call_would_do_and_places_none(caller: User) -> None:
    contact, asked = make_contact(name="Maryam", owner=caller), order(variables={"order": "1"})
    by_contact = {name: value for name, value in asked.items() if name != "phone"} | {"contact": contact.pk}
    program = Program(caller)
    said = program.post("/calls/check", by_contact).json()
    assert (said["contact"]["name"], said["number"], said["due_at"]) == ("Maryam", contact.phone, None)
    assert said["sentence"].startswith(f"Call Maryam ({contact.phone}) through {said['provider']['name']}, now.")
    assert said["agent"]["name"] in said["sentence"]
    assert said["at_most"] is not None
    assert said["at_most"] in said["sentence"]
    masked = Program(caller, scopes=EVERYTHING - {"numbers"}).post("/calls/check", by_contact)
    assert (masked.json()["number"], contact.phone in masked.content.decode()) == (f"…{contact.phone[-4:]}", False)
    assert Call.objects.count() == 0
    placed = program.post("/calls", by_contact, Idempotency_Key="a")
    assert (placed.status_code, Call.objects.get().contact) == (201, contact)


def test_whom_to_call_is_said_once_and_within_reach(caller: User) -> None:
    asked, foreign = order(variables={"order": "1"}), make_contact(team=Team.objects.create(name="Theirs"))
    without = {name: value for name, value in asked.items() if name != "phone"}
    program = Program(caller)
    for path, body, status in (
        ("/calls/check", asked | {"contact": foreign.pk}, 422),
        ("/calls/check", without, 422),
        ("/calls/check", asked | {"phone": "12"}, 422),
        ("/calls", without | {"contact": foreign.pk}, 404),
    ):
        assert program.post(path, body, Idempotency_Key="a").status_code == status, body
    blind = Program(caller, scopes=EVERYTHING - {"people:read"})
    assert blind.post("/calls", without | {"contact": foreign.pk}, Idempotency_Key="a").status_code == 403


def test_whoever_must_not_be_called_is_not(caller: User) -> None:
    DoNotCall.objects.create(phone=MARYAM, reason="said so")
    answer = Program(caller).post("/calls", order(variables={"order": "1"}), Idempotency_Key="a")
    assert (answer.status_code, "do-not-call" in answer.json()["detail"], Call.objects.count()) == (422, True, 0)


def test_whoever_was_called_a_short_time_ago_is_called_only_deliberately(caller: User) -> None:
    make_call(to_number=MARYAM, status=CallStatus.NO_ANSWER, placing_at=timezone.now(), ended_at=timezone.now())
    program, asked = Program(caller), order(variables={"order": "1"})
    assert program.post("/calls", asked, Idempotency_Key="a").status_code == 422
    assert program.post("/calls", asked | {"is_deliberate": True}, Idempotency_Key="b").status_code == 201


def test_a_provider_of_another_team_is_none(caller: User) -> None:
    Membership.objects.create(user=caller, team=Team.objects.create(name="Ours"))
    asked = order(variables={"order": "1"})
    from providers.models import Provider

    Provider.objects.update(team=Team.objects.create(name="Theirs"))
    assert Program(caller).post("/calls", asked, Idempotency_Key="a").status_code == 422


def test_a_waiting_call_is_cancelled_once(caller: User) -> None:
    call = make_call(owner=caller, status=CallStatus.PENDING, placing_at=None)
    program = Program(caller)
    for is_canceled in (True, False):
        assert program.post(f"/calls/{call.pk}/cancel", {}).json() == {"is_canceled": is_canceled}


def test_the_log_is_filtered_and_read_in_few_statements(manager: User) -> None:
    program = Program(manager)
    for number in range(4):
        state = CallStatus.NO_ANSWER if number % 2 else CallStatus.COMPLETED
        make_call(owner=manager, contact=make_contact(), status=state, talk_seconds=0 if number % 2 else 9)
    program.get("/calls?limit=1")
    with CaptureQueriesContext(connection) as one:
        program.get("/calls?limit=1")
    with CaptureQueriesContext(connection) as four:
        found = program.get("/calls").json()["items"]
    assert (len(found), len(four) <= len(one)) == (4, True)
    answered = program.get("/calls?state=talked").json()["items"]
    assert [one["result"] for one in answered] == ["talked"] * 2
    assert len(program.post("/calls/find", {"person": found[0]["number"]}).json()["items"]) == 1
    assert program.get("/calls?state=nonsense").status_code == 422


def test_what_was_said_is_for_those_who_hear_and_is_recorded(manager: User) -> None:
    call = make_call(owner=manager, status=CallStatus.COMPLETED, talk_seconds=9, extracted={"wants": "yes"})
    CallTranscript.objects.create(call=call, turns=[{"speaker": "person", "text": "hello"}], summary="short")
    said = Program(manager).get(f"/calls/{call.pk}").json()
    assert (said["may_hear"], said["summary"], said["transcript"][0]["text"]) == (True, "short", "hello")
    assert said["answers"] == [{"category": "", "question": "wants", "answers": ["yes"]}]
    assert AuditEvent.objects.filter(action="call.transcript_opened", actor=manager).count() == 1
    deaf = Program(manager, scopes=EVERYTHING - {"calls:hear"})
    said = deaf.get(f"/calls/{call.pk}").json()
    assert (said["may_hear"], said["summary"], said["transcript"], said["answers"]) == (False, "", [], [])
    assert deaf.post("/calls/find", {"words": "hello"}).status_code == 422
    assert deaf.get(f"/calls/{call.pk}/recording").status_code == 403


def test_an_admin_sees_the_call_of_a_team_but_not_whom_it_was_to() -> None:
    person, team = make_person(ADMIN), Team.objects.create(name="Theirs")
    call = make_call(team=team, contact=make_contact(name="Secret", team=team), status=CallStatus.COMPLETED)
    said = Program(person).get(f"/calls/{call.pk}").json()
    assert (said["contact"], said["number"], said["may_hear"]) == (None, f"…{call.to_number[-4:]}", False)


def test_the_number_of_an_old_call_is_masked_for_a_caller() -> None:
    person = make_person(CALLER)
    ended = timezone.now() - datetime.timedelta(days=8)
    call = make_call(owner=person, to_number=MARYAM, status=CallStatus.NO_ANSWER, ended_at=ended)
    assert Program(person).get(f"/calls/{call.pk}").json()["number"] == "…4567"


def test_a_recording_is_streamed_in_ranges_and_recorded_as_played(
    manager: User, tmp_path: Any, monkeypatch: Any
) -> None:
    call = make_call(owner=manager, status=CallStatus.COMPLETED, talk_seconds=9)
    sound = tmp_path / "sound.mp3"
    sound.write_bytes(b"ID3" + bytes(range(100)))
    monkeypatch.setattr(recordings, "_kept", lambda _id: recordings.Sound(sound.open("rb"), 103, "audio/mpeg"))
    program = Program(manager)
    whole = program.get(f"/calls/{call.pk}/recording")
    part = program.get(f"/calls/{call.pk}/recording", Range="bytes=0-2")
    assert (whole.status_code, whole["Content-Type"], len(b"".join(whole.streaming_content))) == (
        200,
        "audio/mpeg",
        103,
    )
    assert (part.status_code, b"".join(part.streaming_content)) == (206, b"ID3")
    assert AuditEvent.objects.filter(action="call.recording_played", actor=manager).count() == 1
