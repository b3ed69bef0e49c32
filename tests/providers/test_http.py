"""The client: what leaves, how often, for how long, and what it says when it fails."""

from __future__ import annotations

import gzip
import os
import resource
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from requests import Request

from providers.backends.bolna import BolnaBackend
from providers.client.client import HttpClient, boottime
from providers.exceptions import (
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    ProviderError,
    ProviderMisconfigured,
    UnexpectedResponse,
)
from providers.opening import open_client
from tests.providers.clients import KEY, LIMIT_S, ORDER, READ, carry, client_to, public_client, stand_in
from tests.providers.vendor_stub import Answer, VendorStub, listen, wait_until
from tests.waiting import A_MINUTE


@pytest.fixture
def stub() -> Iterator[VendorStub]:
    with VendorStub() as stub:
        stub.answer(Answer(200, {"ok": True}))
        yield stub


# What leaves


def test_order_leaves_once_on_a_connection_of_its_own(stub: VendorStub) -> None:
    client = client_to(stub, "/base/")
    assert [client.send_once(ORDER).json() for _ in range(2)] == [{"ok": True}] * 2
    assert [sent.connection for sent in stub.requests] == [1, 2]
    sent = stub.requests[0]
    assert (sent.method, sent.path, sent.json) == ("POST", "/base/call", ORDER.json)
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["accept-encoding"] == "identity"


def test_reads_share_a_connection_and_write_their_query(stub: VendorStub) -> None:
    client = client_to(stub)
    for _ in range(3):
        client.read(READ)
    assert {sent.connection for sent in stub.requests} == {1}
    assert stub.requests[0].query == {"number": ["+15550001111"], "id": ["a", "b c"]}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_an_answer_and_nothing_goes_there(stub: VendorStub, status: int) -> None:
    with VendorStub() as elsewhere:
        elsewhere.answer(Answer(200, {"caught": True}))
        stub.answer(Answer(status, "", {"Location": f"{elsewhere.origin}/x"}))
        client = client_to(stub)
        assert client.send_once(ORDER).status_code == status
        assert client.read(READ).status_code == status
        assert elsewhere.connections == 0


def test_proxies_of_the_environment_are_not_used(stub: VendorStub, monkeypatch: pytest.MonkeyPatch) -> None:
    with VendorStub() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.origin)
        client = client_to(stub)
        client.send_once(ORDER)
        client.read(READ)
        assert proxy.connections == 0


@pytest.mark.parametrize("status", [502, 503, 504])
def test_get_is_tried_again_and_an_order_is_not(stub: VendorStub, status: int) -> None:
    stub.answer(Answer(status), Answer(200, {"ok": True}))
    client = client_to(stub)
    assert client.read(READ).status_code == 200
    stub.forget()
    stub.answer(Answer(status))
    assert client.send_once(ORDER).status_code == status
    assert len(stub.requests) == 1


def test_posted_read_is_not_tried_again_once_it_left(stub: VendorStub) -> None:
    stub.answer(Answer(503))
    client = client_to(stub)
    assert client.read(ORDER).status_code == 503
    stub.answer(Answer(fault="close"))
    with pytest.raises(UnexpectedResponse):
        client.read(ORDER)
    assert len(stub.requests) == 2


def test_posted_read_that_met_a_stale_connection_leaves_once(stub: VendorStub) -> None:
    # The connection is kept and then cut without a word, when the next request is on its way.
    stub.answer(Answer(200, {}), Answer(fault="close"))
    client = client_to(stub, total_timeout=A_MINUTE)
    client.read(READ)
    with pytest.raises(UnexpectedResponse):
        client.read(ORDER)
    assert [sent.path for sent in stub.requests] == ["/calls", "/call"]
    assert {sent.connection for sent in stub.requests} == {1}


def test_connection_that_went_stale_costs_a_read_nothing(stub: VendorStub) -> None:
    stub.answer(Answer(200, {}, fault="close"), Answer(200, {"ok": True}))
    assert client_to(stub, total_timeout=A_MINUTE).read(READ).status_code == 200


def test_unwritable_order_is_refused_before_it_leaves(stub: VendorStub) -> None:
    for value in (float("nan"), object()):
        with pytest.raises(OrderRejected):
            client_to(stub).send_once(Request("POST", "/call", json={"value": value}))
    assert stub.connections == 0


# Too late, too slow, too much


def test_order_after_its_time_does_not_leave(stub: VendorStub) -> None:
    client = client_to(stub)
    with pytest.raises(NotSent):
        carry(client.prepare(ORDER, boottime() - 2.1))
    assert stub.requests == []
    assert carry(client.prepare(ORDER, boottime() - 1.0)).status_code == 200
    assert client.send_once(ORDER).status_code == 200


@pytest.mark.parametrize("fault", ["hang", "drip_head", "drip_body"])
@pytest.mark.parametrize("call", ["send_once", "read"])
def test_slow_answer_ends_at_the_deadline(stub: VendorStub, fault: Any, call: str) -> None:
    stub.answer(Answer(200, {"ok": True}, fault=fault))
    begun = time.monotonic()
    with pytest.raises(OutcomeUnknown if call == "send_once" else UnexpectedResponse, match="within 1 s"):
        getattr(client_to(stub), call)(READ)
    assert LIMIT_S - 0.1 < time.monotonic() - begun < A_MINUTE
    assert len(stub.requests) == 1


def test_slow_tls_handshake_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = listen()
    stand_in(monkeypatch, listener.getsockname()[1])
    begun = time.monotonic()
    with listener, pytest.raises(NotSent):
        public_client(total_timeout=LIMIT_S).send_once(ORDER)
    assert time.monotonic() - begun < A_MINUTE


@pytest.mark.parametrize("fault", ["flood", "gzip_bomb"])
def test_huge_answer_is_cut_and_takes_little_memory(stub: VendorStub, fault: Any) -> None:
    stub.answer(Answer(200, fault="gzip_bomb"))
    with pytest.raises(OutcomeUnknown):
        client_to(stub, total_timeout=30).send_once(ORDER)  # the stub packs its bomb once
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    stub.answer(Answer(200, fault=fault))
    client = client_to(stub, total_timeout=5)
    with pytest.raises(OutcomeUnknown, match="too large"):
        client.send_once(ORDER)
    with pytest.raises(UnexpectedResponse, match="too large"):
        client.read(READ)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize("size", [256 * 1024, 256 * 1024 + 1])
def test_cap_counts_to_the_byte(stub: VendorStub, size: int) -> None:
    stub.answer(Answer(200, b"x" * size))
    if size > 256 * 1024:
        with pytest.raises(OutcomeUnknown):
            client_to(stub).send_once(ORDER)
    else:
        assert len(client_to(stub).send_once(ORDER).content) == size


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "gzip, gzip"])
def test_packed_answer_is_unpacked_or_refused(stub: VendorStub, encoding: str) -> None:
    packed = zlib.compress(b'{"ok": 1}') if encoding == "deflate" else gzip.compress(b'{"ok": 1}')
    stub.answer(Answer(200, packed, {"Content-Encoding": encoding}))
    if encoding in {"gzip", "deflate"}:
        assert client_to(stub).send_once(ORDER).json() == {"ok": 1}
        stub.answer(Answer(200, packed[:-4], {"Content-Encoding": encoding}))
    with pytest.raises(OutcomeUnknown):
        client_to(stub).send_once(ORDER)


@pytest.mark.parametrize("fault", ["close", "reset", "truncate", "garbage"])
def test_broken_answer_leaves_the_order_unknown(stub: VendorStub, fault: Any) -> None:
    stub.answer(Answer(200, {"ok": True}, fault=fault))
    with pytest.raises(OutcomeUnknown):
        client_to(stub).send_once(ORDER)
    assert len(stub.requests) == 1
    with pytest.raises(UnexpectedResponse):
        client_to(stub).read(READ)


def test_refused_connection_was_not_sent() -> None:
    with VendorStub() as closed:
        pass
    for call in ("send_once", "read"):
        with pytest.raises(NotSent):
            getattr(client_to(closed), call)(READ)


# Many at once, and nothing told


def test_one_client_serves_many_threads(stub: VendorStub) -> None:
    stub.answer(lambda sent: Answer(200, {"echo": sent.json}))
    client = client_to(stub, total_timeout=20)

    def ask(number: int) -> bool:
        request = Request("POST", "/call", json=number)
        call = client.send_once if number % 2 else client.read
        return bool(call(request).json() == {"echo": number})

    with ThreadPoolExecutor(64) as pool:
        assert all(pool.map(ask, range(400)))
    assert len(stub.requests) == 400


def test_slow_vendor_of_one_thread_does_not_cut_another(stub: VendorStub) -> None:
    stub.answer(Answer(200, fault="hang"), path="/slow")
    client = client_to(stub)
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(client.send_once, Request("POST", "/slow"))
        assert wait_until(lambda: len(stub.requests) == 1)
        while not slow.done():
            assert client.send_once(ORDER).status_code == 200
            time.sleep(0.05)
        assert isinstance(slow.exception(), OutcomeUnknown)
    assert client.read(READ).status_code == 200


def test_no_connection_stays_open_after_an_order(stub: VendorStub) -> None:
    client_to(stub).send_once(ORDER)  # a loop stays, and is used again
    before = _open_files()
    for fault in ("", "reset", "truncate", "flood"):
        stub.answer(Answer(200, {}, fault=fault))  # type: ignore[arg-type]
        for _ in range(5):
            try:
                client_to(stub).send_once(ORDER)
            except OutcomeUnknown:
                continue
    assert wait_until(lambda: _open_files() <= before + 2)


def _open_files() -> int:
    return len(os.listdir("/dev/fd"))


@pytest.mark.parametrize("fault", ["close", "reset", "truncate", "garbage", "gzip_bomb"])
def test_failure_tells_no_key_number_or_query(stub: VendorStub, fault: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    stub.answer(Answer(200, {"ok": True}, fault=fault))
    client = client_to(stub)
    for call in (client.send_once, client.read):
        with pytest.raises(ProviderError) as caught:
            call(READ)
        told = f"{caught.value} {caught.value!r} {client!r} {caplog.text}"
        assert KEY not in told
        assert "15550001111" not in told


@pytest.mark.parametrize("key", ["a\r\nb", "a\nb", "ключ", "a\x00b"])
def test_key_that_cannot_be_sent_is_refused_without_showing_it(key: str) -> None:
    with pytest.raises(ProviderMisconfigured) as caught:
        HttpClient("https://vendor.example", headers={"Authorization": key}, allowed_hosts=["vendor.example"])
    assert key not in str(caught.value)


def test_path_that_cannot_be_sent_is_our_own_mistake(stub: VendorStub) -> None:
    for path in ("/a b", "a", "/a\r\nX: y", "/é"):
        with pytest.raises(ProviderMisconfigured):
            client_to(stub).send_once(Request("GET", path))
    assert stub.connections == 0


def test_client_of_a_provider_has_its_address_and_key(stub: VendorStub, settings: Any) -> None:
    settings.SANDBOX_ORIGIN, settings.VENDOR_HOSTS = stub.origin, ["api.voicy.co"]
    options = {"base_url": f"{stub.origin}/bolna", "recording_hosts": "a.example, b.example"}
    client = open_client(BolnaBackend, {"api_key": KEY}, options)
    client.send_once(ORDER)
    assert stub.requests[0].path == "/bolna/call"
    assert stub.requests[0].headers["authorization"] == f"Bearer {KEY}"
    with pytest.raises(ProviderMisconfigured):
        open_client(BolnaBackend, {}, {})
