"""Bolna keeps the contract, and what is its own."""

from __future__ import annotations

import datetime

import pytest

from providers.backends.bolna import BolnaBackend
from providers.client.client import HttpClient
from providers.exceptions import (
    AgentRefused,
    CallerIdRefused,
    CredentialsRejected,
    InvalidNumber,
    OrderRejected,
    OutOfCredit,
    PlanRefused,
    UnexpectedResponse,
    VoiceRefused,
    ZoneRefused,
)
from providers.types import CallQuery
from tests.providers.clients import answer_of
from tests.providers.contract import ProviderContract
from tests.providers.exchanges import ScriptedClient, handle_from, order_from
from tests.providers.vendor_stub import Answer, VendorStub


class TestBolna(ProviderContract):
    backend_class = BolnaBackend
    payloads = "bolna"
    paged = frozenset({"list"})
    refusals = (
        (400, {"error": 400, "message": "Insufficient balance. Please recharge your wallet"}, OutOfCredit),
        (403, {"error": 403, "message": "Insufficient balance"}, OutOfCredit),
        (403, {"detail": "Access denied"}, CredentialsRejected),
        (403, {"detail": "Unrecognized access token"}, CredentialsRejected),
        (403, {"message": "Forbidden"}, CredentialsRejected),
        (403, {"message": "Trial accounts can call verified numbers only"}, PlanRefused),
        (403, {"error": 403, "message": "Calls to this country are not enabled"}, ZoneRefused),
        (400, {"error": 400, "message": "from_phone_number does not belong to the account"}, CallerIdRefused),
        (404, {"error": 404, "message": "Phone number not found"}, CallerIdRefused),
        (404, {"error": 404, "message": "Voice not found"}, VoiceRefused),
        (400, {"error": 400, "message": "user_data must be an object"}, OrderRejected),
        (400, {"error": 400, "message": "recipient_phone_number is not a valid E.164 number"}, InvalidNumber),
        (404, {"error": 404, "message": "Agent not found"}, AgentRefused),
    )

    def test_list_that_does_not_end_is_not_taken_for_whole(self) -> None:
        recorded = self.read_payloads()["list_two_pages"]
        endless = {**recorded, "pages": [recorded["pages"][0]]}
        for broken in (endless, {**recorded, "pages": [{**recorded["pages"][1], "has_more": None}]}):
            with pytest.raises(UnexpectedResponse):
                self.run(broken, self.backend_behind(ScriptedClient(broken)))

    def test_a_row_says_its_direction_itself_or_is_taken_for_ours(self, stub: VendorStub) -> None:
        """The stub ignores the filter, as a vendor may: then only the rows' own word tells."""
        kinds = {"a": "outbound", "b": "inbound", "c": "Inbound", "d": None}
        rows = [
            {"id": name, "status": "completed", "telephony_data": {"call_type": kind}} for name, kind in kinds.items()
        ]
        page = {"data": [*rows, {"id": "e", "status": "completed"}], "has_more": False}
        stub.answer(Answer(200, page), path="/v2/agent/")
        until = datetime.datetime(2026, 11, 29, tzinfo=datetime.UTC)
        query = CallQuery(since=until - datetime.timedelta(hours=1), until=until, agent_ids=["agent-1"])
        listed = {row.remote_id: row.direction for row in self.open_backend(stub).list_calls(query)}
        assert listed == {"a": "outbound", "b": "inbound", "c": "inbound", "d": None, "e": None}

    def test_an_order_tells_its_retries_where_the_answer_does_not(self, stub: VendorStub) -> None:
        asked = {"retry_enabled": True, "max_retries": 1, "retry_on_statuses": ["busy"]}
        assert BolnaBackend.redials_of(asked) == 1
        assert BolnaBackend.redials_of({}) == 0
        stub.answer(Answer(200, {"id": "a", "status": "busy"}), path="/executions/")
        backend = self.open_backend(stub)
        [kept] = backend.fetch_calls([handle_from({"remote_id": "a", "vendor_options": asked})])
        assert (kept.status, kept.redials, kept.is_kept) == ("queued", 1, True)
        [over] = backend.fetch_calls([handle_from({"remote_id": "a"})])
        assert (over.status, over.redials) == ("busy", 0)

    def test_list_without_agents_asks_for_all_of_them(self) -> None:
        recorded = self.read_payloads()["list_two_weeks"]
        agents = self.read_payloads()["agents"]["answer"]
        routes = {"/v2/agent/all": agents, "/v2/agent/": recorded["answer"]}
        asked = {**recorded, "routes": routes, "query": {**recorded["query"], "agent_ids": []}}
        client = ScriptedClient(asked)
        self.run(asked, self.backend_behind(client))
        assert client.was_read == 1 + 2 * len(agents)

    def test_one_call_that_cannot_be_read_spoils_only_itself(self, stub: VendorStub) -> None:
        stub.answer(lambda sent: Answer(200, {"id": sent.path[-1]}), path="/executions/")
        stub.answer(Answer(200, "<html>"), path="/executions/bad")
        handles = [handle_from({"remote_id": remote_id}) for remote_id in ("a", "bad", "c")]
        assert [found.remote_id for found in self.open_backend(stub).fetch_calls(handles)] == ["a", "c"]

    def test_round_ends_at_the_second_failure(self, stub: VendorStub) -> None:
        stub.answer(Answer(200, {"id": "a"}), path="/executions/a")
        stub.answer(Answer(200, "<html>"), path="/executions/bad")
        handles = [handle_from({"remote_id": remote_id}) for remote_id in ("a", "bad1", "bad2", "bad3")]
        assert [found.remote_id for found in self.open_backend(stub).fetch_calls(handles)] == ["a"]
        assert len(stub.requests) == 3

    def test_answer_about_another_call_changes_nothing(self, stub: VendorStub) -> None:
        stub.answer(Answer(200, self.read_payloads()["fetch_completed"]["answer"]))
        with pytest.raises(UnexpectedResponse):
            self.open_backend(stub).fetch_calls([handle_from({"remote_id": "another"})])

    def test_id_never_leaves_its_place_in_the_path(self, stub: VendorStub) -> None:
        stub.answer(Answer(404, {}))
        handle = handle_from({"remote_id": "../user/me?x=1#y"})
        assert self.open_backend(stub).fetch_calls([handle]) == []
        assert stub.requests[0].path == "/executions/..%2Fuser%2Fme%3Fx%3D1%23y"

    def test_recording_host_that_is_not_named_is_not_asked(self, stub: VendorStub) -> None:
        recorded = self.read_payloads()["fetch_completed"]["answer"]
        stub.answer(Answer(200, {**recorded, "telephony_data": {"recording_url": "https://elsewhere.invalid/a.mp3"}}))
        with pytest.raises(UnexpectedResponse, match="not allowed"):
            self.open_backend(stub).fetch_recording(handle_from({"remote_id": recorded["id"]}))

    def test_recording_that_is_refused_says_nothing_of_the_key(self, stub: VendorStub) -> None:
        recorded = self.read_payloads()["recording"]["routes"]["/executions"]
        url = f"{stub.origin}/recordings/RE1"
        stub.answer(Answer(200, {**recorded, "telephony_data": {"recording_url": url}}), path="/executions")
        stub.answer(Answer(401, "denied"), path="/recordings")
        with pytest.raises(UnexpectedResponse, match="401"):
            self.open_backend(stub).fetch_recording(handle_from({"remote_id": recorded["id"]}))
        assert "authorization" not in stub.requests[-1].headers

    @pytest.mark.parametrize("moment", ["tomorrow", "", 0, None, [], {}])
    def test_time_to_dial_at_is_never_guessed(self, stub: VendorStub, moment: object) -> None:
        order = order_from({**self.payloads_of("place")[0]["order"], "vendor_options": {"scheduled_at": moment}})
        if not moment:
            assert "scheduled_at" not in self.open_backend(stub).build_order(order).json
            return
        with pytest.raises(OrderRejected):
            self.open_backend(stub).place_call(order)
        assert stub.connections == 0

    def test_rubbish_vendor_options_do_not_crash(self, stub: VendorStub) -> None:
        asked = {"retry_enabled": True, "max_retries": "many", "retry_on_statuses": 7, "retry_intervals_minutes": ["x"]}
        order = order_from({**self.payloads_of("place")[0]["order"], "vendor_options": asked})
        sent = self.open_backend(stub).build_order(order).json["retry_config"]
        assert sent == {"enabled": True, "max_retries": 3}

    def test_number_without_country_code_is_refused_early(self) -> None:
        assert BolnaBackend.refuses_number("09121234567", {})
        assert not BolnaBackend.refuses_number("+919876543210", {})

    def test_key_that_cannot_be_a_header_is_refused_at_once(self) -> None:
        headers = BolnaBackend.auth_headers({"api_key": "abc\r\nX: y"}, {})
        with pytest.raises(Exception, match="cannot be sent"):
            HttpClient("https://api.bolna.ai", headers=headers, allowed_hosts=["api.bolna.ai"])

    def test_reason_is_read_from_any_of_its_names(self) -> None:
        backend = self.backend_behind(None)
        for body in (b'{"error": 400, "message": "why"}', b'{"detail": "why"}', b'{"error": "why"}'):
            assert backend.error_text(answer_of(400, body)) == "why"
