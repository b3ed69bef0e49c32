"""Recordings that lie at an address of their own: what is asked for, and where a move may lead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from requests import Request

from providers.backends.bolna import BolnaBackend
from providers.backends.vocode import VocodeBackend
from providers.base import ProviderBackend
from providers.client.client import HttpClient
from providers.exceptions import RecordingHostRefused, UnexpectedResponse
from providers.recordings import recording_at
from tests.providers.clients import client_to
from tests.providers.exchanges import SOUND, handle_from
from tests.providers.vendor_stub import Answer, Sent, VendorStub

AUDIO = Answer(200, SOUND, {"Content-Type": "audio/mpeg"})


@pytest.fixture
def stub() -> Iterator[VendorStub]:
    with VendorStub() as stub:
        yield stub


def strict(sent: Sent) -> Answer:
    """Answer as a server that has audio alone, for instance a mock that checks the vendor's contract."""
    return Answer(406, {"detail": "Not Acceptable"}) if "json" in sent.headers.get("accept", "") else AUDIO


def backend_of(backend_class: type[ProviderBackend], stub: VendorStub, **options: Any) -> ProviderBackend:
    client = HttpClient(
        stub.origin, headers=backend_class.auth_headers({"api_key": "k"}, {}), allowed_hosts=(),
        sandbox_origin=stub.origin, connect_timeout=10.0, total_timeout=30.0,
    )  # fmt: skip
    return backend_class(client, secrets={"api_key": "k"}, options=options)


def test_sound_is_asked_for_where_sound_is_wanted_and_json_elsewhere(stub: VendorStub) -> None:
    stub.answer(strict)
    client = client_to(stub)
    for source in (Request("GET", "/a"), f"{stub.origin}/b"):
        assert client.read_sound(source).content == SOUND
        assert "audio/*" in stub.requests[-1].headers["accept"]
    assert client.read(Request("GET", "/c")).status_code == 406
    assert client.send_once(Request("POST", "/d")).status_code == 406
    assert {sent.headers["accept"] for sent in stub.requests[2:]} == {"application/json"}


def test_vocodes_recording_is_read_from_a_strict_server(stub: VendorStub) -> None:
    stub.answer(strict)
    found = backend_of(VocodeBackend, stub).fetch_recording(handle_from({"remote_id": "a"}))
    assert found.content == SOUND
    assert stub.requests[0].headers["authorization"] == "Bearer k"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_bolnas_own_address_is_followed_once_and_without_our_key(stub: VendorStub, status: int) -> None:
    own = {"id": "a", "telephony_data": {"recording_url": f"{stub.origin}/recordings/call/a"}}
    stub.answer(Answer(200, own), path="/executions")
    stub.answer(Answer(status, "", {"Location": "/signed/a.mp3?X-Amz-Signature=b"}), path="/recordings")
    stub.answer(AUDIO, path="/signed")
    found = backend_of(BolnaBackend, stub).fetch_recording(handle_from({"remote_id": "a"}))
    assert found.content == SOUND
    assert [sent.path for sent in stub.requests] == ["/executions/a", "/recordings/call/a", "/signed/a.mp3"]
    assert all("authorization" not in sent.headers for sent in stub.requests[1:])


def test_a_move_to_a_host_that_nobody_allowed_is_not_followed(stub: VendorStub) -> None:
    stub.answer(Answer(302, "", {"Location": "https://elsewhere.invalid/a.mp3"}))
    with pytest.raises(RecordingHostRefused):
        recording_at(client_to(stub), f"{stub.origin}/a")
    assert len(stub.requests) == 1


@pytest.mark.parametrize("headers", [{}, {"Location": "/again"}])
def test_a_move_to_nowhere_or_in_a_circle_is_no_recording(stub: VendorStub, headers: dict[str, str]) -> None:
    stub.answer(Answer(302, "", headers))
    with pytest.raises(UnexpectedResponse):
        recording_at(client_to(stub), f"{stub.origin}/a")
    assert len(stub.requests) <= 2


@pytest.mark.parametrize(
    "host",
    [
        "bolna-call-recordings.s3.us-east-1.amazonaws.com",
        "bolna-recordings-india.s3.ap-south-1.amazonaws.com",
        "bolna-recordings-india.s3.amazonaws.com",
    ],
)
def test_bolnas_buckets_are_allowed_by_default(host: str) -> None:
    default = next(field.default for field in BolnaBackend.fields if field.name == "recording_hosts")
    assert host in default
