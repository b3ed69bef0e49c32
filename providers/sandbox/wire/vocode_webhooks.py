"""Vocode hosted: paging, errors and webhooks, which are created once and then referred to by agents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from providers.sandbox.engine import SimulatedCall
from providers.sandbox.messages import Refused, Reply, Request, Target, json_reply
from providers.sandbox.wire.base import Wire, route
from providers.sandbox.wire.parameters import body_of, whole_number

USER_ID = "5a4db0c5-0000-4000-8000-000000000002"
MAX_SIZE = 100
EVENTS = frozenset(
    {
        "event_message", "event_action", "event_phone_call_connected", "event_phone_call_ended",
        "event_phone_call_did_not_connect", "event_transcript", "event_recording", "event_human_detection",
    }
)  # fmt: skip


class VocodeWebhooks(Wire):
    """The part of Vocode's wire format that does not depend on calls."""

    slug = "vocode"

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self.made: dict[tuple[str, str], dict[str, Any]] = {}
        self.webhook_of_agent: dict[tuple[str, str], str] = {}

    def reset(self) -> None:
        """Forget counts and webhooks."""
        super().reset()
        self.made.clear()
        self.webhook_of_agent.clear()

    def save_webhook(self, key: str, webhook_id: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Keep a webhook; raises `Refused` for what the schema does not allow."""
        events, url = asked.get("subscriptions"), asked.get("url")
        if not isinstance(events, list) or not set(events) <= EVENTS:
            raise Refused(self.invalid("subscriptions", "value is not a valid enumeration member"))
        if not isinstance(url, str) or not url.startswith(("http://", "https://")):
            raise Refused(self.invalid("url", "field required"))
        method = asked.get("method", "POST")
        if method not in {"POST", "GET"}:
            raise Refused(self.invalid("method", "value is not a valid enumeration member"))
        made = {"id": webhook_id, "user_id": USER_ID, "subscriptions": events, "url": url, "method": method}
        self.made[key, webhook_id] = made
        return made

    @route("POST", "/v1/webhooks/create")
    def create_webhook(self, request: Request, key: str) -> Reply:
        """Make a webhook."""
        asked = body_of(request, self.invalid("body", "value is not a valid dict"))
        return json_reply(200, self.save_webhook(key, str(uuid4()), asked))

    @route("POST", "/v1/webhooks/update")
    def update_webhook(self, request: Request, key: str) -> Reply:
        """Change a webhook."""
        known = self.made.get((key, request.param("id")))
        if known is None:
            return self.error(404, "Webhook not found")
        asked = body_of(request, self.invalid("body", "value is not a valid dict"))
        return json_reply(200, self.save_webhook(key, request.param("id"), {**known, **asked}))

    @route("GET", "/v1/webhooks")
    def get_webhook(self, request: Request, key: str) -> Reply:
        """Return one webhook."""
        known = self.made.get((key, request.param("id")))
        return json_reply(200, known) if known else self.error(404, "Webhook not found")

    @route("GET", "/v1/webhooks/list")
    def list_webhooks(self, request: Request, key: str) -> Reply:
        """List webhooks by page."""
        own = [made for (owner, _), made in self.made.items() if owner == key]
        page, start, end = self.page(request, own)
        return json_reply(200, {"items": own[start:end], **page})

    def webhook_of(self, call: SimulatedCall) -> Target | None:
        """Return the webhook that the call's agent names."""
        named = self.webhook_of_agent.get((call.account, call.agent_id), "")
        made = self.made.get((call.account, named))
        return Target(made["url"], method=made["method"], events=tuple(made["subscriptions"])) if made else None

    def page(self, request: Request, found: Sequence[Any]) -> tuple[dict[str, Any], int, int]:
        """Return (what a page says of itself, its first row, its end)."""
        page, size = whole_number(request.param("page"), 1), whole_number(request.param("size"), 10)
        if page < 1 or size < 1:
            raise Refused(self.invalid("page", "ensure this value is greater than 0", where="query"))
        size = min(size, MAX_SIZE)
        start = (page - 1) * size
        facts = {"page": page, "size": size, "has_more": start + size < len(found), "total": len(found)}
        return {**facts, "total_is_estimated": False}, start, start + size

    # Errors

    def error(self, status: int, message: str) -> Reply:
        """Return an error in the vendor's form."""
        return json_reply(status, {"detail": message})

    def invalid(self, field: str, message: str, *, where: str = "body") -> Reply:
        """Return the documented 422."""
        return json_reply(422, {"detail": [{"loc": [where, field], "msg": message, "type": "value_error"}]})

    def number_refused(self) -> Reply:
        """Return the refusal of a number."""
        return self.invalid("to_number", "invalid phone number")
