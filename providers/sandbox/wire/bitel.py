"""Bitel: versions 1 and 2 of placing and status; it plays a file or a text, and tells of the end by one webhook."""

from __future__ import annotations

import json
import math
import re
import time
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from providers.sandbox import engine
from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Refused, Reply, Request, Target, json_reply
from providers.sandbox.wire.base import Route, Wire, route
from providers.sandbox.wire.parameters import body_of

WORDS: dict[str, tuple[str, int]] = {
    engine.COMPLETED: ("NORMAL", 1),
    engine.NO_ANSWER: ("NO_ANSWER", 2),
    engine.BUSY: ("USER_BUSY", 3),
    engine.DECLINED: ("USER_BUSY", 3),
    engine.FAILED: ("ERROR", 11),
    engine.BALANCE_LOW: ("ERROR", 11),
    engine.CANCELED: ("EXPIRED", 10),
    engine.STRANGE: ("PARKED_ON_THE_MOON", 77),
}
WAITING = ("WAITING", 0)
UNKNOWN = ("UNKNOWN", 20)
TOMAN_PER_30_SECONDS = 34.2
LOCAL = re.compile(r"0?(9\d{9})")


class BitelWire(Wire):
    """Envelope `{"result", "error"}`; epoch seconds; prices in Toman, version 2's below zero."""

    slug = "bitel"

    def limit_of(self, found: Route) -> int:
        """Return the requests a minute: none is documented."""
        return self.world.switches.undocumented_rate_limit

    # Orders

    def _order(self, request: Request, key: str) -> SimulatedCall:
        order = body_of(request, self.error(400, "InvalidRequest"))
        raw = order.get("phoneNumber")
        match = LOCAL.fullmatch(raw) if isinstance(raw, str) else None
        if not isinstance(raw, str) or not raw:
            raise Refused(self.error(400, "InvalidRequest"))
        if match is None:
            raise Refused(self.error(400, "InvalidPhoneNumber"))
        if order.get("serverId") and order["serverId"] not in self.account.dialers:
            raise Refused(self.error(400, "InvalidServer"))
        retries = order.get("retryCount", 1)
        if not isinstance(retries, int) or retries < 0:
            raise Refused(self.error(400, "InvalidRequest"))
        self._check_message(request.path, order)
        return self.place(
            request,
            key,
            remote_id=uuid4().hex,
            to_number="+98" + match[1],
            agent_id=str(order.get("voiceId") or ""),
            caller_id=str(order.get("serverId") or ""),
            redials=retries,
            extra={"phoneNumber": raw},
        )

    def _check_message(self, path: str, order: dict[str, Any]) -> None:
        text = order.get("text")
        if path.endswith("/otp"):
            is_good = isinstance(text, str) and text.isdigit() and 0 < len(text) < 6
        elif path.endswith("/tts"):
            is_good = isinstance(text, str) and bool(text.strip())
        else:
            is_good = isinstance(order.get("voiceId"), str) and bool(order["voiceId"])
        if not is_good:
            raise Refused(self.error(400, "InvalidRequest"))
        if order.get("voiceId") in self.account_faults.voices_gone:
            # The page of general errors could not be found: this code is a guess.
            raise Refused(self.error(400, "VoiceNotFound"))

    @route("POST", "/api/v1/voice/single", places=True)
    @route("POST", "/api/v1/voice/tts", places=True)
    @route("POST", "/api/v1/voice/otp", places=True)
    def place_v1(self, request: Request, key: str) -> Reply:
        """Version 1: the result is the request id."""
        call = self._order(request, key)
        return json_reply(200, {"result": call.remote_id, "error": None})

    @route("POST", "/api/v2/voice/single", places=True)
    @route("POST", "/api/v2/voice/single/tts", places=True)
    @route("POST", "/api/v2/voice/otp", places=True)
    def place_v2(self, request: Request, key: str) -> Reply:
        """Version 2: the result is an object."""
        call = self._order(request, key)
        return json_reply(200, {"result": self._state_v2(call, call.created_at), "error": None})

    # Status

    def _known(self, key: str, remote_id: str) -> SimulatedCall:
        call = self.ledger(key).by_id.get(remote_id)
        if call is None:
            raise Refused(self.not_found())
        call.reads += 1
        return call

    def _facts(self, call: SimulatedCall, now: float) -> tuple[str, int, int, int]:
        phase = call.phase(now)
        has_no_end = phase == engine.IN_PROGRESS and call.script.phases[-1][0] == engine.NEVER
        open_word = UNKNOWN if has_no_end and self.world.switches.bitel_unknown_last else WAITING
        word, code = WORDS.get(phase, open_word)
        seconds = call.talk_seconds(now) if phase == engine.COMPLETED else 0
        began = call.began(engine.DIALING)
        executed = int(began) if began is not None and began <= now else 0
        return word, code, seconds, executed

    def _price(self, seconds: int) -> float:
        return round(math.ceil(seconds / 30) * TOMAN_PER_30_SECONDS, 1)

    def _seconds(self, seconds: int) -> int | str:
        return str(seconds) if self.world.switches.numbers_as_strings else seconds

    def _state_v1(self, call: SimulatedCall, now: float) -> dict[str, Any]:
        word, _code, seconds, executed = self._facts(call, now)
        return {
            "requestId": call.remote_id,
            "targetNumber": call.extra["phoneNumber"],
            "status": word if word in {"WAITING", "NORMAL", "NO_ANSWER", "USER_BUSY"} or executed else "NO_ANSWER",
            "billSec": self._seconds(seconds),
            "requestDate": int(call.created_at),
            "executionDate": executed,
            "transactionId": call.number,
            "balanceSubtracted": self._price(seconds),
        }

    def _state_v2(self, call: SimulatedCall, now: float) -> dict[str, Any]:
        word, code, seconds, executed = self._facts(call, now)
        price = self._price(seconds)
        return {
            "id": call.remote_id,
            "phoneNumber": call.extra["phoneNumber"],
            "status": word,
            "statusCode": code,
            "billSec": self._seconds(seconds),
            "requestDate": int(call.created_at),
            "executionDate": executed,
            "price": -price if price else 0,
        }

    @route("GET", "/api/v1/voice/cdr/{request_id}")
    def status_v1(self, request: Request, key: str, request_id: str) -> Reply:
        """Version 1 of one call's detail record."""
        return json_reply(200, {"result": self._state_v1(self._known(key, request_id), time.time()), "error": None})

    @route("GET", "/api/v2/voice/status/{request_id}")
    def status_v2(self, request: Request, key: str, request_id: str) -> Reply:
        """Version 2 of one call's state; the documented sample has no envelope."""
        call = self._known(key, request_id)
        state = self._state_v2(call, time.time())
        shape = self.world.switches.bitel_status_shape
        is_bare = call.reads % 2 == 1 if shape == "alternate" else shape == "bare"
        return json_reply(200, state if is_bare else {"result": state, "error": None})

    # Batches: one call each, under one id

    @route("POST", "/api/v2/voice/batch")
    @route("POST", "/api/v2/voice/batch/tts")
    def batch_v2(self, request: Request, key: str) -> Reply:
        """Version 2 of a batch: at most 100 numbers, an array of the same objects."""
        return json_reply(200, {"result": [self._state_v2(call, time.time()) for call in self._batch(request, key)]})

    @route("POST", "/api/v1/voice/campaign")
    def batch_v1(self, request: Request, key: str) -> Reply:
        """Version 1 of a batch: the result is the campaign's id."""
        campaign_id = uuid4().hex
        for call in self._batch(request, key):
            call.extra["campaignId"] = campaign_id
        return json_reply(200, {"result": campaign_id, "error": None})

    def _batch(self, request: Request, key: str) -> list[SimulatedCall]:
        order = body_of(request, self.error(400, "InvalidRequest"))
        numbers = order.get("phoneNumbers")
        if not isinstance(numbers, list) or not 0 < len(numbers) <= 100:
            raise Refused(self.error(400, "InvalidRequest"))
        calls = []
        for raw in numbers:
            one = json.dumps({**order, "phoneNumber": raw}).encode()
            calls.append(self._order(Request("POST", request.path, request.headers, one), key))
        return calls

    @route("GET", "/api/v1/voice/campaign/cdr/{campaign_id}")
    def batch_status_v1(self, request: Request, key: str, campaign_id: str) -> Reply:
        """Version 1 of a batch's detail records."""
        found = [call for call in self.ledger(key).between() if call.extra.get("campaignId") == campaign_id]
        if not found:
            return self.not_found()
        return json_reply(200, {"result": [self._state_v1(call, time.time()) for call in found], "error": None})

    # Webhook: exactly one, when the request has concluded

    def webhook_moments(self, call: SimulatedCall) -> list[tuple[float, str]]:
        """Return the one moment that Bitel tells about."""
        return [(at, "concluded") for at, phase in call.changes() if phase == call.script.final]

    def webhook_message(self, call: SimulatedCall, event: str, target: Target) -> tuple[bytes, str, dict[str, str]]:
        """Return the end of a call, as JSON or as a form: the page does not say which."""
        word, _code, seconds, _executed = self._facts(call, time.time())
        told = {
            "requestId": call.remote_id,
            "campaignId": call.extra.get("campaignId", ""),
            "balanceSubtracted": self._price(seconds),
            "cause": word,
            "billSec": seconds,
            "number": call.extra["phoneNumber"],
            "requestDate": int(call.created_at),
        }
        encoding = self.world.switches.bitel_webhook_encoding
        if encoding == "form" or (encoding == "alternate" and call.number % 2):
            return urlencode(told).encode(), "application/x-www-form-urlencoded", {}
        return json.dumps(told).encode(), "application/json", {}

    # Errors: a code string

    def error(self, status: int, message: str) -> Reply:
        """Return an error code in the envelope."""
        return json_reply(
            200 if self.world.switches.bitel_errors_as_200 else status, {"result": None, "error": message}
        )

    def unauthorised(self) -> Reply:
        """Return the refusal of a token; always 401."""
        return json_reply(401, {"result": None, "error": "Unauthorized"})

    def not_found(self) -> Reply:
        """Return the answer for an unknown id."""
        return self.error(404, "NotFound")

    def number_refused(self) -> Reply:
        """Return the refusal of a number."""
        return self.error(400, "InvalidPhoneNumber")

    def out_of_credit(self) -> Reply:
        """Return the refusal for an empty account; its real code is not documented."""
        return json_reply(402, {"result": None, "error": "InsufficientBalance"})

    def server_error(self) -> Reply:
        """Return a failure of the vendor itself."""
        return json_reply(500, {"result": None, "error": "InternalServerError"})
