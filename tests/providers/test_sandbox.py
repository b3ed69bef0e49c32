"""The sandbox's wires: every operation with and without a key, the lists and their paging, limits, sounds, switches."""

from __future__ import annotations

import json
import time
import wave
from collections import Counter
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from providers.sandbox.accounts import ACCOUNT_OF, DEMO_ACCOUNTS
from providers.sandbox.engine import script_for
from providers.sandbox.journal import read_journal
from providers.sandbox.messages import Request
from providers.sandbox.server import SandboxServer
from providers.sandbox.wire.base import Route
from tests.providers.sandbox_caller import (
    DONE,
    GOOD,
    ORDER_PATHS,
    VENDORS,
    control,
    headers_of,
    id_in,
    number_for,
    order_for,
    place,
    read,
    send,
    wait_for_word,
)

SPEED = 50.0


def routes_of(server: SandboxServer, vendor: str) -> list[Route]:
    wire = server.world.wires[vendor]
    return [
        found
        for name in dir(type(wire))
        for found in getattr(getattr(wire, name), "routes", ())
        if isinstance(found, Route)
    ]


REFUSALS = {
    "bitel": (401, {"result": None, "error": "Unauthorized"}),
    "unleashx": (200, {"success": False, "message": "Invalid Auth Key or Session Expired"}),
    "bolna": (403, {"detail": "Unrecognized access token"}),
    "voicy": (401, {"error": "Invalid API key"}),
    "vocode": (401, {"detail": "Unauthorized"}),
}
OLDER_REFUSALS = {
    "unleashx": (401, {"error": True, "message": "Unauthorized"}),
    "bolna": (401, {"error": 401, "message": "Access denied"}),
}
OLDER = {"unleashx_bad_key_200": False, "bolna_bad_key_403": False, "bolna_auth_detail": False}


@pytest.mark.parametrize("vendor", VENDORS)
def test_every_operation_wants_a_key_and_answers_json(server: SandboxServer, origin: str, vendor: str) -> None:
    remote_id = id_in(vendor, place(origin, vendor, "9901"))
    agents = ACCOUNT_OF[vendor].agents
    names = {
        "agent_id": agents[0].id if agents else "",
        "execution_id": remote_id,
        "call_id": remote_id,
        "request_id": remote_id,
        "campaign_id": "none",
    }
    routes = routes_of(server, vendor)
    assert len(routes) >= 6
    for found in routes:
        if found.is_open:
            continue
        path = f"/{vendor}" + found.path.format(**names)
        for key in ("", "some_other_key"):
            refused = send(origin, found.method, path, {}, vendor=vendor, key=key)
            assert (refused.status, refused.json) == REFUSALS[vendor], path
        answer = send(origin, found.method, path, {}, vendor=vendor)
        assert answer.status < 500, path
        assert answer.headers["content-type"] == "application/json"
        assert answer.json is not None


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_call_runs_from_its_order_to_its_end(server: SandboxServer, origin: str, vendor: str) -> None:
    placed = place(origin, vendor, "9901")
    assert placed.status == GOOD[vendor]
    remote_id = id_in(vendor, placed)
    state = wait_for_word(origin, vendor, remote_id, DONE[vendor])
    text = json.dumps(state)
    if vendor not in {"bitel", "unleashx"}:
        assert "Sara" in text
    if vendor == "bitel":
        assert state["statusCode"] == 1
        assert int(state["billSec"]) > 0
        assert state["price"] < 0
    if vendor == "bolna":
        assert state["conversation_duration"] > 0
        assert state["total_cost"] > 0
    assert send(origin, "GET", f"/{vendor}/nowhere", vendor=vendor).status == 404


def test_an_account_sees_only_its_own_calls(origin: str) -> None:
    remote_id = id_in("bolna", place(origin, "bolna", "9901", key="sandbox_bolna_one"))
    path = f"/bolna/executions/{remote_id}"
    assert send(origin, "GET", path, vendor="bolna", key="sandbox_bolna_one").status == 200
    assert send(origin, "GET", path, vendor="bolna", key="sandbox_bolna_two").status == 404


# Orders


def test_orders_in_all_forms_of_bitel(origin: str) -> None:
    base = {"phoneNumber": "09121239901", "retryCount": 0}
    forms: list[tuple[str, dict[str, Any]]] = [
        ("v1/voice/single", {"voiceId": "x"}),
        ("v1/voice/tts", {"text": "Salam"}),
        ("v1/voice/otp", {"text": "1234"}),
        ("v2/voice/single", {"voiceId": "x"}),
        ("v2/voice/single/tts", {"text": "Salam"}),
        ("v2/voice/otp", {"text": "1234"}),
    ]
    for path, more in forms:
        answer = send(origin, "POST", f"/bitel/api/{path}", {**base, **more}, vendor="bitel")
        result = answer.json["result"]
        assert answer.json["error"] is None
        assert isinstance(result, str if path.startswith("v1") else dict)
        bad = send(origin, "POST", f"/bitel/api/{path}", base, vendor="bitel")
        assert (bad.status, bad.json) == (400, {"result": None, "error": "InvalidRequest"})
    state = send(origin, "GET", f"/bitel/api/v1/voice/cdr/{'0' * 32}", vendor="bitel")
    assert (state.status, state.json["error"]) == (404, "NotFound")
    many = {"phoneNumbers": ["09121230001", "09121230002"], "voiceId": "x"}
    batch_id = send(origin, "POST", "/bitel/api/v1/voice/campaign", many, vendor="bitel").json["result"]
    rows = send(origin, "GET", f"/bitel/api/v1/voice/campaign/cdr/{batch_id}", vendor="bitel").json["result"]
    assert [row["targetNumber"] for row in rows] == many["phoneNumbers"]


@pytest.mark.parametrize(
    ("vendor", "change", "status", "words"),
    [
        ("bitel", {"phoneNumber": "+15550100"}, 400, "InvalidPhoneNumber"),
        ("bitel", {"serverId": "nowhere"}, 400, "InvalidServer"),
        ("unleashx", {"phone_number": ""}, 400, "Phone Number is required"),
        ("unleashx", {"agent_id": 103}, 404, "Agent not found or not active"),
        ("unleashx", {"agent_id": 104}, 404, "Agent not found or not active"),
        ("bolna", {"recipient_phone_number": "12025550100"}, 400, "E.164"),
        ("bolna", {"agent_id": "00000000-0000-4000-8000-000000000000"}, 404, "Agent not found"),
        ("bolna", {"scheduled_at": "2099-01-01T00:00:00Z"}, 500, ""),
        ("bolna", {"scheduled_at": "2020-01-01T00:00:00+00:00"}, 400, "2 minutes"),
        ("voicy", {"from_number": "+12025559999"}, 403, "not assigned to your account"),
        ("voicy", {"to_number": "2025550100"}, 400, "Use E.164"),
        ("vocode", {"from_number": "+12025559999"}, 404, "not found"),
        ("vocode", {"to_number": None}, 422, "field required"),
        ("vocode", {"agent": "no-uuid"}, 422, "not a valid uuid"),
    ],
)
def test_orders_that_a_vendor_refuses(
    server: SandboxServer, origin: str, vendor: str, change: dict[str, Any], status: int, words: str
) -> None:
    order = order_for(vendor, number_for(vendor, "9901")) | change
    answer = send(origin, "POST", ORDER_PATHS[vendor], order, vendor=vendor)
    assert answer.status == status
    assert words in answer.body.decode()
    assert server.world.journal.counts()["accepted"] == 0


def test_bolna_stops_what_waits_and_vocode_hangs_up(origin: str) -> None:
    later = order_for("bolna", "+12025550100") | {"scheduled_at": "2099-01-01T00:00:00+00:00"}
    remote_id = id_in("bolna", send(origin, "POST", "/bolna/call", later, vendor="bolna"))
    assert read(origin, "bolna", remote_id)["status"] == "scheduled"
    assert send(origin, "POST", f"/bolna/call/{remote_id}/stop", vendor="bolna").json["status"] == "stopped"
    assert read(origin, "bolna", remote_id)["status"] == "stopped"
    assert send(origin, "POST", f"/bolna/call/{remote_id}/stop", vendor="bolna").status == 400
    talking = id_in("vocode", place(origin, "vocode", "9915"))
    wait_for_word(origin, "vocode", talking, {"in_progress"})
    ended = send(origin, "POST", f"/vocode/v1/calls/end?id={talking}", vendor="vocode").json
    assert (ended["status"], ended["stage_outcome"]) == ("ended", "bot_disconnected")


# Lists


def test_lists_by_pages(origin: str) -> None:
    control(origin, "switches", {"list_lag_seconds": 0.0, "magic": False})
    ids = {vendor: [id_in(vendor, place(origin, vendor, f"00{n:02d}")) for n in range(25)] for vendor in VENDORS}
    agent_id = ACCOUNT_OF["bolna"].agents[0].id

    def pages(vendor: str, path: str, page: str, size: str, rows: str, name: str) -> list[Any]:
        found: list[Any] = []
        for number in (1, 2, 3):
            answer = send(origin, "GET", f"/{vendor}{path}?{page}={number}&{size}=10", vendor=vendor).json
            found += [row[name] for row in answer[rows]]
            assert len(answer[rows]) == (10 if number < 3 else 5)
        return found

    bolna = pages("bolna", f"/v2/agent/{agent_id}/executions", "page_number", "page_size", "data", "id")
    assert bolna == ids["bolna"][::-1]
    assert pages("vocode", "/v1/calls/list", "page", "size", "items", "id") == ids["vocode"]
    numbers = pages("unleashx", "/api/v1/global/agents/executions/list", "page", "limit", "datalist", "CALLING_NUMBER")
    assert numbers == [number_for("unleashx", f"00{n:02d}") for n in reversed(range(25))]
    costs = "/api/v1/global/transactions/calling-list-with-transaction"
    assert pages("unleashx", costs, "page", "limit", "transactions", "TRACK_ID") == ids["unleashx"][::-1]
    found, key = [], ""
    for _ in range(3):
        asked = {"limit": 10, **({"pagination_key": key} if key else {})}
        answer = send(origin, "POST", "/voicy/functions/v1/call-list", asked, vendor="voicy").json
        found += [row["call_id"] for row in answer["calls"]]
        key = found[-1]
        assert answer["total_count"] == 25
    assert found == ids["voicy"][::-1]


def test_lists_keep_their_limits_and_filters(origin: str) -> None:
    control(origin, "switches", {"list_lag_seconds": 0.0})
    for vendor in ("bolna", "voicy", "unleashx"):
        busy = id_in(vendor, place(origin, vendor, "9902"))
        place(origin, vendor, "9915")
        wait_for_word(origin, vendor, busy, {"busy", "BUSY"})
    agent_id = ACCOUNT_OF["bolna"].agents[0].id
    path = f"/bolna/v2/agent/{agent_id}/executions"

    def bolna(query: str) -> Any:
        answer = send(origin, "GET", f"{path}?{query}", vendor="bolna")
        return answer.json if answer.status == 200 else answer.status

    assert bolna("page_size=51") == 400
    assert bolna("from=2026-01-01T00:00:00.000Z&to=2026-01-09T00:00:00.000Z") == 400
    assert bolna("from=2020-01-01T00:00:00.000Z&to=2020-01-07T00:00:00.000Z")["total"] == 0
    assert bolna("status=busy")["total"] == 1
    assert set(bolna("")["data"][0]) == {"id", "status", "conversation_duration", "created_at", "telephony_data"}

    def voicy(asked: dict[str, Any]) -> Any:
        return send(origin, "POST", "/voicy/functions/v1/call-list", asked, vendor="voicy")

    assert voicy({"limit": 1001}).status == 400
    assert voicy({"filter_criteria": {"call_status": ["busy"]}}).json["total_count"] == 1
    now = int(time.time() * 1000)
    window = {"lower_threshold": now - 60_000, "upper_threshold": now + 60_000}
    rows = voicy({"filter_criteria": {"start_timestamp": window}}).json["calls"]
    assert len(rows) == 2
    assert "transcript" not in rows[0]

    rows = send(
        origin, "GET", "/unleashx/api/v1/global/agents/executions/list?status=BUSY&agent_id=101", vendor="unleashx"
    ).json["datalist"]
    assert [row["CALL_STATUS"] for row in rows] == ["BUSY"]
    assert not {"execution_id", "EXECUTION_ID", "INPUT_DATA"} & set(rows[0])


def test_new_calls_are_missing_from_lists_for_a_while(origin: str) -> None:
    control(origin, "switches", {"list_lag_seconds": 25.0})
    place(origin, "vocode", "9901")
    assert send(origin, "GET", "/vocode/v1/calls/list", vendor="vocode").json["total"] == 0
    time.sleep(25.0 / SPEED + 0.05)
    assert send(origin, "GET", "/vocode/v1/calls/list", vendor="vocode").json["total"] == 1


def test_catalogues(origin: str) -> None:
    def get(vendor: str, path: str) -> Any:
        return send(origin, "GET", f"/{vendor}{path}", vendor=vendor).json

    agents = get("unleashx", "/api/v1/global/agents/get")["data"]["data"]
    assert {(row["status"], row["agent_type"], row["calling_type"]) for row in agents} >= {
        (1, 3, 1), (3, 3, 1), (1, 2, None), (1, 3, 2)
    }  # fmt: skip
    assert get("unleashx", "/api/v1/global/agents/get?agent_id=101")["data"]["data"]["agent_name"]
    assert send(origin, "POST", "/unleashx/api/v1/global/verify", {}, vendor="unleashx").status == 200
    assert len(get("bolna", "/v2/agent/all")) >= 3
    assert len(get("bolna", "/me/voices")) == 3
    assert [row["phone_number"] for row in get("bolna", "/phone-numbers/all")] == [*ACCOUNT_OF["bolna"].caller_ids]
    assert get("bolna", "/user/me")["concurrency"] == {"max": 10, "current": 0}
    assert len(get("voicy", "/functions/v1/agent-list")) >= 3
    first, second = (get("vocode", f"/v1/agents/list?page={page}") for page in (1, 2))
    assert (len(first["items"]), first["has_more"], len(second["items"]), second["has_more"]) == (10, True, 2, False)
    assert len(get("vocode", "/v1/voices/list")["items"]) == 4
    assert len(get("vocode", "/v1/numbers/list")["items"]) == 3
    assert get("vocode", "/v1/numbers?phone_number=%2B12025550131")["number"] == "12025550131"
    assert get("vocode", "/v1/usage")["plan_type"] == "plan_developer"
    for account in DEMO_ACCOUNTS:
        assert account.key.startswith(account.key_prefix)


# Sounds


def test_recordings(server: SandboxServer, origin: str) -> None:
    control(origin, "switches", {"bolna_hosted_recordings": False})
    ids = {vendor: id_in(vendor, place(origin, vendor, "9901")) for vendor in VENDORS}
    states = {vendor: wait_for_word(origin, vendor, ids[vendor], DONE[vendor]) for vendor in VENDORS}
    rows = send(
        origin, "GET", "/unleashx/api/v1/global/agents/executions/list?audio_url=available", vendor="unleashx"
    ).json["datalist"]
    addresses = {
        "bolna": states["bolna"]["telephony_data"]["recording_url"],
        "voicy": states["voicy"]["recording_url"],
        "unleashx": f"{origin}/unleashx/{rows[0]['FILE_PATH']}",
    }
    for address in addresses.values():
        sound = send(origin, "GET", address.removeprefix(origin))
        assert (sound.status, sound.headers["content-type"]) == (200, "audio/wav")
        with wave.open(BytesIO(sound.body)) as played:
            assert played.getnframes() > 8000
        assert send(origin, "GET", address.removeprefix(origin)[:-1] + "x").status == 403
    old = int(time.time()) - 1
    path = f"/bolna/recordings/x.wav?expires={old}&signature={server.world.sign('x', old)}"
    assert send(origin, "GET", path).status == 403
    path = f"/vocode/v1/calls/recording?id={ids['vocode']}"
    assert send(origin, "GET", path, vendor="vocode").headers["content-type"] == "audio/mpeg"
    assert send(origin, "GET", path).status == 401


@pytest.mark.parametrize("vendor", sorted(OLDER_REFUSALS))
def test_a_key_is_refused_as_the_pages_say_where_it_is_wanted(origin: str, vendor: str) -> None:
    control(origin, "switches", OLDER)
    answer = place(origin, vendor, "9912")
    assert (answer.status, answer.json) == OLDER_REFUSALS[vendor]


# Limits


def test_documented_limits() -> None:
    with SandboxServer(port=0, speed=SPEED) as server:
        origin = server.origin
        placed = [id_in("bolna", place(origin, "bolna", "9915")) for _ in range(12)]
        time.sleep(0.3)
        words = Counter(read(origin, "bolna", remote_id)["status"] for remote_id in placed)
        assert words == {"in-progress": 10, "queued": 2}
        assert send(origin, "GET", "/bolna/user/me", vendor="bolna").json["concurrency"]["current"] == 10

        first = send(origin, "GET", "/voicy/functions/v1/agent-list", vendor="voicy")
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("60", "59")
        assert {place(origin, "voicy", "9915").status for _ in range(10)} == {201}
        refused = place(origin, "voicy", "9915")
        assert (refused.status, "Concurrent" in refused.json["error"]) == (429, True)
        for _ in range(48):
            send(origin, "GET", "/voicy/functions/v1/agent-list", vendor="voicy")
        over = send(origin, "GET", "/voicy/functions/v1/agent-list", vendor="voicy")
        assert (over.status, over.headers["x-ratelimit-remaining"]) == (429, "0")
        assert "seconds" in over.json["error"]


# Switches and control


def test_switches(server: SandboxServer, origin: str) -> None:
    reference = "0b88dda8-5aac-4aad-aae5-59a7b9ad2f39"
    order = order_for("bolna", "+12025559901", {"name": "Sara", "call": reference})
    remote_id = id_in("bolna", send(origin, "POST", "/bolna/call", order, vendor="bolna"))
    assert reference not in json.dumps(read(origin, "bolna", remote_id))
    assert read_journal(server.world.journal.path or Path())[-1]["reference"] == reference
    control(origin, "switches", {"echo_reference": True})
    assert reference in json.dumps(read(origin, "bolna", remote_id))
    assert send(origin, "POST", "/_control/switches", {"no_such": 1}).status == 400
    assert send(origin, "POST", "/_control/switches", {"echo_reference": "yes"}).status == 400

    remote_id = id_in("bitel", place(origin, "bitel", "9901"))
    path = f"/bitel/api/v2/voice/status/{remote_id}"
    assert ["result" in send(origin, "GET", path, vendor="bitel").json for _ in range(4)] == [False, True, False, True]
    control(origin, "switches", {"vocode_phone": "digits"})
    assert place(origin, "vocode", "9901").status == 422


def test_control_is_for_this_machine(server: SandboxServer, origin: str) -> None:
    assert server.simulator.answer(Request("GET", "/_control/state", {}, b"", "203.0.113.5")).status == 403
    place(origin, "voicy", "9901")
    assert control(origin, "journal", method="GET")["by_vendor"] == {"voicy": 1}
    assert sum(control(origin, "state", method="GET")["phases"]["voicy"].values()) == 1
    control(origin, "reset")
    assert control(origin, "journal", method="GET")["accepted"] == 0


# The connection and the engine


def test_one_connection_carries_many_requests_and_chunks(origin: str) -> None:
    connection = HTTPConnection(origin.removeprefix("http://"), timeout=5)
    for number in range(3):
        body = json.dumps(order_for("bolna", f"+1202555010{number}")).encode()
        connection.request("POST", "/bolna/call", iter([body[:9], body[9:]]), headers_of("bolna"), encode_chunked=True)
        answer = connection.getresponse()
        assert (answer.status, json.loads(answer.read())["status"]) == (200, "queued")
    connection.close()


def test_outcomes_are_a_number_s_own() -> None:
    numbers = [f"+1202{n:07d}" for n in range(4000)]
    outcomes = Counter(script_for(number, magic=False).final for number in numbers)
    shares = {final: count / len(numbers) for final, count in outcomes.items()}
    assert shares == pytest.approx({"completed": 0.7, "no_answer": 0.2, "busy": 0.1}, abs=0.03)
    assert script_for(numbers[0]) == script_for(numbers[0])
    assert all(6 <= script_for(n).phases[-1][0] <= 11 for n in numbers if script_for(n).final == "completed")
