"""Bolna: voice agents, India. Calls wait in the vendor's own queue; lists go by agent and by at most seven days.

Read 2026-11: https://www.bolna.ai/docs/api-reference (OpenAPI), .../errors, .../limits, .../executions/payload,
https://www.bolna.ai/docs/list-phone-call-status, https://www.bolna.ai/docs/prompting/using-context.

Oddities: `call-disconnected` is not the end, `completed` follows with the figures after up to three minutes; a rejected
call can be `completed` too, so that only talk seconds prove a conversation. A `scheduled_at` that ends in Z gives a
500. Rows of lists are trimmed. Webhooks are not signed: they are hints, the call is read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from requests import Request

from providers.backends._bolna_refusals import REFUSALS
from providers.backends._bolna_rows import (
    DIRECTIONS,
    IDS,
    RECORDING_HOSTS,
    ids_in_event,
    is_workflow,
    parse_agent_row,
    parse_execution_row,
    parse_number_row,
    parse_voice_row,
)
from providers.backends._bolna_waits import ORDER_FIELDS, retries_in, waits_of
from providers.base import ProviderBackend
from providers.exceptions import (
    OrderRejected,
    UnexpectedResponse,
    WebhookRejected,
)
from providers.lists import BadPages, asked_again, listed
from providers.parsing import (
    REFERENCE_KEY,
    as_mapping,
    first_of,
    id_in,
    is_e164,
    list_windows,
    number_for_vendor,
    parse_cents,
    parse_count,
    parse_instant,
    parse_seconds,
    parse_text,
    parse_words,
    path_id,
    require_object,
    require_rows,
)
from providers.recordings import recording_at
from providers.replies import json_of
from providers.types import (
    AccountIdentity,
    AccountState,
    CallHandle,
    CallOrder,
    CallQuery,
    CallSnapshot,
    CallStatus,
    Field,
    PlacedCall,
    Recording,
    RemoteAgent,
    RemoteCallerId,
    RemoteVoice,
)
from providers.variable_names import wire_variables

PAGE_ROWS = 50
MOST_PAGES = 1_000
FORMATS = (("e164", "+911234567890"), ("digits", "911234567890"))
MOST_DAYS = 7
NOTHING_ASKED: Mapping[str, Any] = {}


class BolnaBackend(ProviderBackend):
    """Backend for Bolna's API."""

    slug = "bolna"
    label = "Bolna"
    docs_url = "https://www.bolna.ai/docs/api-reference/calls/make"
    default_base_url = "https://api.bolna.ai"
    refusals = REFUSALS
    status_map = {
        "scheduled": CallStatus.QUEUED,
        "queued": CallStatus.QUEUED,
        "rescheduled": CallStatus.QUEUED,  # postponed by the vendor's guardrail, which dials later: live, not failed
        "initiated": CallStatus.DIALING,
        "ringing": CallStatus.RINGING,
        "in_progress": CallStatus.IN_PROGRESS,
        "call_disconnected": CallStatus.WRAPPING_UP,
        "completed": CallStatus.COMPLETED,
        "balance_low": CallStatus.FAILED,
        "busy": CallStatus.BUSY,
        "no_answer": CallStatus.NO_ANSWER,
        "rejected": CallStatus.NO_ANSWER,  # seen beside the contract's list: the person declined the call
        "canceled": CallStatus.CANCELED,
        "cancelled": CallStatus.CANCELED,
        "failed": CallStatus.FAILED,
        "stopped": CallStatus.CANCELED,
        "error": CallStatus.FAILED,
    }
    fields = (
        Field(
            name="api_key", label=_("API key"), kind="secret", required=True, help_text=_("In Bolna under Developers.")
        ),
        Field(name="base_url", label=_("Address"), kind="url", default=default_base_url),
        Field(name="phone_format", label=_("Number format"), kind="choice", default="e164", choices=FORMATS),
        Field(name="cents", label=_("Amounts are in cents"), kind="boolean", default=True),
        Field(name="auth_header_name", label=_("Auth header"), default="Authorization"),
        Field(name="auth_value_prefix", label=_("Auth prefix"), default="Bearer"),
        Field(
            name="recording_hosts",
            label=_("Hosts with recordings"),
            kind="words",
            default=RECORDING_HOSTS,
            help_text=_("They are read without our key. Start with a dot to allow subdomains."),
        ),
        Field(
            name="status_map_extra",
            label=_("Extra status names"),
            kind="json",
            help_text=_('Provider status and ours, such as {"line-dropped": "failed"}.'),
        ),
    )
    order_fields = ORDER_FIELDS
    accepts_caller_id = True
    accepts_voice_override = True
    documents_rate_limit = True
    documented_requests = 500  # limits page
    supports_cancel = True
    supports_list_calls = True
    lists_by_agent = True
    supports_list_agents = True
    supports_list_voices = True
    supports_list_caller_ids = True
    supports_balance = True
    tells_identity = True
    supports_recording = True
    supports_webhook = True
    gives_transcript = True
    gives_answers = True
    tells_machine = True
    on_machine_note = _(
        "If a voicemail answers: this is set on the agent at Bolna. With voicemail detection on, the agent hangs up."
    )
    hears_refusal = True
    gives_cost = True
    max_list_days = MOST_DAYS

    @classmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the bearer header; the options may set another name."""
        prefix = str(options.get("auth_value_prefix", "Bearer") or "").strip()
        key = secrets.get("api_key", "").strip()
        return {str(options.get("auth_header_name") or "Authorization"): f"{prefix} {key}".strip()}

    @classmethod
    def refuses_number(cls, to_number: str, options: Mapping[str, Any]) -> str | Promise:
        """Return why a number cannot be called: the vendor wants a country code."""
        return "" if is_e164(to_number) else _("Bolna needs the number with its country code.")

    @classmethod
    def dials_at(cls, vendor_options: Mapping[str, Any]) -> datetime | None:
        """Return the time that the order was scheduled for."""
        moment = vendor_options.get("scheduled_at")
        return moment if isinstance(moment, datetime) else parse_instant(moment)

    @classmethod
    def redials_of(cls, vendor_options: Mapping[str, Any]) -> int:
        """Return how many retries of the vendor's own were asked for."""
        return retries_in(cls._retries(vendor_options)).most

    # Placing and stopping

    def build_order(self, order: CallOrder) -> Request:
        """Build `POST /call`; the vendor's own retries are switched off unless an admin asked for them."""
        written_as, asked = self.options.get("phone_format"), order.vendor_options
        body: dict[str, Any] = {
            "agent_id": order.agent_id,
            "recipient_phone_number": number_for_vendor(order.to_number, written_as),
            "user_data": {**wire_variables(order, self.variable_names), REFERENCE_KEY: str(order.reference)},
            "retry_config": self._retries(asked),
        }
        if order.caller_id:
            body["from_phone_number"] = number_for_vendor(order.caller_id, written_as)
        if order.voice_id:
            body["agent_data"] = {"voice_id": order.voice_id}
        if asked.get("scheduled_at"):
            body["scheduled_at"] = self._dial_at(asked["scheduled_at"])
        if asked.get("bypass_call_guardrails"):
            body["bypass_call_guardrails"] = True
        if version := parse_text(asked.get("agent_version_id"), 200).strip():
            body["agent_version_id"] = version
        return Request("POST", "/call", json=body)

    @staticmethod
    def _retries(asked: Mapping[str, Any]) -> dict[str, Any]:
        if not asked.get("retry_enabled"):
            return {"enabled": False}
        minutes = [parse_seconds(word) for word in parse_words(asked.get("retry_intervals_minutes"))]
        retries = {
            "max_retries": min(max(parse_seconds(asked.get("max_retries")) or 3, 1), 3),
            "retry_on_statuses": parse_words(asked.get("retry_on_statuses")),
            "retry_on_voicemail": bool(asked.get("retry_on_voicemail")),
            "retry_intervals_minutes": [number for number in minutes if number],
        }
        return {"enabled": True, **{name: value for name, value in retries.items() if value}}

    @staticmethod
    def _dial_at(moment: object) -> str:
        at = BolnaBackend.dials_at({"scheduled_at": moment})
        if at is None:
            raise OrderRejected("The time to dial at cannot be read.")
        # The offset goes out as numbers: a trailing Z is answered with a 500 (errors page, read 2026-11).
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat(timespec="milliseconds")

    def parse_placed(self, answer: Any) -> PlacedCall:
        """Read `{message, status, execution_id}`; an older page calls the id a number."""
        word = answer.get("status")
        return PlacedCall(
            remote_id=id_in(answer, "execution_id"), raw_status=parse_text(word, 80), status=self.status_of(word)
        )

    def cancel_call(self, handle: CallHandle) -> CallSnapshot | None:
        """Stop a call that is queued or scheduled; the vendor cannot hang up a live one."""
        response = self.client.send_once(Request("POST", f"/call/{path_id(handle.remote_id)}/stop"))
        self.raise_for_order(response)
        try:
            word = as_mapping(json_of(response)).get("status")
        except UnexpectedResponse:
            return None
        return CallSnapshot(remote_id=handle.remote_id, raw_status=parse_text(word, 80), status=self.status_of(word))

    # Reading calls

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Read each call by its id; the vendor answers 404 to one that it does not know."""
        return self.fetch_each(handles, self._fetch_one)

    def _fetch_one(self, handle: CallHandle) -> CallSnapshot | None:
        execution = self._execution_of(handle)
        return None if execution is None else self.parse_execution(execution, handle.remote_id, handle.vendor_options)

    def _execution_of(self, handle: CallHandle) -> Mapping[str, Any] | None:
        response = self.client.read(Request("GET", f"/executions/{path_id(handle.remote_id)}"))
        if response.status_code == 404:
            return None
        self.raise_for_read(response)
        execution = require_object(json_of(response), "a call")
        if id_in(execution, *IDS).lower() != handle.remote_id.lower():
            raise UnexpectedResponse("The answer is about another call.")
        return execution

    @listed
    def list_calls(self, query: CallQuery) -> Iterator[CallSnapshot]:
        """List the calls of the query's agents (of all, where it names none), newest first in each window.

        Rows are trimmed and need not say their direction: each is asked for by itself. Where the vendor ignores that,
        a row that does not say is taken for one of ours.
        """
        agents = query.agent_ids or [agent.remote_id for agent in self.list_agents()]
        asked = [query.direction] if query.direction else list(DIRECTIONS)
        for agent_id in agents:
            for since, until in list_windows(query.since, query.until, MOST_DAYS):
                seen: set[str] = set()
                for call_type in asked:
                    for row in self._rows(agent_id, since, until, call_type):
                        remote_id = id_in(row, *IDS)
                        if remote_id in seen:
                            continue
                        seen.add(remote_id)
                        call = self.parse_execution({"agent_id": agent_id, **row}, remote_id)
                        yield call if call.direction or call_type == "outbound" else call.as_inbound()

    def _rows(self, agent_id: str, since: datetime, until: datetime, call_type: str) -> Iterator[Mapping[str, Any]]:
        path = f"/v2/agent/{path_id(agent_id)}/executions"
        seen: set[str] = set()
        bad = BadPages()
        window = {"from": _utc(since), "to": _utc(until), "call_type": call_type}
        for number in range(1, MOST_PAGES + 1):
            request = Request("GET", path, params={"page_number": number, "page_size": PAGE_ROWS, **window})
            try:
                page, rows = asked_again(partial(self._page, request))
            except UnexpectedResponse as error:
                bad.pass_over(error)
                continue
            rows = bad.with_ids(rows, *IDS)
            yield from rows
            if page.get("has_more") is False:
                return bad.end()
            new = {id_in(row, *IDS) for row in rows} - seen
            if page.get("has_more") is not True or not new:
                break
            seen |= new
        raise UnexpectedResponse("The list of calls does not come to an end.")

    def _page(self, request: Request) -> tuple[Mapping[str, Any], Sequence[Mapping[str, Any]]]:
        response = self.client.read(request)
        self.raise_for_read(response)
        page = require_object(json_of(response), "a page of calls")
        return page, require_rows(page.get("data"), "calls")

    def parse_execution(
        self, row: Mapping[str, Any], remote_id: str, asked: Mapping[str, Any] = NOTHING_ASKED
    ) -> CallSnapshot:
        """Read an execution: whole from get-one and webhooks, trimmed from lists; `asked` are the order's options."""
        waits = waits_of(row, self.status_of(row.get("status")), retries_in(self._retries(asked)), self.dials_at(asked))
        cents = bool(self.options.get("cents", True))
        return self.with_machine(parse_execution_row(row, remote_id, waits, cents=cents))

    def fetch_recording(self, handle: CallHandle) -> Recording:
        """Read the call for a fresh address, since addresses expire, then the sound from there."""
        execution = self._execution_of(handle)
        address = parse_text(as_mapping((execution or {}).get("telephony_data")).get("recording_url"), 8_000)
        if not address:
            raise UnexpectedResponse("The vendor has no recording of this call.")
        return recording_at(self.client, address)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[CallSnapshot]:
        """Read a webhook: the execution, posted at every change of a call, or a workflow, posted at its end."""
        try:
            event = json_of(body)
            ids = ids_in_event(event)
        except UnexpectedResponse as error:
            raise WebhookRejected("The webhook is not a call.") from error
        if is_workflow(event):
            # Its state is not a call's: each call that it names is read again.
            return [CallSnapshot(remote_id=remote_id) for remote_id in ids]
        return [self.parse_execution(event, remote_id) for remote_id in ids]

    # The account and what is in it

    def check_credentials(self) -> AccountState:
        """Read `/user/me`, which returns wallet and lines."""
        return self.fetch_balance()

    def fetch_balance(self) -> AccountState:
        """Return wallet (scaled like all amounts) and lines."""
        account = self._account()
        lines = as_mapping(account.get("concurrency"))
        return AccountState(
            label=parse_text(first_of(account, "name", "email"), 200),
            balance=parse_cents(account.get("wallet"), cents=bool(self.options.get("cents", True))),
            currency="USD",
            lines_used=parse_count(lines.get("current")),
            lines_max=parse_count(lines.get("max")),
        )

    def fetch_identity(self) -> AccountIdentity:
        """Return the id and name of `/user/me`."""
        account = self._account()
        return AccountIdentity(
            account_id=parse_text(account.get("id"), 200), name=parse_text(first_of(account, "name", "email"), 200)
        )

    def _account(self) -> Mapping[str, Any]:
        response = self.client.read(Request("GET", "/user/me"))
        self.raise_for_read(response)
        return require_object(json_of(response), "an account")

    def _all(self, path: str, what: str) -> list[Mapping[str, Any]]:
        response = self.client.read(Request("GET", path))
        self.raise_for_read(response)
        return require_rows(json_of(response), what)

    def list_agents(self) -> list[RemoteAgent]:
        """Read `/v2/agent/all`, which is not paged."""
        return [parse_agent_row(row) for row in self._all("/v2/agent/all", "agents")]

    def list_voices(self) -> list[RemoteVoice]:
        """Read `/me/voices`; an order names a voice by its maker's id."""
        return [parse_voice_row(row) for row in self._all("/me/voices", "voices")]

    def list_caller_ids(self) -> list[RemoteCallerId]:
        """Read `/phone-numbers/all`."""
        return [parse_number_row(row) for row in self._all("/phone-numbers/all", "numbers")]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"
