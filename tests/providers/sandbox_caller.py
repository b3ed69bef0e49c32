"""Speaks each vendor's wire by hand, so that the sandbox is tested without our own backends."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from providers.sandbox.accounts import ACCOUNT_OF
from tests.waiting import A_MINUTE

VENDORS = ("bitel", "unleashx", "bolna", "voicy", "vocode")
ORDER_PATHS = {
    "bitel": "/bitel/api/v2/voice/single",
    "unleashx": "/unleashx/api/v1/global/agents/call",
    "bolna": "/bolna/call",
    "voicy": "/voicy/functions/v1/call-dial",
    "vocode": "/vocode/v1/calls/create",
}
DONE = {
    "bitel": {"NORMAL"},
    "unleashx": {"USER_ENDED", "AGENT_ENDED"},
    "bolna": {"completed"},
    "voicy": {"user_hangup", "agent_hangup"},
    "vocode": {"ended"},
}
"""Words of a call that was answered and is over."""
GOOD = {"bitel": 200, "unleashx": 200, "bolna": 200, "voicy": 201, "vocode": 200}


class Answer(NamedTuple):
    """What came back; header names in lower case."""

    status: int
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def headers_of(vendor: str, key: str | None = None) -> dict[str, str]:
    key = ACCOUNT_OF[vendor].key if key is None else key
    if not key:
        return {}
    return {"token": key} if vendor == "unleashx" else {"Authorization": f"Bearer {key}"}


def send(
    origin: str,
    method: str,
    path: str,
    order: Any = None,
    *,
    vendor: str = "",
    key: str | None = None,
    timeout: float = 60.0,
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one request on a connection of its own; raises OSError or HTTPException as the client library does."""
    parts = urlsplit(origin)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=timeout)
    try:
        body = None if order is None else json.dumps(order)
        usual = {"Connection": "close", "Content-Type": "application/json"}
        keyed = headers_of(vendor, key) if vendor else {}
        connection.request(method, path, body, {**usual, **keyed, **(headers or {})})
        answer = connection.getresponse()
        return Answer(answer.status, answer.read(), {name.lower(): value for name, value in answer.getheaders()})
    finally:
        connection.close()


def control(origin: str, name: str, order: Any = None, *, method: str = "POST") -> Any:
    """Ask a control endpoint; fails where it says no."""
    answer = send(origin, method, f"/_control/{name}", order)
    assert answer.status == 200, answer.body
    return answer.json


def order_for(vendor: str, number: str, variables: dict[str, str] | None = None) -> dict[str, Any]:
    """Return an order in the vendor's words; `number` is E.164, an Iranian one for Bitel."""
    account = ACCOUNT_OF[vendor]
    variables = variables or {"name": "Sara"}
    if vendor == "bitel":
        return {"phoneNumber": "0" + number[3:], "voiceId": account.voices[0].id, "retryCount": 0}
    agent_id = account.agents[0].id
    if vendor == "unleashx":
        return {"agent_id": int(agent_id), "phone_number": number, "metadata": variables}
    if vendor == "bolna":
        return {"agent_id": agent_id, "recipient_phone_number": number, "user_data": variables}
    if vendor == "voicy":
        return {"from_number": account.caller_ids[0], "to_number": number, "vars_provided": variables}
    return {"from_number": account.caller_ids[0], "to_number": number, "agent": agent_id, "context": variables}


def number_for(vendor: str, last: str) -> str:
    """Return a number whose last four digits are `last`."""
    return ("+98912123" if vendor == "bitel" else "+1202555") + last


def place(origin: str, vendor: str, last: str, *, key: str | None = None, timeout: float = 60.0) -> Answer:
    """Place a call to the number that ends so."""
    order = order_for(vendor, number_for(vendor, last))
    return send(origin, "POST", ORDER_PATHS[vendor], order, vendor=vendor, key=key, timeout=timeout)


def id_in(vendor: str, answer: Answer) -> str:
    """Return the call's id from the answer to an order."""
    placed = answer.json
    if vendor == "bitel":
        return str(placed["result"]["id"])
    if vendor == "unleashx":
        return str(placed["data"]["execution_id"])
    return str(placed[{"bolna": "execution_id", "voicy": "call_id", "vocode": "id"}[vendor]])


def read(origin: str, vendor: str, remote_id: str) -> dict[str, Any]:
    """Return what the vendor says of a call now."""
    paths = {
        "bitel": f"/bitel/api/v2/voice/status/{remote_id}",
        "bolna": f"/bolna/executions/{remote_id}",
        "voicy": f"/voicy/functions/v1/call-get/{remote_id}",
        "vocode": f"/vocode/v1/calls?id={remote_id}",
    }
    if vendor == "unleashx":
        rows = send(
            origin,
            "GET",
            f"/unleashx/api/v1/global/transactions/calling-list-with-transaction?search={remote_id}",
            vendor=vendor,
        ).json["transactions"]
        return rows[0] if rows else {}
    state: dict[str, Any] = send(origin, "GET", paths[vendor], vendor=vendor).json
    return state.get("result", state)


def word_of(vendor: str, state: dict[str, Any]) -> str:
    """Return the vendor's own status word."""
    names = {"unleashx": "CALL_STATUS", "voicy": "call_status"}
    return str(state.get(names.get(vendor, "status"), ""))


def wait_for_word(
    origin: str, vendor: str, remote_id: str, words: set[str], *, seconds: float = A_MINUTE
) -> dict[str, Any]:
    """Read a call until its word is one of these; fails when the time is over."""
    until = time.monotonic() + seconds
    seen = []
    while time.monotonic() < until:
        state = read(origin, vendor, remote_id)
        seen.append(word_of(vendor, state))
        if seen[-1] in words:
            return state
        time.sleep(0.02)
    raise AssertionError(f"{vendor} said {sorted(set(seen))}, not {sorted(words)}")
