"""Voicy keeps the contract, and what is its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Mapping

import pytest

from providers.backends.voicy import MOST_WHOLE_READS, PAGE_ROWS, VoicyBackend
from providers.exceptions import (
    AgentRefused,
    CallerIdRefused,
    CredentialsRejected,
    InvalidNumber,
    OrderRejected,
    OutOfCredit,
    PlanRefused,
    RateLimited,
    UnexpectedResponse,
    ZoneRefused,
)
from providers.types import CallStatus
from tests.providers.contract import ProviderContract
from tests.providers.exchanges import CANARY, ScriptedClient, handle_from
from tests.providers.vendor_stub import Answer, VendorStub


class TestVoicy(ProviderContract):
    backend_class = VoicyBackend
    payloads = "voicy"
    paged = frozenset({"list"})
    absent = Answer(404, {"error": "Call not found"})
    refusals = (
        (403, {"error": "Phone number not assigned to your account"}, CallerIdRefused),
        (403, {"error": "Phone number not found or not assigned to your account"}, CallerIdRefused),
        (403, {"error": "Access denied"}, OrderRejected),
        (403, {"error": "Invalid API key"}, CredentialsRejected),
        (401, {"error": "Invalid or expired token"}, CredentialsRejected),
        (404, {"error": "Agent not found"}, AgentRefused),
        (403, {"error": "Upgrade to call more"}, PlanRefused),
        (403, {"error": "This country is not enabled, calls are not allowed to it"}, ZoneRefused),
        (400, {"error": "Invalid phone number format. Use E.164 (e.g. +11234567890)"}, InvalidNumber),
        (400, {"error": "to_number is required"}, OrderRejected),
        (403, {"status": "error", "message": "Insufficient credits"}, OutOfCredit),
    )

    def sign_webhook(self, body: bytes) -> Mapping[str, str]:
        secret = f"{CANARY}-webhook_secret".encode()
        return {"x-voicy-signature": "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()}

    @pytest.mark.parametrize("call", ["place", "fetch"])
    def test_limit_says_in_its_text_how_long_to_wait(self, stub: VendorStub, call: str) -> None:
        stub.answer(Answer(429, {"error": "Rate limit exceeded. Try again in 12 seconds"}))
        backend = self.open_backend(stub)
        with pytest.raises(RateLimited) as caught:
            backend.place_call(self.order()) if call == "place" else backend.fetch_calls(
                [handle_from({"remote_id": "a"})]
            )
        assert caught.value.retry_after == 12

    @pytest.mark.parametrize("call", ["place", "fetch"])
    @pytest.mark.parametrize(
        ("headers", "text", "seconds"),
        [
            ({"X-RateLimit-Reset": "1798729446"}, "Rate limit exceeded", 46),
            ({"X-RateLimit-Reset": "1798729446", "Retry-After": "7"}, "Rate limit exceeded", 7),
            ({"X-RateLimit-Reset": "1798729446"}, "Try again in 12 seconds", 12),
            ({"X-RateLimit-Reset": "1798729399"}, "", 1),
            ({"X-RateLimit-Reset": "9999999999"}, "", 3600),
            ({"X-RateLimit-Reset": "soon"}, "", 30),
            ({"X-RateLimit-Reset": "nan"}, "", 30),
            ({}, "", 30),
        ],
    )
    def test_limit_ends_when_the_vendor_counts_anew_by_its_own_clock(
        self, stub: VendorStub, headers: dict[str, str], text: str, seconds: int, call: str
    ) -> None:
        stub.answer(Answer(429, {"error": text}, {**headers, "Date": "Thu, 31 Dec 2026 15:03:20 GMT"}))
        backend = self.open_backend(stub)
        with pytest.raises(RateLimited) as caught:
            backend.place_call(self.order()) if call == "place" else backend.fetch_calls(
                [handle_from({"remote_id": "a"})]
            )
        assert caught.value.retry_after == seconds

    def test_limit_without_a_date_is_counted_by_our_clock(self, stub: VendorStub) -> None:
        stub.answer(Answer(429, {"error": ""}, {"X-RateLimit-Reset": str(int(time.time()) + 100)}))
        with pytest.raises(RateLimited) as caught:
            self.open_backend(stub).place_call(self.order())
        assert 90 <= caught.value.retry_after <= 101

    def test_webhook_without_a_secret_is_taken_as_a_hint(self) -> None:
        backend = VoicyBackend(ScriptedClient({}), secrets={"api_key": "k"}, options={})
        body = json.dumps(self.payloads_of("webhook")[0]["answer"]).encode()
        assert len(backend.parse_webhook({}, body)) == 1

    def test_full_page_asks_for_the_next(self, stub: VendorStub) -> None:
        rows = [{"call_id": f"c{number}", "call_status": "busy"} for number in range(PAGE_ROWS + 1)]
        stub.answer(Answer(200, rows[:PAGE_ROWS]), Answer(200, rows[PAGE_ROWS:]))
        recorded = self.payloads_of("list")[0]
        found = self.run({"request": "list", "query": recorded["query"]}, self.open_backend(stub))
        assert len(found) == PAGE_ROWS + 1
        assert stub.requests[1].json["pagination_key"] == f"c{PAGE_ROWS - 1}"

    def test_list_that_ignores_its_cursor_is_not_taken_for_whole(self, stub: VendorStub) -> None:
        stub.answer(Answer(200, [{"call_id": f"c{number}"} for number in range(PAGE_ROWS)]))
        recorded = self.payloads_of("list")[0]
        with pytest.raises(UnexpectedResponse):
            self.run({"request": "list", "query": recorded["query"]}, self.open_backend(stub))
        assert len(stub.requests) == 2

    def test_open_calls_are_kept_when_the_limit_is_hit_at_the_ended_ones(self, stub: VendorStub) -> None:
        recorded = self.read_payloads()["fetch_many"]
        stub.answer(Answer(200, recorded["routes"]["/call-list"]), path="/call-list")
        stub.answer(Answer(429, {"error": "Try again in 9 seconds"}), path="/call-get")
        handles = [handle_from(handle) for handle in recorded["handles"]]
        assert len(self.open_backend(stub).fetch_calls(handles)) == 2
        assert len(stub.requests) == 2

    def test_many_that_ended_are_read_whole_some_at_a_time(self, stub: VendorStub) -> None:
        ids = [f"c{number}" for number in range(MOST_WHOLE_READS + 5)]
        rows = [{"call_id": remote_id, "call_status": "user_hangup"} for remote_id in ids]
        listed = Answer(200, {"calls": rows, "total_count": len(rows)})
        stub.answer(listed, *(Answer(200, row) for row in rows[:MOST_WHOLE_READS]))
        handles = [handle_from({"remote_id": remote_id, "placed_at": "2026-11-01T10:00:00Z"}) for remote_id in ids]
        found = {snapshot.remote_id: snapshot for snapshot in self.open_backend(stub).fetch_calls(handles)}
        assert found.keys() == set(ids)
        assert [found[remote_id].more_to_read for remote_id in ids] == [False] * MOST_WHOLE_READS + [True] * 5
        assert {found[remote_id].status for remote_id in ids[MOST_WHOLE_READS:]} == {CallStatus.WRAPPING_UP}
