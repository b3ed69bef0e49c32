"""Bitel: voice broadcast in Iran. It plays a recorded voice, speaks a text or spells digits; it has no agents.

Read 2026-11: https://bitel.gitbook.io/bitel/call/single-call, .../call/call-detail, .../call/text-to-speech-call,
.../call/untitled (digits), .../webhook/voice-webhook-events, .../authorization, .../api-structure (v2), and the same
pages below /bitel/master (v1).

Oddities: v1 answers an order with the bare id, v2 with an object; v2 shows the state without the `result` envelope;
an error may come with any status, 200 too; the price is negative; it redials busy numbers itself unless told not to;
it carries no reference of ours and lists no single calls, so only its webhook can settle an unknown order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from json import loads
from typing import Any
from urllib.parse import parse_qsl

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from requests import Request, Response

from providers.base import ProviderBackend
from providers.exceptions import (
    CredentialsRejected,
    DialerRefused,
    InvalidNumber,
    OrderRejected,
    OutcomeUnknown,
    OutOfCredit,
    ProviderError,
    UnexpectedResponse,
    VoiceRefused,
    WebhookRejected,
)
from providers.parsing import (
    as_mapping,
    e164_or_raw,
    first_of,
    number_for_vendor,
    parse_decimal,
    parse_instant,
    parse_seconds,
    parse_text,
    path_id,
    require_object,
)
from providers.refusals import UNDECIDED, RefusalRow
from providers.replies import is_usable_id, json_of, normalise_word
from providers.types import (
    FINAL,
    AccountState,
    CallHandle,
    CallOrder,
    CallSnapshot,
    CallStatus,
    FailureReason,
    Field,
    PlacedCall,
)

NO_SUCH_CALL = "0" * 32
"""An id that no call has: reading it tests the key without an effect."""

REFUSALS = (
    RefusalRow(InvalidNumber, body=r"invalid[ _]?(phone[ _]?)?number"),
    RefusalRow(DialerRefused, body=r"invalid[ _]?server"),
    RefusalRow(OrderRejected, body=r"invalid[ _]?request"),
    # The page of general errors could not be found: from here on the meaning is taken from words in the code.
    RefusalRow(CredentialsRejected, body=r"unauthor|(invalid|expired)[ _]?token|forbidden"),
    RefusalRow(OutOfCredit, body=r"balance|credit|charge"),
    RefusalRow(VoiceRefused, body=r"(invalid|unknown)[ _]?voice|voice[ _]?(not[ _]?found|file)"),
    RefusalRow(OutcomeUnknown, body=r"internal|timeout|server|too[ _]?many|rate[ _]?limit"),
)
"""By words of the code, which may come with any status. The last row: codes that do not tell whether the order was
taken."""

WORD_OF_CODE = {
    "0": "WAITING",
    "1": "NORMAL",
    "2": "NO_ANSWER",
    "3": "USER_BUSY",
    "10": "EXPIRED",
    "11": "ERROR",
    "20": "UNKNOWN",
}


class BitelBackend(ProviderBackend):
    """Backend for Bitel's voice API, version 2 or 1."""

    slug = "bitel"
    label = "Bitel"
    docs_url = "https://bitel.gitbook.io/bitel/call/single-call"
    default_base_url = "https://api.bitel.rest"
    refusals = REFUSALS
    status_map = {
        "waiting": CallStatus.QUEUED,  # queued and dialling alike: Bitel has no finer state
        "normal": CallStatus.COMPLETED,
        "no_answer": CallStatus.NO_ANSWER,
        "user_busy": CallStatus.BUSY,
        "busy": CallStatus.BUSY,
        "expired": CallStatus.FAILED,
        "error": CallStatus.FAILED,
        "unknown": CallStatus.UNKNOWN,  # perhaps Bitel's last word: it ranks below every state, so it ends nothing
    }
    fields = (
        Field(
            name="api_key",
            label=_("API token"),
            kind="secret",
            required=True,
            help_text=_("Created in Bitel's panel; it does not expire."),
        ),
        Field(name="base_url", label=_("Address"), kind="url", default=default_base_url),
        Field(
            name="api_version",
            label=_("API version"),
            kind="choice",
            default="v2",
            choices=(("v2", _("Version 2")), ("v1", _("Version 1 (older)"))),
        ),
        Field(
            name="phone_format",
            label=_("Number format"),
            kind="choice",
            default="local_ir",
            choices=(("local_ir", "09xxxxxxxxx"), ("e164", "+989xxxxxxxxx"), ("digits", "989xxxxxxxxx")),
        ),
        Field(name="auth_header_name", label=_("Auth header"), default="Authorization"),
        Field(name="auth_value_prefix", label=_("Auth prefix"), default="Bearer"),
        Field(
            name="status_map_extra",
            label=_("Extra status names"),
            kind="json",
            help_text=_('Provider status and ours, such as {"HANGUP": "completed"}.'),
        ),
    )
    order_fields = (
        Field(
            name="retry_count",
            label=_("Redials by Bitel"),
            kind="integer",
            default=0,
            most=10,
            help_text=_("Bitel then redials busy or unanswered numbers itself; we do not count those calls."),
        ),
        Field(
            name="repeat_count",
            label=_("How often digits are spoken"),
            kind="integer",
            least=1,
            most=10,
            help_text=_("Only for spoken digits; Bitel's default is 2."),
        ),
    )
    message_kinds = frozenset({"voice", "text", "digits"})
    accepts_dialer = True
    accepts_variables = False
    carries_reference = False
    supports_webhook = True
    gives_cost = True

    @classmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the bearer header; the options may set its name and its prefix."""
        name = str(options.get("auth_header_name") or "Authorization")
        prefix = str(options.get("auth_value_prefix") or "Bearer").strip()
        return {name: f"{prefix} {secrets.get('api_key', '').strip()}"}

    @classmethod
    def refuses_number(cls, to_number: str, options: Mapping[str, Any]) -> str | Promise:
        """Return why a number cannot be called: Bitel's format has no country code, so only Iranian numbers fit."""
        national = to_number.removeprefix("+98")
        if national != to_number and national.isdecimal() and len(national) == 10:
            return ""
        return _("Bitel calls Iranian numbers only (+98 and 10 digits).")

    @property
    def _root(self) -> str:
        return "/api/v1/voice" if self.options.get("api_version") == "v1" else "/api/v2/voice"

    def check_credentials(self) -> AccountState:
        """Read a call that does not exist: "NotFound" means that the key works (no cheaper read is known)."""
        response = self.client.read(self._status_request(NO_SUCH_CALL))
        if response.status_code == 403:
            raise CredentialsRejected(self.error_text(response) or "Bitel refuses the key.", http_status=403)
        if not _says_not_found(response):
            self.raise_for_read(response)
            self.parse_call(json_of(response), NO_SUCH_CALL)
        require_object(json_of(response), "one of Bitel's: check the address")
        return AccountState()

    @classmethod
    def redials_of(cls, vendor_options: Mapping[str, Any]) -> int:
        """Return the redials after busy or no answer that were asked for; its one answer comes after the last."""
        return parse_seconds(vendor_options.get("retry_count")) or 0

    def build_order(self, order: CallOrder) -> Request:
        """Build the order for digits, a text or a voice, whichever the call carries."""
        if sentence := self.refuses_number(order.to_number, self.options):
            raise InvalidNumber(str(sentence))
        v1 = self.options.get("api_version") == "v1"
        body: dict[str, Any] = {
            "phoneNumber": number_for_vendor(order.to_number, self.options.get("phone_format") or "local_ir")
        }
        if order.digits:
            if not (order.digits.isascii() and order.digits.isdigit() and len(order.digits) <= 5):
                raise OrderRejected("Bitel speaks one to five digits.")
            path = "/otp"
            body["text"] = order.digits
            if order.voice_id:
                body["voiceId"] = order.voice_id
            if repeats := parse_seconds(order.vendor_options.get("repeat_count")):
                body["repeatCount"] = repeats
        elif order.text:
            path = "/tts" if v1 else "/single/tts"
            body["text"] = order.text
        elif order.voice_id:
            path = "/single"
            body["voiceId"] = order.voice_id
        else:
            raise OrderRejected("The call has no voice, text or digits for Bitel to play.")
        # Bitel's own default is 1: left out, it would ring a busy person again by itself.
        body["retryCount"] = parse_seconds(order.vendor_options.get("retry_count")) or 0
        if order.dialer_id:
            body["serverId"] = order.dialer_id
        return Request("POST", self._root + path, json=body)

    def parse_placed(self, answer: Any) -> PlacedCall:
        """Read the id from the bare text of v1 or the object of v2."""
        answer = require_object(answer, "an answer of Bitel")
        result = answer.get("result", answer)
        if isinstance(result, str):
            return PlacedCall(remote_id=result)
        word = _status_word(result)
        return PlacedCall(
            remote_id=parse_text(first_of(result, "id", "requestId"), 201),
            raw_status=word,
            status=self.status_of(word),
        )

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Read each call by its id (there is no list of single calls)."""
        return self.fetch_each(handles, self._fetch_one)

    def _fetch_one(self, handle: CallHandle) -> CallSnapshot | None:
        response = self.client.read(self._status_request(handle.remote_id))
        if _says_not_found(response):
            return None
        self.raise_for_read(response)
        return self.parse_call(json_of(response), handle.remote_id)

    def _status_request(self, remote_id: str) -> Request:
        page = "cdr" if self.options.get("api_version") == "v1" else "status"
        return Request("GET", f"{self._root}/{page}/{path_id(remote_id)}")

    def parse_call(self, answer: Any, remote_id: str) -> CallSnapshot:
        """Read the state of one call, with the `result` envelope or without; raises `UnexpectedResponse`."""
        call = require_object(answer, "a call of Bitel")
        if call.get("error"):
            raise UnexpectedResponse(f"Bitel answered a read with an error {_code_of(call)}".rstrip() + ".")
        if "result" in call:
            call = require_object(call["result"], "a call of Bitel")
        if "status" not in call and "statusCode" not in call:
            raise UnexpectedResponse("Bitel's answer carries no status.")
        return self._snapshot(call, _status_word(call), remote_id)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[CallSnapshot]:
        """Read the one event that Bitel posts at the end of a call, as JSON or as a form (it signs nothing)."""
        event = _event_of(body)
        remote_id = parse_text(first_of(event, "requestId", "id"), 201)
        word = parse_text(first_of(event, "cause", "status"), 80)
        if not is_usable_id(remote_id) or not word:
            raise WebhookRejected("The webhook names no call.")
        return [self._snapshot(event, word, remote_id)]

    def _snapshot(self, call: Mapping[str, Any], word: str, remote_id: str) -> CallSnapshot:
        status = self.status_of(word)
        is_final = status in FINAL
        # While a call waits, zero means "not known yet" and must not be stored as a figure.
        price = parse_decimal(first_of(call, "price", "balanceSubtracted")) if is_final else None
        reason, detail = "", ""
        if status == CallStatus.FAILED:
            reason = FailureReason.VENDOR_ERROR.value
            if normalise_word(word) == "expired":
                reason, detail = (
                    FailureReason.EXPIRED.value,
                    "Bitel gave the call up, mostly a sign of overload.",
                )
        read = CallSnapshot(
            remote_id=remote_id,
            raw_status=word,
            status=status,
            to_number=e164_or_raw(first_of(call, "phoneNumber", "targetNumber", "number"), "IR"),
            created_at=parse_instant(call.get("requestDate")),
            started_at=parse_instant(call.get("executionDate")),
            talk_seconds=parse_seconds(call.get("billSec")) if is_final else None,
            cost=abs(price) if price is not None else None,
            currency="IRT" if price is not None else "",  # Toman; v2 writes the price as a negative number
            failure_reason=reason,
            failure_detail=detail,
        )
        return self.with_machine(read)

    def refusal(self, response: Response) -> ProviderError | None:
        """Return the meaning of Bitel's error code; a code without a result is a refusal, even with a 200."""
        status = response.status_code
        if status >= 500 or status in UNDECIDED:
            return None
        answer = _json_object(response)
        if not answer.get("error") or answer.get("result"):
            return super().refusal(response)
        code = _code_of(answer)
        words = code or self.error_text(response)
        if error := self.refused(status, code, words):
            return error
        # A redirect refuses nothing, except where it comes with a code that does.
        if 300 <= status < 400:
            return OutcomeUnknown(f"Bitel answered {status} with {words}.", http_status=status, vendor_code=code)
        return OrderRejected(f"Bitel refused: {words}.", http_status=status, vendor_code=code)


def _code_of(answer: Mapping[str, Any]) -> str:
    """Return the error code; empty where it is not a plain word (anything else could hold a key or a number)."""
    code = answer.get("error")
    return code if isinstance(code, str) and re.fullmatch("[A-Za-z_]{1,60}", code) else ""


def _status_word(call: Mapping[str, Any]) -> str:
    """Return the status word, or the word for its number where only that is given; else empty."""
    word = parse_text(call["status"] if "status" in call else call.get("statusCode"), 80).strip()
    return WORD_OF_CODE.get(word, word)


def _json_object(response: Response) -> Mapping[str, Any]:
    try:
        return as_mapping(json_of(response))
    except UnexpectedResponse:
        return {}


def _says_not_found(response: Response) -> bool:
    code = normalise_word(_json_object(response).get("error")).replace("_", "")
    return response.status_code == 404 or (response.status_code < 500 and code == "notfound")


def _event_of(body: bytes) -> Mapping[str, Any]:
    """Return the event of a webhook, from JSON or from a form; raises `WebhookRejected`."""
    try:
        text = body.decode("utf-8-sig").strip()
        if text.startswith("{"):
            return as_mapping(loads(text))
        return dict(parse_qsl(text, max_num_fields=50))
    except (ValueError, RecursionError) as error:
        raise WebhookRejected("The webhook cannot be read.") from error
