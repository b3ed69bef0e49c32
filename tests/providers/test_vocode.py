"""Vocode keeps the contract, reads a call's end from all that is told, and keeps nobody's credentials."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from providers.backends.vocode import VocodeBackend
from providers.exceptions import CredentialsRejected, InvalidNumber, OrderRejected, UnexpectedResponse, WebhookRejected
from providers.types import CallHandle, CallOrder, CallQuery, OnMachine
from tests.providers.contract import ProviderContract
from tests.providers.vendor_stub import Answer, VendorStub

REFERENCE = UUID("8f0a7c3e-2b1d-4e5f-9a6b-0c1d2e3f4a5b")
WINDOW = CallQuery(since=datetime(2026, 1, 2, tzinfo=UTC), until=datetime(2026, 1, 3, tzinfo=UTC))


class TestVocode(ProviderContract):
    backend_class = VocodeBackend
    payloads = "vocode"
    paged = frozenset({"list", "agents", "voices", "caller_ids"})
    refusals = (
        (422, {"detail": [{"loc": ["body", "to_number"], "msg": "bad", "type": "value_error"}]}, InvalidNumber),
        (422, {"detail": [{"loc": ["body", "agent"], "msg": "bad", "type": "value_error"}]}, OrderRejected),
        (403, {"detail": "Not authenticated"}, CredentialsRejected),
        (403, {"detail": "This number is not yours"}, OrderRejected),
    )

    def test_fault_list_is_told_in_words(self, stub: VendorStub) -> None:
        stub.answer(Answer(422, {"detail": [{"loc": ["body", "agent"], "msg": "not a valid uuid", "type": "x"}]}))
        with pytest.raises(OrderRejected, match="not a valid uuid"):
            self.open_backend(stub).place_call(self.order())

    def test_credentials_in_a_reply_are_not_kept(self, stub: VendorStub) -> None:
        for recorded in [*self.payloads_of("fetch"), *self.payloads_of("list"), *self.payloads_of("voices")]:
            assert "never-keep-this" not in repr(self.run(recorded, self.open_backend(stub), stub))

    @pytest.mark.parametrize(
        "order", [{"agent_id": "", "caller_id": "+11234567890"}, {"agent_id": "a", "caller_id": ""}]
    )
    def test_order_without_agent_or_caller_id_does_not_leave(self, stub: VendorStub, order: dict[str, str]) -> None:
        with pytest.raises(OrderRejected):
            self.open_backend(stub).place_call(CallOrder(reference=REFERENCE, to_number="+15555555555", **order))
        assert stub.requests == []

    @pytest.mark.parametrize("extra", [{"telephony_params": "x"}, {"telephony_params": []}, {"on_no_human_answer": ""}])
    def test_empty_extras_stay_out_of_the_order(self, stub: VendorStub, extra: dict[str, object]) -> None:
        order = CallOrder(
            reference=REFERENCE, to_number="+15555555555", agent_id="a", caller_id="+11234567890", vendor_options=extra
        )
        body = self.open_backend(stub).build_order(order).json
        assert set(body) == {"from_number", "to_number", "agent", "context", "run_do_not_call_detection"}

    @pytest.mark.parametrize(
        ("options", "asked", "sent"),
        [
            ({}, {}, {"run_do_not_call_detection": True}),
            ({"run_do_not_call_detection": False}, {}, {}),
            ({"on_no_human_answer": "hangup", "hipaa_compliant": True, "run_do_not_call_detection": False}, {},
             {"on_no_human_answer": "hangup", "hipaa_compliant": True}),
            ({"on_no_human_answer": "hangup"}, {"on_no_human_answer": "continue"},
             {"on_no_human_answer": "continue", "run_do_not_call_detection": True}),
        ],
    )  # fmt: skip
    def test_what_holds_for_every_call_is_sent_unless_one_order_says_otherwise(
        self, stub: VendorStub, options: dict[str, Any], asked: dict[str, object], sent: dict[str, object]
    ) -> None:
        order = CallOrder(
            reference=REFERENCE, to_number="+15555555555", agent_id="a", caller_id="+11234567890", vendor_options=asked
        )
        body = self.open_backend(stub, **options).build_order(order).json
        extras = {"on_no_human_answer", "hipaa_compliant", "run_do_not_call_detection"}
        assert {name: body[name] for name in extras & set(body)} == sent

    @pytest.mark.parametrize(
        ("on_machine", "option", "extra", "sent"),
        [
            ("", "", {}, None),
            ("", "hangup", {}, "hangup"),
            ("message", "hangup", {}, "continue"),
            ("hang_up", "", {}, "hangup"),
            ("hang_up", "continue", {}, "hangup"),
            ("message", "", {"on_no_human_answer": "hangup"}, "hangup"),
        ],
    )
    def test_a_campaign_s_wish_for_a_voicemail_goes_before_the_provider_s_own(
        self, stub: VendorStub, on_machine: OnMachine, option: str, extra: dict[str, object], sent: str | None
    ) -> None:
        order = CallOrder(
            reference=REFERENCE, to_number="+15555555555", agent_id="a", caller_id="+11234567890",
            on_machine=on_machine, vendor_options=extra,
        )  # fmt: skip
        body = self.open_backend(stub, on_no_human_answer=option).build_order(order).json
        assert body.get("on_no_human_answer") == sent

    @pytest.mark.parametrize(
        ("told", "heard"), [(True, True), ("True", True), (False, False), (None, False), ("", False)]
    )
    def test_the_guide_writes_the_wish_as_text(self, stub: VendorStub, told: object, heard: bool) -> None:
        call = {"id": "a", "status": "ended", "do_not_call_result": told}
        assert self.open_backend(stub).parse_call(call, "a").do_not_call is heard

    def test_refused_key_is_told_by_the_check(self, stub: VendorStub) -> None:
        stub.answer(Answer(403, {"detail": "Forbidden"}))
        with pytest.raises(CredentialsRejected):
            self.open_backend(stub).check_credentials()

    @pytest.mark.parametrize(
        "page",
        [
            {"items": [{"id": "a", "start_time": 1767322800}], "has_more": True},
            {"items": [{"status": "ended"}], "has_more": False},
            {"items": None},
            {"detail": "?"},
        ],
    )
    def test_list_that_may_be_incomplete_is_not_trusted(self, stub: VendorStub, page: object) -> None:
        stub.answer(Answer(200, page))
        with pytest.raises(UnexpectedResponse):
            self.open_backend(stub).list_calls(WINDOW)

    def test_recording_that_is_an_error_is_no_sound(self, stub: VendorStub) -> None:
        stub.answer(Answer(404, {"detail": "Recording not found"}))
        with pytest.raises(UnexpectedResponse):
            self.open_backend(stub).fetch_recording(CallHandle(reference=REFERENCE, remote_id="a"))

    @pytest.mark.parametrize("event", [{}, {"type": "event_message"}, {"call_id": "a"}, {"type": 1, "call_id": ["a"]}])
    def test_webhook_without_a_call_is_refused(self, stub: VendorStub, event: object) -> None:
        with pytest.raises(WebhookRejected):
            self.open_backend(stub).parse_webhook({}, json.dumps(event).encode())
