"""Our own backends through our own client against the sandbox: one call each, from the order to what was said."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from providers.base import ProviderBackend
from providers.exceptions import CredentialsRejected, OutcomeUnknown, OutOfCredit, RateLimited
from providers.registry import BACKENDS
from providers.sandbox.accounts import ACCOUNT_OF
from providers.sandbox.server import SandboxServer
from providers.types import CallQuery, CallStatus
from tests.providers.sandbox_backend import open_at, place, settle
from tests.providers.sandbox_caller import control

SPEED = 20.0


@pytest.fixture(params=list(BACKENDS))
def backend(server: SandboxServer, request: pytest.FixtureRequest) -> ProviderBackend:
    control(server.origin, "reset")
    return open_at(server.origin, str(request.param))


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
