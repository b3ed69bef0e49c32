"""Acme: one resource, `/calls`, to place, read and list calls. Made up: it shows what a package of its own needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from requests import Request, Response

from providers.base import ProviderBackend
from providers.exceptions import UnexpectedResponse
from providers.parsing import (
    as_mapping,
    id_in,
    parse_instant,
    parse_reference,
    parse_seconds,
    parse_text,
    path_id,
    require_object,
    require_rows,
)
from providers.replies import json_of
from providers.types import AccountState, CallHandle, CallOrder, CallQuery, CallSnapshot, CallStatus, Field, PlacedCall


class AcmeBackend(ProviderBackend):
    """Backend for Acme's API."""

    slug = "acme"
    label = "Acme"
    docs_url = "https://acme-calls.example/docs"
    default_base_url = "https://api.acme-calls.example"
    status_map = {
        "waiting": CallStatus.QUEUED,
        "dialling": CallStatus.DIALING,
        "talking": CallStatus.IN_PROGRESS,
        "done": CallStatus.COMPLETED,
        "busy": CallStatus.BUSY,
        "unanswered": CallStatus.NO_ANSWER,
        "broken": CallStatus.FAILED,
    }
    fields = (
        Field(name="api_key", label="API key", kind="secret", required=True),
        Field(name="base_url", label="Address", kind="url", default=default_base_url),
        Field(name="auth_header_name", label="Auth header", default="Authorization"),
        Field(name="auth_value_prefix", label="Auth prefix", default="Bearer"),
        Field(name="status_map_extra", label="Extra status names", kind="json"),
    )
    accepts_variables = True
    supports_list_calls = True

    @classmethod
    def auth_headers(cls, secrets: Mapping[str, str], options: Mapping[str, Any]) -> dict[str, str]:
        """Return the bearer header; the options may set another name."""
        prefix = str(options.get("auth_value_prefix", "Bearer") or "").strip()
        key = secrets.get("api_key", "").strip()
        return {str(options.get("auth_header_name") or "Authorization"): f"{prefix} {key}".strip()}

    def check_credentials(self) -> AccountState:
        """Read one page of the list."""
        self._rows(Request("GET", "/calls", params={"limit": "1"}))
        return AccountState()

    def build_order(self, order: CallOrder) -> Request:
        """Build `POST /calls`."""
        body = {"agent": order.agent_id, "to": order.to_number, "reference": str(order.reference)}
        return Request("POST", "/calls", json={**body, "words": dict(order.variables)})

    def parse_placed(self, answer: Any) -> PlacedCall:
        """Read `{id, state}`."""
        word = answer.get("state")
        return PlacedCall(remote_id=id_in(answer, "id"), raw_status=parse_text(word, 80), status=self.status_of(word))

    def fetch_calls(self, handles: Sequence[CallHandle]) -> list[CallSnapshot]:
        """Read each call by its id; the vendor answers 404 to one that it does not know."""
        return self.fetch_each(handles, self._fetch_one)

    def list_calls(self, query: CallQuery) -> list[CallSnapshot]:
        """List the calls of a window; the vendor answers with all of them at once."""
        window = {"since": query.since.isoformat(), "until": query.until.isoformat()}
        return [self._snapshot(row) for row in self._rows(Request("GET", "/calls", params=window))]

    def _fetch_one(self, handle: CallHandle) -> CallSnapshot | None:
        response = self.client.read(Request("GET", f"/calls/{path_id(handle.remote_id)}"))
        if response.status_code == 404:
            return None
        found = self._snapshot(require_object(self._answer(response), "call"))
        if found.remote_id != handle.remote_id:
            raise UnexpectedResponse("The answer is about another call.")
        return found

    def _rows(self, request: Request) -> list[Mapping[str, Any]]:
        return require_rows(as_mapping(self._answer(self.client.read(request))).get("calls"), "calls")

    def _answer(self, response: Response) -> Any:
        self.raise_for_read(response)
        return json_of(response)

    def _snapshot(self, row: Mapping[str, Any]) -> CallSnapshot:
        word, remote_id = row.get("state"), id_in(row, "id")
        if not remote_id:
            raise UnexpectedResponse("A call has no id.")
        read = CallSnapshot(
            remote_id=remote_id,
            to_number=parse_text(row.get("to"), 40),
            agent_id=parse_text(row.get("agent"), 200),
            reference=parse_reference(row.get("reference")),
            created_at=parse_instant(row.get("at")),
            raw_status=parse_text(word, 80),
            status=self.status_of(word),
            talk_seconds=parse_seconds(row.get("talked")),
        )
        return self.with_machine(read)
