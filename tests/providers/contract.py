"""What every backend must keep, whatever its vendor: subclass, name the payloads, and the whole suite runs.

    class TestBolna(ProviderContract):
        backend_class = BolnaBackend
        payloads = "bolna"                     # tests/payloads/bolna/*.json
        paged = frozenset({"list"})            # operations whose answers come in pages
        refusals = ((400, {"error": 400, "message": "Insufficient balance"}, OutOfCredit),)   # the vendor's own codes

The vendor is `vendor_stub.VendorStub`: real HTTP over loopback through the real client; what leaves is counted on the
wire. Optional attributes: `secrets`, `options`, `absent` (the answer for a call that the vendor does not know),
`sign_webhook(body)` (headers of a genuine webhook, where the backend has a `webhook_secret`).

What a payload file holds: `exchanges.py`. What holds of broken answers and of secrets: `broken_answers.py`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from providers.base import ProviderBackend
from providers.client.client import boottime
from providers.exceptions import (
    AccountProblem,
    CredentialsRejected,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    OutOfCredit,
    ProviderError,
    RateLimited,
    UnexpectedResponse,
    WebhookRejected,
)
from providers.replies import normalise_word
from providers.types import OURS, VOICEMAIL, CallSnapshot, CallStatus
from tests.providers.broken_answers import BrokenAnswers
from tests.providers.clients import answer_of, carry
from tests.providers.exchanges import (
    CANARY,
    ScriptedClient,
    assert_well_typed,
    failure_of,
    filled,
    handle_from,
    order_from,
    pages_of,
    replaced,
    shown,
    shown_request,
    with_word,
)
from tests.providers.vendor_stub import Answer, VendorStub
from tests.waiting import A_MINUTE

FLAGS = {
    "supports_cancel": ("cancel_call", "cancel"),
    "supports_hang_up": ("hang_up_call", "hang_up"),
    "supports_list_calls": ("list_calls", "list"),
    "supports_list_agents": ("list_agents", "agents"),
    "supports_list_voices": ("list_voices", "voices"),
    "supports_list_caller_ids": ("list_caller_ids", "caller_ids"),
    "supports_balance": ("fetch_balance", "account"),
    "tells_identity": ("fetch_identity", "identity"),
    "supports_recording": ("fetch_recording", "recording"),
    "supports_webhook": ("parse_webhook", "webhook"),
}
"""Flag of a backend: the method behind it, and the request of its payloads."""

ANSWERS_TO_AN_ORDER: Sequence[tuple[int, tuple[type[ProviderError], ...]]] = (
    *((status, (OutcomeUnknown,)) for status in (301, 302, 303, 307, 308, 408, 409, 425, 499)),
    *((status, (OutcomeUnknown,)) for status in (500, 501, 502, 503, 504, 520)),
    (401, (CredentialsRejected,)),
    (402, (OutOfCredit,)),
    (403, (OrderRejected, CredentialsRejected)),
    *((status, (OrderRejected,)) for status in (400, 404, 405, 413, 422)),
)
FAULTS = ("close", "reset", "hang", "truncate", "drip_head", "drip_body", "flood", "gzip_bomb", "garbage")
UNREADABLE = (
    *(b"", b"<html><h1>Welcome</h1></html>", b"{", b"\xff", b"[" * 100_000),
    *(b"null", b"[]", b"{}", b'"text"', b"7"),
)
WEIRD_IDS = ("", None, "x" * 300, "line\nbreak", ["e1"], {}, True)


class ProviderContract(BrokenAnswers):
    """The suite; not collected itself, since its name has no `Test` before it."""

    # 1. What the answer to an order means

    @pytest.mark.parametrize(("status", "classes"), ANSWERS_TO_AN_ORDER)
    def test_answer_to_an_order_means_its_class(
        self, stub: VendorStub, status: int, classes: tuple[type[ProviderError], ...]
    ) -> None:
        with VendorStub() as elsewhere:
            elsewhere.answer(Answer(200, self.placing(elsewhere).get("answer")))
            headers = {"Location": f"{elsewhere.origin}/call"} if 300 <= status < 400 else {}
            stub.answer(Answer(status, {"error": "no", "message": "no"}, headers))
            with pytest.raises(ProviderError) as caught:
                self.open_backend(stub).place_call(self.order())
            assert type(caught.value) in classes
            assert caught.value.http_status == status
            assert len(stub.requests) == 1
            assert elsewhere.connections == 0

    def test_too_many_requests_counts_as_refused_only_where_documented(self, stub: VendorStub) -> None:
        stub.answer(Answer(429, {"message": "slow"}, {"Retry-After": "7"}))
        with pytest.raises(ProviderError) as caught:
            self.open_backend(stub).place_call(self.order())
        if self.backend_class.documents_rate_limit:
            assert isinstance(caught.value, RateLimited)
            assert caught.value.retry_after == 7
        else:
            assert type(caught.value) is OutcomeUnknown
        assert len(stub.requests) == 1

    @pytest.mark.parametrize("fault", FAULTS)
    def test_broken_answer_to_an_order_leaves_it_unknown(self, stub: VendorStub, fault: Any) -> None:
        stub.answer(Answer(200, self.placing(stub)["answer"], fault=fault))
        begun = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            self.open_backend(stub, seconds=1.0).place_call(self.order())
        # Broken for ever: only a deadline ends it.
        assert time.monotonic() - begun < A_MINUTE
        assert len(stub.requests) == 1

    @pytest.mark.parametrize("body", UNREADABLE)
    def test_unreadable_success_leaves_an_order_unknown(self, stub: VendorStub, body: bytes) -> None:
        stub.answer(Answer(self.placing(stub).get("status", 200), body, {"Content-Type": "text/html"}))
        with pytest.raises(OutcomeUnknown):
            self.open_backend(stub).place_call(self.order())
        assert len(stub.requests) == 1

    @pytest.mark.parametrize("weird", WEIRD_IDS)
    def test_answer_without_a_usable_id_leaves_an_order_unknown(self, stub: VendorStub, weird: Any) -> None:
        recorded = self.placing(stub)
        answer = replaced(recorded["answer"], recorded["snapshot"]["remote_id"], weird)
        assert answer != recorded["answer"], "the recorded answer must hold the id"
        stub.answer(Answer(recorded.get("status", 200), answer))
        with pytest.raises(OutcomeUnknown):
            self.open_backend(stub).place_call(self.order())

    def test_order_that_finds_no_connection_was_not_sent(self) -> None:
        with VendorStub() as closed:
            pass
        with pytest.raises(NotSent):
            self.open_backend(closed).place_call(self.order())

    def test_order_that_comes_too_late_was_not_sent(self, stub: VendorStub) -> None:
        client = self.open_client(stub)
        order = self.backend_behind(client, stub.origin).build_order(self.order())
        with pytest.raises(NotSent):
            carry(client.prepare(order, boottime() - 10))
        assert stub.requests == []

    def test_vendors_own_codes_mean_what_they_mean(self, stub: VendorStub) -> None:
        for status, body, means in self.refusals:
            stub.answer(Answer(status, body))
            with pytest.raises(ProviderError) as caught:
                self.open_backend(stub).place_call(self.order())
            assert type(caught.value) is means, (status, body)
            assert caught.value.about is means.about

    def test_read_takes_the_same_answers_for_the_same(self, stub: VendorStub) -> None:
        handle = handle_from(self.fetch_with_word(stub)["handle"])
        for status, body, means in self.refusals:
            stub.answer(Answer(status, body))
            backend = self.open_backend(stub)
            error = failure_of(lambda backend=backend: list(backend.fetch_calls([handle])))
            alike = means if issubclass(means, AccountProblem | RateLimited) else UnexpectedResponse
            assert type(error) is alike or (error is None and status == 404), (status, body, error)

    def test_every_row_of_the_table_has_an_answer_that_it_names(self) -> None:
        backend = self.backend_behind(None)
        unnamed = set(backend.refusals)
        for status, body, _means in self.refusals:
            answer = answer_of(status, json.dumps(body).encode())
            code, words = backend.vendor_code(answer), backend.error_text(answer)
            unnamed.discard(next((row for row in backend.refusals if row.fits(answer.status_code, code, words)), None))
            # What comes as a 2xx is looked at as the status that it means.
            unnamed.discard(next((row for row in backend.refusals if row.fits(400, code, words)), None))
        assert not unnamed, [row.means.__name__ for row in unnamed]

    def test_only_effects_go_through_send_once(self) -> None:
        for name, payload in self.read_payloads().items():
            client = ScriptedClient(payload)
            self.run(payload, self.backend_behind(client, client.origin, **payload.get("options", {})))
            has_effect = payload["request"] in {"place", "cancel", "hang_up"}
            assert (len(client.sent_once) == 1) is has_effect, name
            assert not (payload["request"] == "place" and client.was_read), name

    # 2. Flags, fields and words

    @pytest.mark.parametrize("flag", FLAGS)
    def test_flag_tells_the_truth(self, flag: str) -> None:
        method = FLAGS[flag][0]
        overridden = getattr(self.backend_class, method) is not getattr(ProviderBackend, method)
        assert getattr(self.backend_class, flag) is overridden

    def test_fields_name_what_the_backend_needs(self) -> None:
        fields = {field.name: field for field in self.backend_class.fields}
        assert len(fields) == len(self.backend_class.fields)
        assert next(iter(fields.values())).is_secret
        assert fields["base_url"].kind == "url"
        assert {"auth_header_name", "auth_value_prefix", "status_map_extra"} <= fields.keys()
        assert self.backend_class.default_base_url.startswith("https://")
        assert self.backend_class.slug == Path(self.payloads).name

    def test_key_is_in_the_header(self) -> None:
        options = self.all_options("https://vendor.invalid")
        headers = self.backend_class.auth_headers(self.all_secrets(), options)
        assert any(CANARY in value for value in headers.values())
        moved = self.backend_class.auth_headers(
            self.all_secrets(), options | {"auth_header_name": "X-Key", "auth_value_prefix": "Key "}
        )
        assert moved["X-Key"].startswith("Key ")

    def test_status_map_holds_words_of_the_vendor_only(self) -> None:
        for word, ours in self.backend_class.status_map.items():
            assert word == normalise_word(word)
            assert ours not in OURS
        assert self.backend_class.machine_words <= self.backend_class.status_map.keys()

    @pytest.mark.parametrize("word", ["strange-word-42", "PENDING", None, 7, ["busy"], {"a": 1}])
    def test_strange_word_is_kept_and_changes_nothing(self, stub: VendorStub, word: Any) -> None:
        recorded = with_word(self.fetch_with_word(stub), word)
        found = self.run(recorded, self.open_backend(stub), stub)
        assert [snapshot.status for snapshot in found] == [None] * len(found)
        if isinstance(word, str):
            assert [snapshot.raw_status for snapshot in found] == [word]

    def test_admin_can_map_a_new_word(self, stub: VendorStub) -> None:
        recorded = with_word(self.fetch_with_word(stub), "Strange-Word 42")
        backend = self.open_backend(stub, status_map_extra={"strange_word_42": "busy"})
        assert [snapshot.status for snapshot in self.run(recorded, backend, stub)] == [CallStatus.BUSY]

    def test_admin_can_map_a_new_word_to_a_machine(self, stub: VendorStub) -> None:
        recorded = with_word(self.fetch_with_word(stub), "Strange-Word 42")
        backend = self.open_backend(stub, status_map_extra={"strange_word_42": VOICEMAIL})
        found = self.run(recorded, backend, stub)
        assert [(snapshot.status, snapshot.answered_by) for snapshot in found] == [(CallStatus.COMPLETED, "machine")]

    # 3. Recorded exchanges

    def test_recorded_exchange_comes_out_as_written(self, stub: VendorStub, payload: str) -> None:
        recorded = filled(self.read_payloads()[payload], stub.origin)
        backend = self.open_backend(stub, **recorded.get("options", {}))
        found = self.run(recorded, backend, stub)
        wanted = recorded["snapshot"]
        if recorded["request"] == "fetch" and not isinstance(wanted, list):
            wanted = [] if wanted is None else [wanted]
        assert shown(found) == wanted
        if "sent" in recorded:
            assert [shown_request(sent, wish) for sent, wish in zip(stub.requests, recorded["sent"], strict=False)] == (
                recorded["sent"]
            )
            assert len(stub.requests) == len(recorded["sent"])
        if "pages" in recorded:
            assert len(stub.requests) == len(recorded["pages"])
        for snapshot in found if isinstance(found, list) else [found]:
            if isinstance(snapshot, CallSnapshot):
                assert_well_typed(snapshot)

    def test_every_offer_has_a_recorded_exchange(self) -> None:
        recorded = [found["request"] for found in self.read_payloads().values()]
        offered = {FLAGS[flag][1] for flag in FLAGS if getattr(self.backend_class, flag)}
        assert offered | {"place", "fetch"} <= set(recorded)
        for found in self.read_payloads().values():
            assert found["source"]
            assert isinstance(found["inferred"], list)

    def test_lists_go_on_to_the_last_page(self) -> None:
        for request in self.paged:
            assert any(len(pages_of(found)) > 1 for found in self.payloads_of(request)), request

    def test_recorded_orders_set_everything(self) -> None:
        recorded = self.payloads_of("place")
        assert all("sent" in found for found in recorded)
        orders = [order_from(found["order"]) for found in recorded]
        for flag, name in {
            "accepts_caller_id": "caller_id",
            "needs_caller_id": "caller_id",
            "accepts_dialer": "dialer_id",
            "accepts_voice_override": "voice_id",
            "accepts_variables": "variables",
        }.items():
            if getattr(self.backend_class, flag):
                assert any(getattr(order, name) for order in orders), name
        for kind, name in {"agent": "agent_id", "voice": "voice_id", "text": "text", "digits": "digits"}.items():
            if kind in self.backend_class.message_kinds:
                assert any(getattr(order, name) for order in orders), kind
        named = {name for order in orders for name in order.vendor_options}
        assert {field.name for field in self.backend_class.order_fields} <= named

    def test_reference_leaves_where_the_vendor_can_carry_one(self, stub: VendorStub) -> None:
        recorded = self.placing(stub)
        stub.answer(Answer(recorded.get("status", 200), recorded["answer"]))
        order = self.order()
        self.open_backend(stub).place_call(order)
        sent = stub.requests[0]
        assert (str(order.reference).encode() in sent.body) is self.backend_class.carries_reference

    # 4. Reads

    def test_nothing_to_fetch_sends_nothing(self, stub: VendorStub) -> None:
        assert list(self.open_backend(stub).fetch_calls([])) == []
        assert stub.connections == 0

    def test_call_that_the_vendor_does_not_know_is_absent(self, stub: VendorStub) -> None:
        stub.answer(self.absent)
        handle = handle_from(self.fetch_with_word(stub)["handle"])
        assert list(self.open_backend(stub).fetch_calls([handle])) == []

    @pytest.mark.parametrize(
        ("answer", "means"),
        [
            (Answer(401, {"error": "bad key"}), CredentialsRejected),
            (Answer(429, {"error": "slow"}, {"Retry-After": "99999999"}), RateLimited),
            (Answer(500, {"error": "oops"}), UnexpectedResponse),
            (Answer(302, "", {"Location": "https://elsewhere.invalid/"}), UnexpectedResponse),
            (Answer(200, "<html>"), UnexpectedResponse),
            (Answer(200, "7"), UnexpectedResponse),
            (Answer(200, b"[" * 100_000), UnexpectedResponse),
            (Answer(200, "{}", fault="hang"), UnexpectedResponse),
            (Answer(200, "{}", fault="gzip_bomb"), UnexpectedResponse),
        ],
    )
    def test_bad_answer_to_a_read_means_its_class(
        self, stub: VendorStub, answer: Answer, means: type[ProviderError]
    ) -> None:
        stub.answer(answer)
        handle = handle_from(self.fetch_with_word(stub)["handle"])
        with pytest.raises(ProviderError) as caught:
            self.open_backend(stub, seconds=1.0).fetch_calls([handle])
        assert type(caught.value) is means
        if isinstance(caught.value, RateLimited):
            assert caught.value.retry_after == 3600

    def test_dead_key_is_told_by_the_check(self, stub: VendorStub) -> None:
        stub.answer(Answer(401, {"error": "Invalid API key"}))
        with pytest.raises(CredentialsRejected):
            self.open_backend(stub).check_credentials()

    def test_refused_connection_of_a_read_was_not_sent(self) -> None:
        with VendorStub() as closed:
            pass
        with pytest.raises(NotSent):
            self.open_backend(closed).check_credentials()

    # 5. Webhooks

    def test_webhook_with_a_wrong_signature_is_refused(self) -> None:
        if not self.backend_class.supports_webhook:
            return
        backend = self.backend_behind(None)
        recorded = self.payloads_of("webhook")[0]
        body, signed = self.webhook(recorded)
        assert list(backend.parse_webhook(signed, body))
        if not self.sign_webhook(body):
            return
        for headers in (
            {name: value for name, value in signed.items() if name not in self.sign_webhook(body)},
            signed | {name: value[:-2] + "00" for name, value in self.sign_webhook(body).items()},
            signed | dict.fromkeys(self.sign_webhook(body), "é"),
            signed | dict(self.sign_webhook(body + b" ")),
        ):
            with pytest.raises(WebhookRejected):
                backend.parse_webhook(headers, body)

    @pytest.mark.parametrize("body", [b"", b"<html>", b"null", b"7", b"[" * 100_000, b"\xff\xfe", b"a=1&b=%ff"])
    def test_rubbish_webhook_is_refused(self, body: bytes) -> None:
        if self.backend_class.supports_webhook:
            with pytest.raises(WebhookRejected):
                self.backend_behind(None).parse_webhook(dict(self.sign_webhook(body)), body)
