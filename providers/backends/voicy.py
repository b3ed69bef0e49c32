"""Voicy: voice agents behind numbers of the account. Sixty requests a minute: calls are read by lists, not one by one.

Read 2026-11: https://docs.voicy.co/api-reference/overview, .../call-dial, .../call-get, .../call-list, .../agent-list,
.../models/call, https://docs.voicy.co/webhooks, .../rate-limits, .../error-handling, .../authentication.

Oddities: an order is answered 201, and 403 mostly means a number that is not ours, not a dead key. Three generations of
pages name the end of a call differently; all their words are known here. Rows of lists carry no transcript, so an ended
call is read once more by its id. `error_inactivity` is listed among the completed calls. Recordings last an hour.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from requests import Request, Response

from providers.backends._voicy_refusals import REFUSALS
from providers.base import ProviderBackend
from providers.exceptions import (
    ProviderError,
    RateLimited,
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
    id_in,
    is_e164,
    number_for_vendor,
    parse_count,
    parse_decimal,
    parse_instant,
    parse_object,
    parse_seconds,
    parse_text,
    parse_turns,
    path_id,
    reference_in,
    require_object,
    require_rows,
    variables_in,
)
from providers.recordings import recording_at
from providers.replies import json_of, normalise_word, retry_after, until_reset
from providers.types import (
    FINAL,
    AccountState,
    CallHandle,
    CallOrder,
    CallQuery,
    CallSnapshot,
    CallStatus,
    Direction,
    FailureReason,
    Field,
    PlacedCall,
    Recording,
    RemoteAgent,
)
from providers.variable_names import wire_variables

PAGE_ROWS = 500
MOST_PAGES = 200
MOST_WHOLE_READS = 20
"""Ended calls read by id in one `fetch_calls`, to stay within the documented pace; the others wait for the next."""
MOST_SINGLE_READS = 3
"""Up to this many calls are read one by one; more are read from the list."""
BEFORE, AFTER = timedelta(minutes=5), timedelta(days=1)
"""Margin of a list's window before the first and after the last order: clocks differ, and no call may be missed."""
DIRECTIONS: Mapping[Direction, str] = {"outbound": "outgoing", "inbound": "incoming"}
"""Seen from the agent (call model, read 2026-11); a talk in a browser is incoming, too."""
FORMATS = (("e164", "+15551234567"), ("digits", "15551234567"))

WAIT = re.compile(r"(\d{1,5}) ?s(ec|\b)", re.IGNORECASE)


class VoicyBackend(ProviderBackend):
    """Backend for Voicy's API."""

    slug = "voicy"
    label = "Voicy"
    docs_url = "https://docs.voicy.co/api-reference/overview"
    default_base_url = "https://api.voicy.co/functions/v1"
    refusals = REFUSALS
    status_map = {
        "initiated": CallStatus.DIALING,
        "ringing": CallStatus.RINGING,
        "ongoing": CallStatus.IN_PROGRESS,
        "in_progress": CallStatus.IN_PROGRESS,  # older pages
        "ended": CallStatus.COMPLETED,  # call-dial page
        "user_hangup": CallStatus.COMPLETED,
        "agent_hangup": CallStatus.COMPLETED,
        "inactivity": CallStatus.COMPLETED,
        "error_inactivity": CallStatus.COMPLETED,  # the call model lists it under Completed
        "busy": CallStatus.BUSY,
        "no_answer": CallStatus.NO_ANSWER,
        "voicemail": CallStatus.COMPLETED,  # seen as a last word
        "error": CallStatus.FAILED,
        "canceled": CallStatus.CANCELED,
        "cancelled": CallStatus.CANCELED,
    }
    machine_words = frozenset({"voicemail"})
    fields = (
        Field(name="api_key", label=_("API key"), kind="secret", required=True, help_text="voicy_sk_live_..."),
        Field(
            name="webhook_secret",
            label=_("Webhook secret"),
            kind="secret",
            help_text=_("As set in Voicy under Settings, Webhooks. Without it, webhooks cannot be verified."),
        ),
        Field(name="base_url", label=_("Address"), kind="url", default=default_base_url),
        Field(name="phone_format", label=_("Number format"), kind="choice", default="e164", choices=FORMATS),
        Field(name="auth_header_name", label=_("Auth header"), default="Authorization"),
        Field(name="auth_value_prefix", label=_("Auth prefix"), default="Bearer"),
        Field(
            name="recording_hosts",
            label=_("Hosts with recordings"),
            kind="words",
            help_text=_("They are read without our key. Start with a dot to allow subdomains."),
        ),
        Field(
            name="status_map_extra",
            label=_("Extra status names"),
            kind="json",
            help_text=_('Provider status and ours, such as {"line_dropped": "failed"}.'),
        ),
    )
    message_kinds = frozenset({"agent", "caller_id"})
    needs_caller_id = True
    accepts_caller_id = True
    documents_rate_limit = True
    documented_requests = 60  # rate-limits page, Standard plan
    documented_lines = 10
    supports_list_calls = True
    fetches_by_list = True
    supports_list_agents = True
    supports_recording = True
    supports_webhook = True
    gives_transcript = True
    gives_answers = True
    tells_machine = True
    hears_refusal = True
    gives_cost = True
    cost_may_lack = True

    @classmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the bearer header; the options may set another name."""
        prefix = str(options.get("auth_value_prefix", "Bearer") or "").strip()
        key = secrets.get("api_key", "").strip()
        return {str(options.get("auth_header_name") or "Authorization"): f"{prefix} {key}".strip()}

    @classmethod
    def refuses_number(cls, to_number: str, options: Mapping[str, Any]) -> str | Promise:
        """Return why a number cannot be called: the vendor wants a country code."""
        return "" if is_e164(to_number) else _("Voicy needs the number with its country code.")

    # Placing

    def build_order(self, order: CallOrder) -> Request:
        """Build `POST /call-dial`; without an agent the vendor uses the caller ID's agent."""
        written_as = self.options.get("phone_format")
        body: dict[str, Any] = {
            "from_number": number_for_vendor(order.caller_id, written_as),
            "to_number": number_for_vendor(order.to_number, written_as),
            "vars_provided": {**wire_variables(order, self.variable_names), REFERENCE_KEY: str(order.reference)},
        }
        if order.agent_id:
            body["override_agent_id"] = order.agent_id
        return Request("POST", "/call-dial", json=body)

    def parse_placed(self, answer: Any) -> PlacedCall:
        """Read `{call_id, call_status, ...}`."""
        word = answer.get("call_status")
        return PlacedCall(
            remote_id=id_in(answer, "call_id"), raw_status=parse_text(word, 80), status=self.status_of(word)
        )

    def refusal(self, response: Response) -> ProviderError | None:
        """Return what an answer means; a rate limit names the seconds to wait in its text."""
        if response.status_code == 429:
            return self._slow_down(response, self.error_text(response))
        return super().refusal(response)

    @staticmethod
    def _slow_down(response: Response, text: str) -> RateLimited:
        said = WAIT.search(text)
        seconds = retry_after(response, float(said[1]) if said else until_reset(response))
        return RateLimited(text or "Too many requests.", retry_after=seconds)

    # Reading calls

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Read few calls by id and many from the list; those that are over or not listed are then read by id too."""
        placed = [handle.placed_at for handle in handles if handle.placed_at]
        if len(handles) <= MOST_SINGLE_READS or not placed:
            return self.fetch_each(handles, self._fetch_one)
        rows = self._rows(min(placed) - BEFORE, max(placed) + AFTER, BadPages())
        listed = {id_in(row, "call_id"): row for row in rows}
        is_open = {
            remote_id: row for remote_id, row in listed.items() if self.status_of(row.get("call_status")) not in FINAL
        }
        found = [
            self.parse_call(is_open[handle.remote_id], handle.remote_id)
            for handle in handles
            if handle.remote_id in is_open
        ]
        rest = [handle for handle in handles if handle.remote_id not in is_open]
        found += [
            CallSnapshot(remote_id=handle.remote_id, status=CallStatus.WRAPPING_UP, more_to_read=True)
            for handle in rest[MOST_WHOLE_READS:]
            if handle.remote_id in listed
        ]
        try:
            return found + self.fetch_each(rest[:MOST_WHOLE_READS], self._fetch_one)
        except ProviderError:
            if not found:
                raise
            return found

    def _fetch_one(self, handle: CallHandle) -> CallSnapshot | None:
        call = self._call_of(handle)
        return None if call is None else self.parse_call(call, handle.remote_id)

    def _call_of(self, handle: CallHandle) -> Mapping[str, Any] | None:
        response = self.client.read(Request("GET", f"/call-get/{path_id(handle.remote_id)}"))
        if response.status_code == 404:
            return None
        self.raise_for_read(response)
        call = require_object(json_of(response), "a call")
        if id_in(call, "call_id").lower() != handle.remote_id.lower():
            raise UnexpectedResponse("The answer is about another call.")
        return call

    @listed
    def list_calls(self, query: CallQuery) -> Iterator[CallSnapshot]:
        """List the account's phone calls that began in the window, newest first; talks in a browser are none."""
        bad = BadPages()
        for row in self._rows(query.since, query.until, bad, query.direction):
            if normalise_word(row.get("call_type")) == "web_call":
                continue
            call = self.parse_call(row, id_in(row, "call_id"))
            if query.direction in {None, call.direction or "outbound"}:
                yield call
        bad.end()

    def _rows(
        self, since: datetime, until: datetime, bad: BadPages, direction: Direction | None = "outbound"
    ) -> Iterator[Mapping[str, Any]]:
        window = {"lower_threshold": _milliseconds(since), "upper_threshold": _milliseconds(until)}
        criteria: dict[str, Any] = {"start_timestamp": window, "include_test_calls": False}
        if direction:
            criteria["direction"] = [DIRECTIONS[direction]]
        asked: dict[str, Any] = {
            "filter_criteria": criteria,
            "sort_order": "descending",
            "limit": PAGE_ROWS,
        }
        seen: set[str] = set()
        for _number in range(MOST_PAGES):
            page, total = asked_again(partial(self._page, Request("POST", "/call-list", json=asked)))
            rows = bad.with_ids(page, "call_id")
            new = {remote_id: row for row in rows if (remote_id := id_in(row, "call_id")) not in seen}
            seen |= new.keys()
            yield from new.values()
            if not page or (len(page) < PAGE_ROWS and len(seen) + bad.left_out >= total):
                return
            if not new:
                break
            asked = {**asked, "pagination_key": id_in(rows[-1], "call_id")}
        raise UnexpectedResponse("The list of calls does not come to an end.")

    def _page(self, request: Request) -> tuple[Sequence[Mapping[str, Any]], int]:
        response = self.client.read(request)
        self.raise_for_read(response)
        answer = json_of(response)
        # An older generation answered with a bare list, without the count.
        rows = require_rows(answer if isinstance(answer, list) else as_mapping(answer).get("calls"), "calls")
        return rows, parse_count(as_mapping(answer).get("total_count")) or 0

    def parse_call(self, row: Mapping[str, Any], remote_id: str) -> CallSnapshot:
        """Read a call: whole from get-one and webhooks, trimmed from lists."""
        agent, price, word = as_mapping(row.get("agent")), as_mapping(row.get("call_cost")), row.get("call_status")
        status = self.status_of(word)
        began_at = parse_instant(row.get("start_timestamp"))
        talked = parse_seconds(row.get("duration_ms"), per_second=1000) if status == CallStatus.COMPLETED else None
        cost, currency = parse_decimal(price.get("combined_cost")), parse_text(price.get("currency"), 3).upper()
        extracted = {**parse_object(row.get("vars_collected")), **parse_object(row.get("vars_extracted"))}
        recording_url = parse_text(row.get("recording_url"), 2_000)
        theirs, ours = e164_or_raw(row.get("to_number")), e164_or_raw(row.get("from_number"))
        direction = _direction_of(row)
        if direction == "inbound":
            theirs, ours = ours, theirs
        read = CallSnapshot(
            remote_id=remote_id,
            raw_status=parse_text(word, 80),
            status=status,
            reference=reference_in(row.get("vars_provided")),
            to_number=theirs,
            agent_id=parse_text(first_of(agent, "id", "agent_id") or row.get("agent_id"), 200),
            caller_id=ours,
            direction=direction,
            created_at=began_at,
            started_at=began_at,
            ended_at=began_at + timedelta(seconds=talked) if began_at and talked else None,
            # The duration of an unanswered call is ringing time, not conversation.
            talk_seconds=0 if status in FINAL and status != CallStatus.COMPLETED else talked,
            cost=cost if currency else None,
            currency=currency if cost is not None else "",
            failure_reason=FailureReason.VENDOR_ERROR if status == CallStatus.FAILED else "",
            failure_detail="error_inactivity" if normalise_word(word) == "error_inactivity" else "",
            transcript=parse_turns(row.get("transcript"), began_at),
            summary=parse_text(row.get("summary")),
            recording_available=bool(recording_url),
            recording_url=recording_url,
            extracted=extracted,
            # Both, since one of them may say no where the other heard a wish.
            **heard_in([row.get("vars_collected"), row.get("vars_extracted")]),
        )
        return self.with_machine(read)

    def fetch_recording(self, handle: CallHandle) -> Recording:
        """Read the call for a new address, since each expires after an hour, then the recording from there."""
        address = parse_text((self._call_of(handle) or {}).get("recording_url"), 8_000)
        if not address:
            raise UnexpectedResponse("The vendor has no recording of this call.")
        return recording_at(self.client, address)

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[CallSnapshot]:
        """Read `{event, call}`; raises `WebhookRejected` where a secret is set and the body's signature is wrong."""
        if secret := self.secrets.get("webhook_secret", ""):
            wanted = "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
            given = headers.get("x-voicy-signature", "").strip()
            if not hmac.compare_digest(given.encode("utf-8", "replace"), wanted.encode()):
                raise WebhookRejected("The webhook's signature is wrong.")
        try:
            event = require_object(json_of(body), "an event")
            call = require_object(event.get("call"), "a call")
            remote_id = id_in(call, "call_id")
        except UnexpectedResponse as error:
            raise WebhookRejected("The webhook is not a call.") from error
        return [self.parse_call(call, remote_id)]

    # The account and what is in it

    def check_credentials(self) -> AccountState:
        """List the agents, the cheapest read that needs the key; returns nothing about the account."""
        self.list_agents()
        return AccountState()

    def list_agents(self) -> list[RemoteAgent]:
        """Read `/agent-list`, which is not paged."""
        response = self.client.read(Request("GET", "/agent-list"))
        self.raise_for_read(response)
        return [_parse_agent(row) for row in require_rows(json_of(response), "agents")]


def _parse_agent(row: Mapping[str, Any]) -> RemoteAgent:
    is_active = row.get("active") is not False
    return RemoteAgent(
        remote_id=id_in(row, "agent_id", "id"),
        name=parse_text(first_of(row, "name", "agent_name"), 200),
        type=parse_text(row.get("agent_type"), 80),
        status="active" if is_active else "inactive",
        language=parse_text(row.get("language"), 40),
        variables=variables_in([row.get("prompt"), row.get("welcome_message")], known={REFERENCE_KEY}),
        warnings=() if is_active else ("not_active",),
    )


def _direction_of(row: Mapping[str, Any]) -> Direction | None:
    word = normalise_word(row.get("direction"))
    return next((ours for ours, theirs in DIRECTIONS.items() if word in {ours, theirs}), None)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
