"""The vendors' shapes of today, which the simulator speaks by default, and the old ones behind their switches."""

from __future__ import annotations

import datetime

import pytest

from providers.sandbox.accounts import ACCOUNT_OF
from providers.sandbox.noted import noted_by
from tests.providers.sandbox_caller import DONE, control, id_in, place, send, wait_for_word

SPEED = 25.0
LISTS = {
    "bolna": ("GET", "/bolna/v2/agent/{agent}/executions", None, "data"),
    "voicy": ("POST", "/voicy/functions/v1/call-list", {}, "calls"),
    "vocode": ("GET", "/vocode/v1/calls/list", None, "items"),
    "unleashx": ("GET", "/unleashx/api/v1/global/agents/executions/list", None, "datalist"),
}


def listing(origin: str, vendor: str) -> tuple[int, bytes, list[dict[str, object]]]:
    """Return status, body and rows of the first page of a vendor's list of calls."""
    method, path, order, name = LISTS[vendor]
    answer = send(origin, method, path.format(agent=ACCOUNT_OF[vendor].agents[0].id), order, vendor=vendor)
    is_page = answer.status == 200 and answer.body.startswith(b"{")
    return answer.status, answer.body, answer.json[name] if is_page else []


def test_bolnas_own_address_of_a_recording_leads_to_the_signed_one(origin: str) -> None:
    told = wait_for_word(origin, "bolna", id_in("bolna", place(origin, "bolna", "9901")), DONE["bolna"])
    address = told["telephony_data"]["recording_url"]
    assert address == f"{origin}/bolna/recordings/call/{told['id']}"
    moved = send(origin, "GET", address.removeprefix(origin))
    assert moved.status == 302
    assert send(origin, "GET", moved.headers["location"].removeprefix(origin)).status == 200


@pytest.mark.parametrize("is_today", [True, False])
def test_shapes_are_todays_and_switch_back_to_the_old_ones(origin: str, is_today: bool) -> None:
    names = ("bolna_nested_answers", "bolna_termination_reason", "bolna_recipient_data_as_text", "voicy_value_objects")
    if not is_today:
        control(origin, "switches", dict.fromkeys(names, False))
    told = wait_for_word(origin, "bolna", id_in("bolna", place(origin, "bolna", "9917")), DONE["bolna"])
    answers, data = told["extracted_data"], told["context_details"]["recipient_data"]
    assert isinstance(data, str) is is_today
    assert told.get("termination_reason") == ("user_hangup" if is_today else None)
    if is_today:
        assert answers["Compliance"]["Do Not Call"]["objective"] == "Yes"
    else:
        assert answers == {"do_not_call": True}
    voicy = wait_for_word(origin, "voicy", id_in("voicy", place(origin, "voicy", "9917")), {"user_hangup"})
    assert voicy["vars_extracted"] == {"do_not_call": {"value": True} if is_today else True}


def test_agents_note_answers_in_each_vendors_own_shape(origin: str) -> None:
    told = wait_for_word(origin, "bolna", id_in("bolna", place(origin, "bolna", "9901")), DONE["bolna"])
    confirmed = told["extracted_data"]["Appointment"]["Confirmed"]["objective"]
    assert confirmed in {"Yes", "No"}
    voicy = wait_for_word(origin, "voicy", id_in("voicy", place(origin, "voicy", "9901")), DONE["voicy"])
    assert voicy["vars_extracted"]["confirmed"]["value"] in {"Yes", "No"}
    wait_for_word(origin, "unleashx", id_in("unleashx", place(origin, "unleashx", "9901")), DONE["unleashx"])
    (row,) = listing(origin, "unleashx")[2]
    assert row["DISPOSITION"] in {"Confirmed", "Not Confirmed"}
    silent = wait_for_word(origin, "bolna", id_in("bolna", place(origin, "bolna", "9910")), DONE["bolna"])
    assert "Appointment" not in silent["extracted_data"]


@pytest.mark.parametrize(
    ("agent", "names"),
    [
        ("Appointment reminder", {"Confirmed", "Comes by", "Wished day"}),
        ("Customer survey", {"Score", "Would recommend", "To be better"}),
        ("Payment reminder", {"Promised to pay", "Promised amount", "Promised day", "Why not"}),
        ("Website chat", set()),
    ],
)
def test_an_agent_notes_what_its_errand_asks(agent: str, names: set[str]) -> None:
    day = datetime.date(2026, 11, 30)
    notes = [noted_by(agent, chance, day) for chance in range(0, 400, 7)]
    assert {one.name for noted in notes for one in noted} == names
    assert notes == [noted_by(agent, chance, day) for chance in range(0, 400, 7)]


def test_a_recording_asked_for_as_json_is_not_acceptable(origin: str) -> None:
    path = "/vocode/v1/calls/recording?id=5a4db0c5-0000-4000-8000-000000000009"
    assert send(origin, "GET", path, vendor="vocode", headers={"Accept": "application/json"}).status == 406
    control(origin, "switches", {"vocode_strict_accept": False})
    assert send(origin, "GET", path, vendor="vocode", headers={"Accept": "application/json"}).status == 404


@pytest.mark.parametrize("vendor", LISTS)
def test_a_row_without_an_id_ends_each_page(origin: str, vendor: str) -> None:
    control(origin, "switches", {"list_lag_seconds": 0.0, "row_without_id": True})
    place(origin, vendor, "9901")
    _status, _body, rows = listing(origin, vendor)
    assert len(rows) == 2
    assert [bool({"id", "ID", "call_id"} & row.keys()) for row in rows] == [True, False]
    control(origin, "switches", {"row_without_id": False})
    assert len(listing(origin, vendor)[2]) == 1


@pytest.mark.parametrize("vendor", LISTS)
def test_so_many_pages_in_a_hundred_fail_or_are_rubbish(origin: str, vendor: str) -> None:
    control(origin, "switches", {"bad_pages_percent": 40})
    place(origin, vendor, "9901")
    answers = [listing(origin, vendor)[:2] for _read in range(60)]
    failed = sum(status == 500 for status, _body in answers)
    rubbish = sum(body.startswith(b"<html>") for _status, body in answers)
    assert failed > 3
    assert rubbish > 3
    assert 12 <= failed + rubbish <= 36


def test_calls_of_others_stand_before_our_own(origin: str) -> None:
    control(origin, "switches", {"list_lag_seconds": 0.0, "unleashx_later_rows": 12, "unleashx_burst_rows": 3})
    place(origin, "unleashx", "9901")
    path = "/unleashx/api/v1/global/agents/executions/list?limit=10&page="
    first = send(origin, "GET", path + "1", vendor="unleashx").json
    assert (first["total"], len({row["ID"] for row in first["datalist"]})) == (13, 10)
    second = send(origin, "GET", path + "2", vendor="unleashx").json["datalist"]
    assert [row["ID"] for row in second[:3]] == [row["ID"] for row in first["datalist"][-3:]]
    assert len(second) == 6
    ours = send(origin, "GET", path + "1&calling_number=9901", vendor="unleashx").json["datalist"]
    assert [row["CALLING_NUMBER"] for row in ours] == [second[-1]["CALLING_NUMBER"]]
