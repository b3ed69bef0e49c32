"""Our own backends through our own client against the simulator."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from providers.base import ProviderBackend
from providers.client.client import HttpClient
from providers.registry import backend_class
from providers.sandbox.accounts import ACCOUNT_OF
from providers.types import FINAL, CallHandle, CallOrder, CallSnapshot
from tests.providers.sandbox_caller import number_for
from tests.waiting import A_MINUTE


def open_at(origin: str, slug: str, key: str = "", **more: Any) -> ProviderBackend:
    """Return a vendor's backend at the simulator, with the demo account's key or another."""
    found, account = backend_class(slug), ACCOUNT_OF[slug]
    base_url = origin + account.base_path
    options: dict[str, Any] = {field.name: field.default for field in found.fields if not field.is_secret}
    options |= {"base_url": base_url, **more}
    secrets = {field.name: key or account.key for field in found.fields if field.is_secret}
    if "webhook_secret" in secrets:
        secrets["webhook_secret"] = account.webhook_secret
    headers = found.auth_headers(secrets, options)
    client = HttpClient(base_url, headers=headers, allowed_hosts=(), sandbox_origin=origin, total_timeout=2.5)
    return found(client, secrets=secrets, options=options)


def order_to(backend: ProviderBackend, last: str) -> CallOrder:
    """Return an order to the number with these last digits, with whatever the vendor needs."""
    account = ACCOUNT_OF[backend.slug]
    return CallOrder(
        reference=uuid4(),
        to_number=number_for(backend.slug, last),
        agent_id=account.agents[0].id if account.agents else "",
        voice_id=account.voices[0].id if not account.agents else "",
        caller_id=account.caller_ids[0] if backend.needs_caller_id else "",
        variables={"name": "Sara"} if backend.accepts_variables else {},
    )


def place(backend: ProviderBackend, last: str) -> CallHandle:
    """Place a call and return its handle."""
    order = order_to(backend, last)
    placed = backend.place_call(order)
    return CallHandle(
        reference=order.reference,
        remote_id=placed.remote_id,
        to_number=order.to_number,
        agent_id=order.agent_id,
        caller_id=order.caller_id,
        placed_at=datetime.now(UTC),
    )


def settle(
    backend: ProviderBackend, handle: CallHandle, seconds: float = A_MINUTE, *, transcribed: bool = False
) -> CallSnapshot:
    """Read until the call is over; a transcript may come a moment after that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = [snapshot for snapshot in backend.fetch_calls([handle]) if snapshot.status in FINAL]
        if found and (found[0].transcript or not transcribed):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"{backend.slug} never ended")
