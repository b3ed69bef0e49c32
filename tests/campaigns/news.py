"""What the tests of vendors' news have in common: calls to tell of, messages as each vendor writes them, the post."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import json
from typing import Any

from django.test import Client
from django.utils import timezone

from campaigns.models import Call
from providers.models import Provider
from providers.services.webhooks import make_address
from tests.conftest import make_call, make_provider

SECRET = "a-webhook-secret"
BITEL = {"requestId": "abc", "cause": "NORMAL", "billSec": 12, "number": "09123456789", "balanceSubtracted": -34.2}


def open_call(vendor: str = "bolna", remote_id: str = "abc", **fields: Any) -> Call:
    """Make a call that the vendor has and that is asked about much later."""
    defaults: dict[str, Any] = {"status": "ringing", "rank": 50, "remote_id": remote_id, "to_number": "+989123456789"}
    secrets = {"api_key": "a-key-of-a-vendor-0123", "webhook_secret": SECRET}
    provider = fields.pop("provider", None) or make_provider(vendor=vendor, secrets=secrets)
    later = timezone.now() + datetime.timedelta(hours=1)
    return make_call(provider=provider, next_poll_at=later, placing_at=timezone.now(), **(defaults | fields))


def address_of(provider: Provider) -> str:
    """Make an address and return its path."""
    return make_address(provider.pk, None).removeprefix("http://here")


def message(vendor: str, remote_id: str = "abc", state: str = "") -> bytes:
    """Return a message as the vendor writes it."""
    told: dict[str, Any] = {
        "bitel": BITEL | {"requestId": remote_id},
        "bolna": {"id": remote_id, "status": state or "completed"},
        "voicy": {"event": "call_ended", "call": {"call_id": remote_id, "call_status": state or "user_hangup"}},
        "vocode": {"type": state or "event_phone_call_ended", "call_id": remote_id, "payload": {}},
        "unleashx": {"execution_id": remote_id, "call_status": state or "completed", "id": 7},
    }[vendor]
    return json.dumps(told).encode()


def signed(body: bytes) -> dict[str, str]:
    """Return Voicy's signature header over the raw bytes."""
    return {"x-voicy-signature": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}


def post(path: str, body: bytes, content_type: str = "application/json", headers: dict[str, str] | None = None) -> int:
    """Send one message as a vendor does, without any cookie; returns the status."""
    return (
        Client(enforce_csrf_checks=True).post(path, body, content_type=content_type, headers=headers or {}).status_code
    )


def is_due(call: Call) -> bool:
    """Tell whether a call is to be read now."""
    call.refresh_from_db()
    return call.next_poll_at is not None and call.next_poll_at <= timezone.now()
