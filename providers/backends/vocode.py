"""Vocode hosted: voice agents over Twilio or Vonage; the only vendor here that can hang up a live call.

Read 2026-11: the vendor's OpenAPI file and guides in https://github.com/vocodedev/vocode-core (docs/openapi.json,
docs/*.mdx), and https://docs.vocode.dev/api-reference/calls/list-calls.

Oddities: the status word alone does not tell how a call ended, `stage_outcome` and the carrier's own word do; numbers
come without the plus sign; times are ISO text on one page and epoch numbers on another; no call has a duration or a
cost; a whole reply may hold the customer's Twilio credentials, so only named fields are ever kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from json import loads
from typing import Any

from django.utils.translation import gettext_lazy as _
from requests import Request, Response

from providers.backends import _vocode_rows
from providers.backends._vocode_refusals import REFUSALS, fault_place
from providers.backends._vocode_rows import ANSWERED_BY, CARRIER_WORDS, TALKED, as_texts, call_in_event, switched
from providers.base import ProviderBackend
from providers.exceptions import (
    CredentialsRejected,
    OrderRejected,
    UnexpectedResponse,
    WebhookRejected,
)
from providers.lists import BadPages, asked_again, listed
from providers.opt_outs import heard_in
from providers.parsing import (
    REFERENCE_KEY,
    as_mapping,
    e164_or_raw,
    first_of,
    number_for_vendor,
    parse_decimal,
    parse_instant,
    parse_text,
    parse_turns,
    recording_of,
    reference_in,
    require_object,
    require_rows,
)
from providers.replies import is_usable_id, json_of, normalise_word
from providers.types import (
    FINAL,
    AccountIdentity,
    AccountState,
    CallHandle,
    CallOrder,
    CallQuery,
    CallSnapshot,
    CallStatus,
    FailureReason,
    Field,
    OnMachine,
    PlacedCall,
    Recording,
    RemoteAgent,
    RemoteCallerId,
    RemoteVoice,
)
from providers.variable_names import wire_variables

PAGE_ROWS = 25
"""Rows a page: rows hold whole transcripts, and an answer must stay below the client's size cap."""
MOST_PAGES = 400

FORMAT_LABEL = _("Number format (Vocode's examples have no plus sign)")
FORMATS = (("e164", "+15555555555"), ("digits", "15555555555"))
WORDS_HELP = _('Provider status and ours, such as {"line_dropped": "failed"}.')
NO_HUMAN = (("continue", _("Keep talking")), ("hangup", _("Hang up")))
ANY_WAY = (("", _("Provider's default")), *NO_HUMAN)
MACHINE_LABEL, MACHINE_HELP = _("If a machine answers"), _("Empty: Vocode's default, which is to keep talking.")
MACHINE_NOTE = _("The agent then keeps talking, and the voicemail records it.")
ON_MACHINE: Mapping[OnMachine, str] = {"message": "continue", "hang_up": "hangup"}
HIPAA_LABEL = _("Store under HIPAA rules")
LISTEN_LABEL = _("Detect do-not-call requests")
LISTEN_HELP = _("The number is then added to our do-not-call list automatically. Vocode calls this a rough estimate.")

AS_SET: Mapping[str, Any] = {"kind": "choice", "empty_label": _("As set on the provider")}
ON_OFF = (("on", _("On")), ("off", _("Off")))

FOR_EVERY_CALL = ("on_no_human_answer", "run_do_not_call_detection", "hipaa_compliant")


class VocodeBackend(ProviderBackend):
    """Backend for Vocode's hosted API."""

    slug = "vocode"
    label = "Vocode"
    docs_url = "https://docs.vocode.dev/api-reference/calls/create-call"
    default_base_url = "https://api.vocode.dev"
    refusals = REFUSALS
    status_map = {
        "not_started": CallStatus.QUEUED,
        "in_progress": CallStatus.IN_PROGRESS,
        "ended": CallStatus.COMPLETED,  # unless the outcome says otherwise, see `_stand`
        "error": CallStatus.FAILED,
        "transferred": CallStatus.COMPLETED,  # a last word that the contract's list lacks
        "event_phone_call_connected": CallStatus.IN_PROGRESS,  # a webhook's word
    }
    fields = (
        Field(name="api_key", label=_("API key"), kind="secret", required=True),
        Field(name="base_url", label=_("Address"), kind="url", default=default_base_url),
        Field(name="phone_format", label=FORMAT_LABEL, kind="choice", default="e164", choices=FORMATS),
        Field(name="auth_header_name", label=_("Auth header"), default="Authorization"),
        Field(name="auth_value_prefix", label=_("Auth prefix"), default="Bearer"),
        Field(name="on_no_human_answer", label=MACHINE_LABEL, kind="choice", choices=ANY_WAY, help_text=MACHINE_HELP),
        Field(
            name="run_do_not_call_detection", label=LISTEN_LABEL, kind="boolean", default=True, help_text=LISTEN_HELP
        ),
        Field(name="hipaa_compliant", label=HIPAA_LABEL, kind="boolean", default=False),
        Field(name="status_map_extra", label=_("Extra status names"), kind="json", help_text=WORDS_HELP),
    )
    order_fields = (
        Field(name="on_no_human_answer", label=MACHINE_LABEL, **AS_SET, choices=NO_HUMAN),
        Field(name="run_do_not_call_detection", label=LISTEN_LABEL, **AS_SET, choices=ON_OFF),
        Field(name="hipaa_compliant", label=HIPAA_LABEL, **AS_SET, choices=ON_OFF),
        Field(name="telephony_params", label=_("Parameters for the carrier"), kind="json"),
    )
    needs_caller_id = True
    accepts_caller_id = True
    supports_cancel = True
    supports_hang_up = True
    supports_list_calls = True
    supports_list_agents = True
    supports_list_voices = True
    supports_list_caller_ids = True
    supports_balance = True
    tells_identity = True
    supports_recording = True
    supports_webhook = True
    sends_webhooks_by_get = True  # a webhook's `method` is POST or GET
    gives_transcript = True
    tells_machine = True
    takes_on_machine = True
    on_machine_note = MACHINE_NOTE
    hears_refusal = True

    @classmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the bearer header; the options may set its name and its prefix."""
        prefix = str(options.get("auth_value_prefix") or "Bearer").strip()
        key = secrets.get("api_key", "").strip()
        return {str(options.get("auth_header_name") or "Authorization"): f"{prefix} {key}"}

    def check_credentials(self) -> AccountState:
        """Read the month's usage, a harmless read that needs the key."""
        return self.fetch_balance()

    def fetch_balance(self) -> AccountState:
        """Read the plan and the minutes of this month; Vocode has no money to show."""
        usage = self._usage()
        return AccountState(
            label=parse_text(usage.get("plan_type"), 80).removeprefix("plan_"),
            minutes_used=parse_decimal(usage.get("monthly_usage_minutes")),
            minutes_limit=parse_decimal(usage.get("monthly_usage_limit_minutes")),
        )

    def fetch_identity(self) -> AccountIdentity:
        """Return the id of the user whose usage it is; Vocode gives no name."""
        return AccountIdentity(account_id=parse_text(self._usage().get("user_id"), 200))

    def _usage(self) -> Mapping[str, Any]:
        response = self.client.read(Request("GET", "/v1/usage"))
        if response.status_code == 403:
            raise CredentialsRejected(self.error_text(response) or "Vocode refuses the key.", http_status=403)
        self.raise_for_read(response)
        return require_object(json_of(response), "Vocode's usage: check the address")

    # Placing and stopping

    def build_order(self, order: CallOrder) -> Request:
        """Build the order; variables and our reference travel in `context`, which takes text only."""
        if not (order.agent_id and order.caller_id):
            raise OrderRejected("A call through Vocode needs an agent and a caller ID.")
        body: dict[str, Any] = {
            "from_number": self._number(order.caller_id),
            "to_number": self._number(order.to_number),
            "agent": order.agent_id,
            "context": as_texts(wire_variables(order, self.variable_names)) | {REFERENCE_KEY: str(order.reference)},
        }
        # The provider's options hold for all its calls; a campaign's wish goes before them, a call's own extras first.
        usual: dict[str, Any] = {name: self.options.get(name) or None for name in FOR_EVERY_CALL}
        if order.on_machine:
            usual["on_no_human_answer"] = ON_MACHINE[order.on_machine]
        asked = switched(order.vendor_options)
        extras = {field.name: asked.get(field.name, usual.get(field.name)) for field in self.order_fields}
        extras["telephony_params"] = as_texts(as_mapping(extras["telephony_params"]))
        body |= {name: value for name, value in extras.items() if value not in (None, "", {})}
        return Request("POST", "/v1/calls/create", json=body)

    def _number(self, e164: str) -> str:
        return number_for_vendor(e164, self.options.get("phone_format") or "e164")

    def parse_placed(self, answer: Any) -> PlacedCall:
        """Read the call that the answer to an order holds."""
        call = require_object(answer, "a call of Vocode")
        status, _reason = self._stand(call)
        return PlacedCall(
            remote_id=parse_text(call.get("id"), 201), raw_status=parse_text(call.get("status"), 80), status=status
        )

    def cancel_call(self, handle: CallHandle) -> CallSnapshot | None:
        """Cancel a call that has not begun, by the same request that hangs up a live one."""
        return self.hang_up_call(handle)

    def hang_up_call(self, handle: CallHandle) -> CallSnapshot | None:
        """End a call; None where the answer shows no call."""
        response = self.client.send_once(Request("POST", "/v1/calls/end", params={"id": handle.remote_id}))
        self.raise_for_order(response)
        try:
            return self.parse_call(json_of(response), handle.remote_id)
        except UnexpectedResponse:
            return None

    # Reading calls back

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Read each call by its id: the list has no filter."""
        return self.fetch_each(handles, self._fetch_one)

    def _fetch_one(self, handle: CallHandle) -> CallSnapshot | None:
        response = self.client.read(Request("GET", "/v1/calls", params={"id": handle.remote_id}))
        if response.status_code == 404:
            return None
        self.raise_for_read(response)
        return self.parse_call(json_of(response), handle.remote_id)

    @listed
    def list_calls(self, query: CallQuery) -> Iterator[CallSnapshot]:
        """Read pages from the newest call back to the window's start; calls without a start time are always included.

        It is not documented where the vendor sorts calls without a start time: if none came on the first pages, the
        last pages are read too. Where the list is not sorted at all, every page is read.
        """
        begun: list[datetime] = []
        saw_unbegun, bad = False, BadPages()
        for page in self._pages("/v1/calls/list", bad, sort_column="start_time", sort_desc="true"):
            calls = self._parse_page(page, bad)
            yield from _vocode_rows.in_window(calls, query)
            times = [call.started_at for call in calls if call.started_at]
            saw_unbegun = saw_unbegun or len(times) < len(calls)
            begun += times
            runs_back = begun == sorted(begun, reverse=True) and begun[:1] > begun[-1:]
            if times and max(times) < query.since and runs_back:
                break
        else:
            return
        if not saw_unbegun:
            for page in self._pages("/v1/calls/list", bad, sort_column="start_time", sort_desc="false"):
                calls = self._parse_page(page, bad)
                yield from _vocode_rows.in_window(calls, query)
                if any(call.started_at for call in calls):
                    break
        bad.end()

    def _parse_page(self, page: Sequence[Mapping[str, Any]], bad: BadPages) -> list[CallSnapshot]:
        return [self.parse_call(row, parse_text(row["id"], 201)) for row in bad.with_ids(page, "id")]

    def parse_call(self, answer: Any, remote_id: str) -> CallSnapshot:
        """Read one call; raises `UnexpectedResponse` for what is none."""
        call = require_object(answer, "a call of Vocode")
        if "id" not in call:
            raise UnexpectedResponse("Vocode's answer shows no call.")
        status, reason = self._stand(call)
        started, ended = parse_instant(call.get("start_time")), parse_instant(call.get("end_time"))
        talked = status == CallStatus.COMPLETED or (
            status == CallStatus.FAILED and normalise_word(call.get("stage")) in TALKED
        )
        seconds = None
        if status in FINAL:  # an unanswered call has a start and an end too, but no conversation
            seconds = max(0, round((ended - started).total_seconds())) if talked and started and ended else None
            seconds = seconds if talked else 0
        agent = call.get("agent")  # an object in the answer for one call, an id in lists
        read = CallSnapshot(
            remote_id=remote_id,
            raw_status=parse_text(call.get("status"), 80),
            status=status,
            reference=reference_in(call.get("context"), 1),
            to_number=e164_or_raw(call.get("to_number")),
            agent_id=parse_text(agent.get("id") if isinstance(agent, dict) else agent, 200),
            caller_id=e164_or_raw(call.get("from_number")),
            started_at=started,
            ended_at=ended,
            talk_seconds=seconds,
            answered_by=ANSWERED_BY.get(normalise_word(call.get("human_detection_result")), "unknown"),
            failure_reason=reason,
            failure_detail=parse_text(first_of(call, "error_message", "stage_outcome"), 300) if reason else "",
            end_reason=parse_text(call.get("stage_outcome"), 300) if status in FINAL else "",
            transcript=parse_turns(call.get("transcript")),
            recording_available=call.get("recording_available") is True,
            # True by the contract, the text "True" in the guide's own sample.
            **heard_in({"do_not_call": call.get("do_not_call_result")}),
        )
        return _vocode_rows.turned_by_line(call, self.with_machine(read))

    def _stand(self, call: Mapping[str, Any]) -> tuple[CallStatus | None, str]:
        """Return a call's status and why it failed, from all the fields that tell of it."""
        word = normalise_word(call.get("status"))
        status = self.status_of(word)
        stage, outcome = normalise_word(call.get("stage")), normalise_word(call.get("stage_outcome"))
        carrier = normalise_word(as_mapping(call.get("telephony_metadata")).get("call_status"))
        if word == "not_started" and status == CallStatus.QUEUED and stage == "created" and call.get("telephony_id"):
            return CallStatus.DIALING, ""  # the carrier has an id for it: it was dialled
        if word == "ended" and status == CallStatus.COMPLETED:
            if outcome == "human_unanswered":
                return (CallStatus.BUSY if carrier == "busy" else CallStatus.NO_ANSWER), ""
            if outcome == "call_did_not_connect":
                status = CARRIER_WORDS.get(carrier, CallStatus.FAILED)
                return status, FailureReason.NOT_CONNECTED.value if status == CallStatus.FAILED else ""
        return status, FailureReason.VENDOR_ERROR.value if status == CallStatus.FAILED else ""

    def fetch_recording(self, handle: CallHandle) -> Recording:
        """Read the recording with our key, which the vendor needs for it too."""
        request = Request("GET", "/v1/calls/recording", params={"id": handle.remote_id})
        response = self.client.read_sound(request)
        self.raise_for_read(response)
        return recording_of(response)

    # What lives at the vendor

    def list_agents(self) -> list[RemoteAgent]:
        """List the agents; Vocode gives no type or state for them."""
        return [_vocode_rows.parse_agent_row(row) for row in self._rows("/v1/agents/list")]

    def list_voices(self) -> list[RemoteVoice]:
        """List the voices by their makers' names; a row may hold the maker's key, which is not kept."""
        return [_vocode_rows.parse_voice_row(row) for row in self._rows("/v1/voices/list")]

    def list_caller_ids(self) -> list[RemoteCallerId]:
        """List the numbers of the account."""
        return [_vocode_rows.parse_number_row(row) for row in self._rows("/v1/numbers/list")]

    def _rows(self, path: str) -> list[Mapping[str, Any]]:
        return [row for page in self._pages(path) for row in page if is_usable_id(row.get("id"))]

    def _pages(self, path: str, bad: BadPages | None = None, **params: str) -> Iterator[Sequence[Mapping[str, Any]]]:
        """Yield each page's rows, also of the older bare array; raises `UnexpectedResponse` if the pages do not end."""
        seen: set[str] = set()
        bad = bad or BadPages()
        for page in range(1, MOST_PAGES + 1):
            request = Request("GET", path, params={"page": page, "size": PAGE_ROWS, **params})
            try:
                rows, has_more = asked_again(partial(self._page, request))
            except UnexpectedResponse as error:
                bad.pass_over(error)
                continue
            ids = {parse_text(row.get("id"), 201) for row in rows}
            yield rows
            if not rows or not has_more:
                return bad.end()
            if ids <= seen:
                raise UnexpectedResponse("The list repeats itself.")
            seen |= ids
        raise UnexpectedResponse(f"The list goes on after {MOST_PAGES} pages.")

    def _page(self, request: Request) -> tuple[Sequence[Mapping[str, Any]], object]:
        response = self.client.read(request)
        self.raise_for_read(response)
        answer = json_of(response)
        box = {"items": answer} if isinstance(answer, list) else require_object(answer, "a list of Vocode")
        return require_rows(box.get("items"), "Vocode's"), box.get("has_more")

    # What comes by itself, and what errors mean

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[CallSnapshot]:
        """Read a webhook into a hint, which names a call; only "connected" gives a state (webhooks are unsigned).

        Of one sent by GET the body is the query as a JSON object.
        """
        try:
            remote_id, kind = call_in_event(loads(body))
        except (ValueError, RecursionError) as error:
            raise WebhookRejected("The webhook cannot be read.") from error
        if not is_usable_id(remote_id) or not kind:
            raise WebhookRejected("The webhook names no call.")
        return [CallSnapshot(remote_id=remote_id, raw_status=kind, status=self.status_of(kind))]

    def vendor_code(self, response: Response) -> str:
        """Return the place of a 422's first fault, such as "body.to_number"."""
        return fault_place(response)
