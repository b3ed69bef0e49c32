"""The webhooks that the sandbox sends: to whom, when, in what form, signed, repeated and out of order."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs

import pytest

from providers.sandbox.accounts import ACCOUNT_OF
from tests.providers.sandbox_caller import control, id_in, place, read, send, wait_for_word
from tests.waiting import A_MINUTE

SPEED = 25.0


class Receiver(ThreadingHTTPServer):
    """Keeps every webhook: (path, headers with lower-case names, body)."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Keeper)
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.refusals = 0
        self.address = f"http://127.0.0.1:{self.server_address[1]}/hook"

    def wait(self, count: int, seconds: float = A_MINUTE) -> list[tuple[str, dict[str, str], bytes]]:
        """Return what came once there are so many; fails when the time is over."""
        until = time.monotonic() + seconds
        while len(self.got) < count:
            assert time.monotonic() < until, self.got
            time.sleep(0.02)
        return self.got


class Keeper(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refuses = self.server.refusals > 0
        self.server.refusals -= 1
        if not refuses:
            self.server.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(500 if refuses else 200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as running:
        Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def test_voicy_signs_one_event_at_the_end(origin: str, receiver: Receiver) -> None:
    secret = ACCOUNT_OF["voicy"].webhook_secret
    control(origin, "webhooks", {"vendor": "voicy", "url": receiver.address, "secret": secret})
    call_id = id_in("voicy", place(origin, "voicy", "9901"))
    [(_path, headers, body)] = receiver.wait(1)
    assert headers["x-voicy-event"] == "call_ended"
    assert headers["x-voicy-signature"] == "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    told = json.loads(body)
    assert (told["event"], told["call"]["call_id"]) == ("call_ended", call_id)
    assert {turn["role"] for turn in told["call"]["transcript"]} == {"agent", "user"}
    assert read(origin, "voicy", call_id)["call_status"] == told["call"]["call_status"]


def test_bitel_tells_once_as_json_or_as_a_form(origin: str, receiver: Receiver) -> None:
    control(origin, "webhooks", {"vendor": "bitel", "url": receiver.address})
    ids = [id_in("bitel", place(origin, "bitel", "9902")) for _ in range(2)]
    told = {}
    for _path, headers, body in receiver.wait(2):
        if headers["content-type"] == "application/json":
            found = json.loads(body)
        else:
            found = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        told[found["requestId"]] = (headers["content-type"], found["cause"], found["number"])
    assert set(told) == set(ids)
    assert {kind for kind, _cause, _number in told.values()} == {
        "application/json", "application/x-www-form-urlencoded"
    }  # fmt: skip
    assert {(cause, number) for _kind, cause, number in told.values()} == {("USER_BUSY", "09121239902")}


def test_bolna_tells_every_change_to_the_agent_s_address(origin: str, receiver: Receiver) -> None:
    agent_id = ACCOUNT_OF["bolna"].agents[0].id
    config = {"agent_config": {"webhook_url": receiver.address}}
    assert send(origin, "PATCH", f"/bolna/v2/agent/{agent_id}", config, vendor="bolna").status == 200
    execution_id = id_in("bolna", place(origin, "bolna", "9901"))
    told = [json.loads(body) for _path, _headers, body in receiver.wait(6)]
    assert {one.get("id") for one in told} == {None}
    assert {one["execution_id"] for one in told} == {execution_id}
    # Several senders tell side by side: what was told later may come earlier.
    by_status = {one["status"]: one for one in told}
    assert set(by_status) == {"queued", "initiated", "ringing", "in-progress", "call-disconnected", "completed"}
    assert (by_status["queued"]["transcript"], by_status["completed"]["conversation_duration"] > 0) == ("", True)


def test_a_webhook_that_was_refused_comes_again(origin: str, receiver: Receiver) -> None:
    control(origin, "webhooks", {"vendor": "voicy", "url": receiver.address})
    receiver.refusals = 2
    place(origin, "voicy", "9902")
    receiver.wait(1)
    # It is counted just after it was answered.
    until = time.monotonic() + A_MINUTE
    while (counted := control(origin, "state", method="GET")["webhooks"]) == {"failed": 2}:
        assert time.monotonic() < until
    assert counted == {"failed": 2, "sent": 1}


def test_repeated_and_reordered(origin: str, receiver: Receiver) -> None:
    control(origin, "switches", {"webhook_repeat": 2, "webhook_reorder": True})
    control(origin, "webhooks", {"vendor": "bolna", "url": receiver.address})
    place(origin, "bolna", "9901")
    words = [json.loads(body)["status"] for _path, _headers, body in receiver.wait(12)]
    assert sorted(words) == sorted(
        2 * ["queued", "initiated", "ringing", "in-progress", "call-disconnected", "completed"]
    )
    once = list(dict.fromkeys(words))
    assert once != ["queued", "initiated", "ringing", "in-progress", "call-disconnected", "completed"]


def test_vocode_sends_what_is_subscribed(origin: str, receiver: Receiver) -> None:
    asked = {"subscriptions": ["event_phone_call_ended", "event_transcript"], "url": receiver.address}
    made = send(origin, "POST", "/vocode/v1/webhooks/create", asked, vendor="vocode").json
    agent_id = ACCOUNT_OF["vocode"].agents[0].id
    updated = send(
        origin, "POST", f"/vocode/v1/agents/update?id={agent_id}", {"webhook": made["id"]}, vendor="vocode"
    ).json
    assert updated["webhook"] == made
    assert send(origin, "GET", f"/vocode/v1/webhooks?id={made['id']}", vendor="vocode").json == made
    call_id = id_in("vocode", place(origin, "vocode", "9901"))
    told = {json.loads(body)["type"]: json.loads(body) for _path, _headers, body in receiver.wait(2)}
    assert set(told) == set(asked["subscriptions"])
    assert told["event_transcript"].get("call_id") is None
    assert told["event_transcript"]["conversation_id"] == call_id
    assert told["event_phone_call_ended"]["payload"]["conversation_minutes"] > 0
    bad = {"subscriptions": ["event_nonsense"], "url": receiver.address}
    assert send(origin, "POST", "/vocode/v1/webhooks/create", bad, vendor="vocode").status == 422


def test_unleashx_tells_the_agent_s_address(origin: str, receiver: Receiver) -> None:
    asked = {"agent_id": 101, "session_data_webhook": receiver.address}
    assert send(origin, "POST", "/unleashx/api/v1/global/create-agent", asked, vendor="unleashx").status == 200
    execution_id = id_in("unleashx", place(origin, "unleashx", "9901"))
    [(_path, _headers, body)] = receiver.wait(1)
    assert json.loads(body)["execution_id"] == execution_id


def test_a_hung_up_call_is_told(origin: str, receiver: Receiver) -> None:
    control(origin, "webhooks", {"vendor": "vocode", "url": receiver.address})
    call_id = id_in("vocode", place(origin, "vocode", "9915"))
    wait_for_word(origin, "vocode", call_id, {"in_progress"})
    send(origin, "POST", f"/vocode/v1/calls/end?id={call_id}", vendor="vocode")
    # Several senders tell side by side: what was told last need not come last.
    assert "event_phone_call_ended" in {json.loads(body)["type"] for _path, _headers, body in receiver.wait(3)}


def test_only_web_addresses(origin: str) -> None:
    assert send(origin, "POST", "/_control/webhooks", {"vendor": "voicy", "url": "file:///etc/passwd"}).status == 400
    assert send(origin, "POST", "/_control/webhooks", {"vendor": "nobody", "url": "http://127.0.0.1"}).status == 400
