"""Our own backends through our own client against the sandbox: one call each, from the order to what was said."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from providers.base import ProviderBackend
from providers.client.client import HttpClient
from providers.exceptions import CredentialsRejected, OutcomeUnknown, OutOfCredit, RateLimited
from providers.registry import BACKENDS, backend_class
from providers.sandbox.accounts import ACCOUNT_OF
from providers.sandbox.server import SandboxServer
from providers.types import FINAL, CallHandle, CallOrder, CallQuery, CallSnapshot, CallStatus
from tests.providers.sandbox_caller import control, number_for

SPEED = 20.0


@pytest.fixture(params=list(BACKENDS))
def backend(server: SandboxServer, request: pytest.FixtureRequest) -> ProviderBackend:
    control(server.origin, "reset")
    slug = str(request.param)
    found, account = backend_class(slug), ACCOUNT_OF[slug]
    base_url = server.origin + account.base_path
    options: dict[str, Any] = {field.name: field.default for field in found.fields if not field.is_secret}
    options["base_url"] = base_url
    secrets = {field.name: account.key for field in found.fields if field.is_secret}
    if "webhook_secret" in secrets:
        secrets["webhook_secret"] = account.webhook_secret
    headers = found.auth_headers(secrets, options)
    client = HttpClient(base_url, headers=headers, allowed_hosts=(), sandbox_origin=server.origin, total_timeout=1.0)
    return found(client, secrets=secrets, options=options)


def order_to(backend: ProviderBackend, last: str) -> CallOrder:
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
    backend: ProviderBackend, handle: CallHandle, seconds: float = 4.0, *, transcribed: bool = False
) -> CallSnapshot:
    """Read until the call is over; a transcript may come a moment after that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = [snapshot for snapshot in backend.fetch_calls([handle]) if snapshot.status in FINAL]
        if found and (found[0].transcript or not transcribed):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(f"{backend.slug} never ended")


def test_a_call_from_its_order_to_what_was_said(backend: ProviderBackend) -> None:
    backend.check_credentials()
    handle = place(backend, "9901")
    told = settle(backend, handle, transcribed=backend.gives_transcript)
    assert told.status == CallStatus.COMPLETED
    assert told.talk_seconds
    if backend.gives_transcript:
        assert any("Sara" in turn.text for turn in told.transcript)
    if backend.gives_cost and told.cost is not None:
        assert told.cost > 0
    if backend.supports_recording and told.recording_available:
        assert backend.fetch_recording(handle).content[:4] == b"RIFF"


@pytest.mark.parametrize(
    ("last", "status"),
    [("9902", CallStatus.BUSY), ("9903", CallStatus.NO_ANSWER), ("9911", CallStatus.FAILED)],
)
def test_other_ends(backend: ProviderBackend, last: str, status: CallStatus) -> None:
    assert settle(backend, place(backend, last)).status == status


def test_refusals_are_named_by_what_may_be_done_next(backend: ProviderBackend) -> None:
    for last in ("9906", "9907", "9908"):
        with pytest.raises(OutcomeUnknown):
            place(backend, last)
    with pytest.raises(CredentialsRejected):
        place(backend, "9912")
    with pytest.raises(RateLimited if backend.documents_rate_limit else OutcomeUnknown):
        place(backend, "9905")
    if backend.slug != "bolna":
        with pytest.raises(OutOfCredit):
            place(backend, "9913")


def test_catalogues_and_lists(backend: ProviderBackend) -> None:
    account = ACCOUNT_OF[backend.slug]
    if backend.supports_list_agents:
        assert {agent.remote_id for agent in backend.list_agents()} == {agent.id for agent in account.agents}
    if backend.supports_list_voices:
        assert len(backend.list_voices()) == len(account.voices)
    if backend.supports_list_caller_ids:
        assert {row.number for row in backend.list_caller_ids()} == set(account.caller_ids)
    if backend.supports_balance:
        backend.fetch_balance()
    if not backend.supports_list_calls:
        return
    handles = [place(backend, last) for last in ("9901", "9902", "9901")]
    time.sleep(2.5 / SPEED)
    now = datetime.now(UTC)
    agents = tuple(agent.id for agent in account.agents)
    query = CallQuery(since=now - timedelta(hours=1), until=now + timedelta(minutes=1), agent_ids=agents)
    listed = backend.list_calls(query)
    assert sorted(snapshot.to_number for snapshot in listed) == sorted(handle.to_number for handle in handles)


def test_stopping(backend: ProviderBackend) -> None:
    if backend.supports_hang_up:
        handle = place(backend, "9915")
        time.sleep(5 / SPEED)
        backend.hang_up_call(handle)
        assert settle(backend, handle).status == CallStatus.COMPLETED
    if backend.supports_cancel:
        handle = place(backend, "9915")
        backend.cancel_call(handle)
        assert settle(backend, handle).status == CallStatus.CANCELED
