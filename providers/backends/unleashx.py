"""UnleashX: voice agents, India. It places calls and lists them, but has no way to ask for one call by its id.

Read 2026-11: https://docs.unleashx.ai/api-reference/voice-ai/make-call, .../voice-ai/list-voice-agents,
.../call-logs/call-summary, .../call-logs/call-cost, .../authentication, .../introduction,
https://docs.unleashx.ai/faqs/api.

Oddities: answers come bare or in one or two {success, message, data} envelopes; the rows of the list write their
names in capitals or not, and carry no execution id that any page shows. A call is found again by our reference or its
id where a row has it, then in the list of transactions, then by number, agent and time if exactly one row fits.
Times have no zone (India's was seen): it is read off the rows that are certainly ours.
The words for states are not published: `status_map_extra` is how an admin adds one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from json import loads
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _
from requests import Request, Response

from providers.backends._unleashx_matches import OFFSETS, ROW_WAIT, choices, ended_lately, zone_ahead
from providers.backends._unleashx_pages import Pages
from providers.backends._unleashx_refusals import REFUSALS
from providers.backends._unleashx_rows import (
    AFTER,
    Row,
    as_meant,
    boxes_of,
    instant_in,
    lowered,
    match_by_id,
    parse_agents,
    reference_in,
    row_key,
    turns_in,
    with_ids,
    with_payment,
)
from providers.base import ProviderBackend
from providers.clock import span
from providers.exceptions import (
    CredentialsRejected,
    OrderRejected,
    UnexpectedResponse,
    WebhookRejected,
)
from providers.lists import listed
from providers.opt_outs import heard_in
from providers.parsing import (
    REFERENCE_KEY,
    e164_or_raw,
    first_of,
    number_for_vendor,
    parse_decimal,
    parse_object,
    parse_seconds,
    parse_text,
    parse_turns,
    recording_of,
    require_object,
)
from providers.recordings import recording_at
from providers.replies import is_usable_id, json_of, normalise_word
from providers.types import (
    FINAL,
    UNMATCHED,
    AccountState,
    CallHandle,
    CallOrder,
    CallQuery,
    CallSnapshot,
    CallStatus,
    FailureReason,
    Field,
    PlacedCall,
    Recording,
    RemoteAgent,
)
from providers.variable_names import wire_variables

ROOT = "/api/v1/global"
FETCHED_PAGES = 40
"""Pages that one reading of states reads; older calls are then searched for one by one."""
MOST_SEARCHED = 10
A_DAY = timedelta(days=1)
"""Margin on both sides of a window: the vendor does not document the time zone of its dates."""

JUDGEMENTS = ("disposition", "sentiment", "emotion")
COST_NAMES = ("total_cost", "call_cost", "cost", "amount", "price")
FORMATS = (("e164", "+911234567890"), ("digits", "911234567890"))
ZONES = (("", _("Detect from the first calls")), ("+00:00", "UTC"), ("+05:30", _("India (UTC+5:30)")))
KEY_HELP = _("In UnleashX under Profile & Settings, API Key.")
HEADER_HELP = _("token, api_access_token or, on older accounts, Authorization.")
CURRENCY_HELP = _("Three letters. If the provider gives no currency and this is empty, costs are not saved.")
HOSTS_HELP = _("If the provider's list gives full addresses; they are read without our key.")
WORDS_HELP = _('Provider status and ours, such as {"LINE_DROPPED": "failed"}.')


class UnleashXBackend(ProviderBackend):
    """Backend for UnleashX's voice API."""

    slug = "unleashx"
    label = "UnleashX"
    docs_url = "https://docs.unleashx.ai/api-reference/voice-ai/make-call"
    default_base_url = "https://www.tryunleashx.com"
    refusals = REFUSALS
    status_map = {
        "initiated": CallStatus.DIALING,
        "completed": CallStatus.COMPLETED,
        "agent_ended": CallStatus.COMPLETED,
        "user_ended": CallStatus.COMPLETED,
        "answer": CallStatus.COMPLETED,
        "no_answer": CallStatus.NO_ANSWER,
        # In use without a published list (public code, seen 2026-11):
        "noanswer": CallStatus.NO_ANSWER,
        "not_picked": CallStatus.NO_ANSWER,
        "rejected": CallStatus.NO_ANSWER,
        "timeout": CallStatus.NO_ANSWER,
        "voicemail": CallStatus.COMPLETED,
        "busy": CallStatus.BUSY,
        "failed": CallStatus.FAILED,
        "canceled": CallStatus.CANCELED,
        "cancelled": CallStatus.CANCELED,
    }
    machine_words = frozenset({"voicemail"})
    fields = (
        Field(name="api_key", label=_("API token"), kind="secret", required=True, help_text=KEY_HELP),
        Field(name="base_url", label=_("Address"), kind="url", default=default_base_url),
        Field(name="phone_format", label=_("Number format"), kind="choice", default="e164", choices=FORMATS),
        Field(name="auth_header_name", label=_("Auth header"), default="token", help_text=HEADER_HELP),
        Field(name="auth_value_prefix", label=_("Auth prefix"), help_text=_("Empty, or Bearer.")),
        Field(name="utc_offset", label=_("Time zone of times without one"), kind="choice", choices=ZONES),
        Field(name="cost_currency", label=_("Currency of costs"), help_text=CURRENCY_HELP),
        Field(name="recording_hosts", label=_("Hosts with recordings"), kind="words", help_text=HOSTS_HELP),
        Field(name="status_map_extra", label=_("Extra status names"), kind="json", help_text=WORDS_HELP),
    )
    documents_rate_limit = True
    documented_requests = 100  # FAQ, free plan; paid ones 1,000
    supports_list_calls = True
    lists_by_agent = lists_by_number = True
    fetches_by_list = True
    reads_more_alone = False
    supports_list_agents = True
    supports_recording = True
    supports_webhook = True
    gives_transcript = True
    gives_answers = True
    tells_machine = True
    hears_refusal = True
    gives_cost = cost_may_lack = True

    @classmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the `token` header; the options may set another name."""
        prefix = str(options.get("auth_value_prefix") or "").strip()
        key = secrets.get("api_key", "").strip()
        return {str(options.get("auth_header_name") or "token"): f"{prefix} {key}".strip()}

    def check_credentials(self) -> AccountState:
        """Have the vendor verify the token; it returns nothing else about the account."""
        response = self.client.read(Request("POST", f"{ROOT}/verify", json={}))
        if response.status_code == 403:
            raise CredentialsRejected(self.error_text(response) or "UnleashX refuses the key.", http_status=403)
        self.raise_for_read(response)
        require_object(json_of(response), "one of UnleashX's: check the address")
        return AccountState()

    # Placing

    def build_order(self, order: CallOrder) -> Request:
        """Build the order; our reference travels in the metadata, beside the variables that the agent may use."""
        if not (order.agent_id.isascii() and order.agent_id.isdigit()):
            raise OrderRejected("The call needs an agent of UnleashX, whose id is a whole number.")
        body = {
            "agent_id": int(order.agent_id),
            "phone_number": number_for_vendor(order.to_number, self.options.get("phone_format") or "e164"),
            "metadata": {**wire_variables(order, self.variable_names), REFERENCE_KEY: str(order.reference)},
        }
        return Request("POST", f"{ROOT}/agents/call", json=body)

    def parse_placed(self, answer: Any) -> PlacedCall:
        """Read the execution id from whichever envelope carries it."""
        for box in boxes_of(answer):
            if remote_id := parse_text(first_of(box, "execution_id", "EXECUTION_ID"), 201):
                word = parse_text(first_of(box, "call_status", "CALL_STATUS"), 80)
                return PlacedCall(remote_id=remote_id, raw_status=word, status=self.status_of(word))
        raise UnexpectedResponse("UnleashX's answer carries no execution id.")

    # Reading calls back

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Read the lists of the calls' agents and pick these calls; one without exactly one matching row is absent."""
        groups: dict[str, list[CallHandle]] = {}
        for handle in handles:
            groups.setdefault(handle.agent_id, []).append(handle)
        return [snapshot for agent_id, group in groups.items() for snapshot in self._fetch_group(agent_id, group)]

    def _fetch_group(self, agent_id: str, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        params: dict[str, str] = {"agent_id": agent_id} if agent_id else {}
        placed = [handle.placed_at for handle in handles if handle.placed_at]
        floor = min(placed) - AFTER if len(placed) == len(handles) else None
        if floor:
            params["fromdate"] = f"{floor - A_DAY:%Y-%m-%d}"
        found: dict[str, Row] = {}

        def is_enough(page: Sequence[Row]) -> bool:
            found.update(match_by_id((handle for handle in handles if handle.remote_id not in found), page))
            return len(found) == len(handles)

        rows, broken = self._pages.calls(params, floor, FETCHED_PAGES, is_enough)
        loose = [handle for handle in handles if handle.remote_id not in found]
        payments: dict[str, Row] = {}
        if loose or any(self._lacks_cost(row) for row in found.values()):
            search = {"search": handles[0].remote_id} if len(handles) == 1 else {}
            payments, _unpaid = self._pages.payments(params | search, floor, FETCHED_PAGES)
        if broken is not None:
            # Another row with the same number may be among those that were not read: only ids count, one by one.
            unread = [handle for handle in loose if handle.remote_id.casefold() not in payments][:MOST_SEARCHED]
            for handle in unread:
                payments |= self._pages.payments(params | {"search": handle.remote_id}, None)[0]
            rows = []
        chosen, zone = choices(handles, found, payments, rows, self._zone)
        snapshots = []
        for handle in handles:
            choice, payment = chosen[handle.remote_id], payments.get(handle.remote_id.casefold())
            row, matched_by = choice.row, choice.matched_by
            if row is None and len(choice.candidates) > 1:
                row = self._singled_out(handle, choice.candidates, params)
            if row is not None or payment is not None:
                snapshot = self._snapshot(with_payment(row, payment), handle.remote_id, zone)
                if row is None and ended_lately(snapshot, handle, datetime.now(UTC), span(ROW_WAIT)):
                    snapshot = replace(snapshot, status=CallStatus.WRAPPING_UP, more_to_read=True)
                by_number = matched_by == "number" and not payment
                snapshots.append(
                    replace(snapshot, matched_by="number" if by_number else "id", utc_offset=choice.utc_offset)
                )
            elif matched_by in UNMATCHED:
                # Nothing is guessed: the call stays as it is, and the provider's page says why.
                snapshots.append(CallSnapshot(remote_id=handle.remote_id, matched_by=matched_by))
        return snapshots

    def _singled_out(self, handle: CallHandle, candidates: Sequence[Row], params: Mapping[str, str]) -> Row | None:
        """Return the one of several candidates that the vendor's filter finds for our reference, or None.

        A vendor that ignores the filter returns them all, and then none is chosen.
        """
        filtered = {**params, "input_data": str(handle.reference)}
        rows, broken = self._pages.calls(filtered)
        if broken is not None:
            return None
        left = {row_key(row) for row in rows}
        ours = [row for row in candidates if row_key(row) in left]
        return ours[0] if len(ours) == 1 else None

    @listed
    def list_calls(self, query: CallQuery) -> Iterator[CallSnapshot]:
        """List the calls of each agent created in the window; with `numbers`, those to these people only.

        A row without an execution id takes that of the one transaction of the same agent, number and moment; failing
        that, its own serial number is the id.
        """
        window = {"fromdate": f"{query.since - A_DAY:%Y-%m-%d}", "todate": f"{query.until + A_DAY:%Y-%m-%d}"}
        floor = query.since - AFTER
        left_out = 0
        for agent_id, number in product(query.agent_ids or [""], query.numbers or [""]):
            # The filter finds a part of a number; a plus sign would have to be escaped, and digits alone need not.
            params = window | ({"agent_id": agent_id} if agent_id else {})
            called, paid = ({"calling_number": number[-9:]}, {"search": number[-9:]}) if number else ({}, {})
            rows, broken = self._pages.calls(params | called, floor)
            payments, unpaid = self._pages.payments(params | paid, floor)
            zone = self._zone or zone_ahead(rows, datetime.now(UTC))
            for row, remote_id in with_ids(rows, payments):
                if not is_usable_id(remote_id):
                    left_out += 1
                    continue
                snapshot = self._snapshot(row, remote_id, zone)
                if snapshot.created_at is None or query.since <= snapshot.created_at <= query.until:
                    yield snapshot
            if error := broken or unpaid:
                raise error
        if left_out:
            raise UnexpectedResponse(f"{left_out} rows of the list have no id: the list may be incomplete.")

    @property
    def _pages(self) -> Pages:
        return Pages(self.client, self.raise_for_read, self._utc_offset)

    def _lacks_cost(self, row: Row) -> bool:
        return self._status(row)[1] in FINAL and first_of(row, *COST_NAMES) is None

    def _status(self, row: Row) -> tuple[str, CallStatus | None]:
        word = parse_text(row.get("call_status"), 80) or parse_text(row.get("status"), 80)
        return word, self.status_of(word)

    def _snapshot(self, row: Row, remote_id: str, zone: str = "") -> CallSnapshot:
        word, status = self._status(row)
        is_final = status in FINAL  # what a call costs and lasts still grows until then
        cost = parse_decimal(first_of(row, *COST_NAMES)) if is_final else None
        currency = parse_text(row.get("currency") or self.options.get("cost_currency"), 4).strip().upper()
        file_path = parse_text(row.get("file_path"), 2_000).strip()
        disposition = normalise_word(row.get("disposition"))
        read = CallSnapshot(
            remote_id=remote_id,
            raw_status=word,
            status=status,
            reference=reference_in(row),
            to_number=e164_or_raw(first_of(row, "calling_number", "phone_number")),
            agent_id=parse_text(row.get("agent_id"), 200),
            caller_id=e164_or_raw(row.get("provider_number")),
            created_at=instant_in(row, "created_at", zone or self._utc_offset),
            talk_seconds=parse_seconds(first_of(row, "total_duration", "duration")) if is_final else None,
            cost=abs(cost) if cost is not None and len(currency) == 3 else None,
            currency=currency if cost is not None and len(currency) == 3 else "",
            failure_reason=FailureReason.VENDOR_ERROR.value if status == CallStatus.FAILED else "",
            transcript=parse_turns(turns_in(first_of(row, "transcript", "chat"))),
            summary=parse_text(first_of(row, "summary", "call_summary")),
            recording_available=bool(file_path),
            recording_url=self._address_of(file_path) if file_path else "",
            extracted=parse_object({name: row[name] for name in JUDGEMENTS if row.get(name)}),
            answered_by="machine" if disposition in {"voicemail", "answering_machine"} else "unknown",
            **heard_in([{name: row.get(name)} for name in JUDGEMENTS]),
        )
        return self.with_machine(read)

    @property
    def _zone(self) -> str:
        """The zone of times without one, as an admin set it or as it was found; empty where it is not known."""
        return str(self.options.get("utc_offset") or "")

    @property
    def _utc_offset(self) -> str:
        return self._zone or OFFSETS[0]

    def _address_of(self, file_path: str) -> str:
        return file_path if file_path.startswith("http") else f"{self._base_url}/{file_path.lstrip('/')}"

    @property
    def _base_url(self) -> str:
        return str(self.options.get("base_url") or self.default_base_url).rstrip("/")

    def fetch_recording(self, handle: CallHandle) -> Recording:
        """Look up the recording's present address and read it; our key goes to the vendor's own host only."""
        url = next((call.recording_url for call in self.fetch_calls([handle])), "")
        if not url:
            raise UnexpectedResponse("UnleashX has no recording of this call.")
        own = url.removeprefix(self._base_url)
        is_own = own != url and own.startswith("/")
        source = Request("GET", quote(own, safe="/?=&%~")) if is_own else url
        return recording_of(self.client.read_sound(source)) if is_own else recording_at(self.client, url)

    # Agents

    def list_agents(self) -> list[RemoteAgent]:
        """List the agents of the workspace, each with codes for why it cannot be called with."""
        response = self.client.read(Request("GET", f"{ROOT}/agents/get"))
        self.raise_for_read(response)
        return parse_agents(json_of(response))

    # What comes by itself, and what errors mean

    def parse_webhook(self, headers: Mapping[str, str], body: bytes) -> list[CallSnapshot]:
        """Read a webhook, whose contents are not documented, into a hint: an id and, where there is one, a state."""
        try:
            boxes = [lowered(box) for box in boxes_of(loads(body))]
        except (ValueError, RecursionError, UnexpectedResponse) as error:
            raise WebhookRejected("The webhook cannot be read.") from error
        for box in boxes:
            remote_id = parse_text(first_of(box, "execution_id", "track_id", "call_id"), 201)
            if is_usable_id(remote_id):
                return [self._snapshot(box, remote_id)]
        raise WebhookRejected("The webhook names no call.")

    def raise_for_order(self, response: Response) -> None:
        """Raise what the answer means; `{"error": true}` in a 200 is a refusal."""
        super().raise_for_order(as_meant(response))

    def raise_for_read(self, response: Response) -> None:
        """Raise what the answer means; `{"error": true}` in a 200 is a refusal."""
        super().raise_for_read(as_meant(response))
