"""Bitel keeps the contract, redials nobody by itself, and calls Iran only."""

from __future__ import annotations

from uuid import UUID

import pytest
from requests import Request, Response

from providers.backends.bitel import BitelBackend
from providers.exceptions import (
    CredentialsRejected,
    DialerRefused,
    InvalidNumber,
    OrderRejected,
    OutcomeUnknown,
    OutOfCredit,
    UnexpectedResponse,
    VoiceRefused,
    WebhookRejected,
)
from providers.types import CallOrder
from tests.providers.clients import answer_of
from tests.providers.contract import ProviderContract

REFERENCE = UUID("8f0a7c3e-2b1d-4e5f-9a6b-0c1d2e3f4a5b")


class OneAnswer:
    """A client that always gives the same answer."""

    def __init__(self, status: int, body: str) -> None:
        self.response = answer_of(status, body.encode())

    def read(self, request: Request) -> Response:
        return self.response

    def send_once(self, request: Request) -> Response:
        return self.response


def backend(status: int = 200, body: str = "", **options: str) -> BitelBackend:
    return BitelBackend(OneAnswer(status, body), secrets={"api_key": "k"}, options=options)  # type: ignore[arg-type]


class TestBitel(ProviderContract):
    backend_class = BitelBackend
    payloads = "bitel"
    refusals = (
        (200, {"result": None, "error": "InvalidPhoneNumber"}, InvalidNumber),
        (400, {"result": None, "error": "InvalidPhoneNumber"}, InvalidNumber),
        (200, {"result": None, "error": "InvalidServer"}, DialerRefused),
        (400, {"result": None, "error": "VoiceNotFound"}, VoiceRefused),
        (400, {"result": None, "error": "InvalidRequest"}, OrderRejected),
        (302, {"result": None, "error": "InvalidRequest"}, OrderRejected),
        (302, {"result": None, "error": "SomethingElse"}, OutcomeUnknown),
        (200, {"result": None, "error": "SomethingElse"}, OrderRejected),
        (200, {"result": None, "error": "InternalError"}, OutcomeUnknown),
        (200, {"result": None, "error": "RequestTimeout"}, OutcomeUnknown),
        (200, {"result": None, "error": "Too many requests"}, OutcomeUnknown),
        (200, {"result": None, "error": "Unauthorized"}, CredentialsRejected),
        (403, {"result": None, "error": "InvalidToken"}, CredentialsRejected),
        (200, {"result": None, "error": "InsufficientBalance"}, OutOfCredit),
        (500, {"result": None, "error": "InvalidPhoneNumber"}, OutcomeUnknown),
        (200, {"result": None, "error": None}, OutcomeUnknown),
    )


@pytest.mark.parametrize(
    ("number", "is_refused"),
    [
        ("+989121234567", False),
        ("+982112345678", False),
        ("+98912123456", True),
        ("+15555555555", True),
        ("+9891212345678", True),
    ],
)
def test_only_iranian_numbers_are_taken(number: str, is_refused: bool) -> None:
    sentence = BitelBackend.refuses_number(number, {})
    assert bool(sentence) is is_refused
    order = CallOrder(reference=REFERENCE, to_number=number, voice_id="v")
    if is_refused:
        assert "Iranian" in str(sentence)
        with pytest.raises(InvalidNumber):
            backend().build_order(order)
    else:
        assert backend().build_order(order).json["phoneNumber"] == "0" + number.removeprefix("+98")


@pytest.mark.parametrize("asked", [None, "", 0, -3, "many", [], {}])
def test_vendor_redials_nobody_unless_it_is_told_a_number(asked: object) -> None:
    order = CallOrder(
        reference=REFERENCE, to_number="+989121234567", voice_id="v", vendor_options={"retry_count": asked}
    )
    assert backend().build_order(order).json["retryCount"] == 0


@pytest.mark.parametrize("digits", ["123456", "12a", "۱۲۳", "-1"])
def test_digits_that_bitel_cannot_speak_are_refused_before_they_leave(digits: str) -> None:
    with pytest.raises(OrderRejected):
        backend().build_order(CallOrder(reference=REFERENCE, to_number="+989121234567", digits=digits))


def test_call_without_a_message_is_refused_before_it_leaves() -> None:
    with pytest.raises(OrderRejected):
        backend().build_order(CallOrder(reference=REFERENCE, to_number="+989121234567"))


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, '{"result": null, "error": "NotFound"}'), (404, '{"result": null, "error": "NotFound"}'), (404, "{}")],
)
def test_unknown_call_proves_the_key(status: int, body: str) -> None:
    assert backend(status, body).check_credentials()


@pytest.mark.parametrize(
    ("status", "body", "means"),
    [
        (403, "{}", CredentialsRejected),
        (200, '{"result": null, "error": "Unauthorized"}', CredentialsRejected),
        (200, '{"result": null, "error": "InsufficientBalance"}', OutOfCredit),
        (404, "<html>Not Found</html>", UnexpectedResponse),
        (200, "{}", UnexpectedResponse),
        (200, '{"result": null, "error": "Strange"}', UnexpectedResponse),
    ],
)
def test_check_tells_a_dead_key_from_a_wrong_address(status: int, body: str, means: type[Exception]) -> None:
    with pytest.raises(means):
        backend(status, body).check_credentials()


def test_contradictory_answer_keeps_the_call_that_it_names() -> None:
    answer = '{"result": "d9478050b8794fca8018742d0556dc85", "error": "Strange"}'
    placed = backend(200, answer).place_call(CallOrder(reference=REFERENCE, to_number="+989121234567", text="Hi"))
    assert placed.remote_id == "d9478050b8794fca8018742d0556dc85"


@pytest.mark.parametrize("body", [b"cause=NORMAL", b"requestId=abc", b'{"requestId": "abc"}', b'{"cause": "NORMAL"}'])
def test_webhook_that_names_no_call_or_state_is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRejected):
        backend().parse_webhook({}, body)
