"""To where the door leads: allowed hosts, public addresses, the vendor's own certificate, recordings."""

from __future__ import annotations

import datetime
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from providers import connections
from providers.base import Request
from providers.connections import is_public
from providers.exceptions import (
    NotSent,
    ProviderMisconfigured,
    UnexpectedResponse,
)
from providers.http import HttpDoor
from tests.providers.doors import KEY, LIMIT_S, ORDER, READ, door_to, public_door, stand_in
from tests.providers.vendor_stub import Answer, VendorStub, listen


@pytest.fixture
def stub() -> Iterator[VendorStub]:
    with VendorStub() as stub:
        stub.answer(Answer(200, {"ok": True}))
        yield stub


@pytest.mark.parametrize(
    "url",
    [
        "http://vendor.example",
        "https://elsewhere.example",
        "https://vendor.example:8443",
        "https://vendor.example.evil.example",
        "https://user@vendor.example",
        "https://vendor.example@evil.example",
        "https://evil.example\\@vendor.example",
        "https://vendor.example/?key=1",
        "https://vendor.example/#a",
        "https://127.0.0.1",
        "https://2130706433",
        "https://[::1]",
        "https://[::1",
        "https://vendor.example:99999",
        "ftp://vendor.example",
        "//vendor.example",
        "https://vendor.example\r\nX: y",
        "https://véndor.example",
        "",
    ],
)
def test_address_that_must_not_be_asked_is_refused_at_once(url: str) -> None:
    with pytest.raises(ProviderMisconfigured):
        HttpDoor(url, headers={}, allowed_hosts=["vendor.example"], sandbox_origin="http://127.0.0.1:18100")


@pytest.mark.parametrize("url", ["http://127.0.0.1:18101", "https://127.0.0.1:18100", "http://localhost:18100"])
def test_sandbox_is_one_exact_origin(url: str) -> None:
    with pytest.raises(ProviderMisconfigured):
        HttpDoor(url, headers={}, allowed_hosts=[], sandbox_origin="http://127.0.0.1:18100")


@pytest.mark.parametrize(
    "url", ["https://vendor.example", "HTTPS://Vendor.Example/v1/", "https://vendor.example:443/a"]
)
def test_address_that_is_allowed_is_taken(url: str) -> None:
    assert HttpDoor(url, headers={}, allowed_hosts=["Vendor.example"]).origin.host == "vendor.example"


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0"),
        *("224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::", "::1", "fe80::1%eth0"),
        *("fc00::1", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
    ],
)
def test_address_inside_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_address_outside_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("8.8.8.8", "127.0.0.1"), ("169.254.169.254",)])
def test_name_that_means_an_address_inside_is_not_connected_to(
    stub: VendorStub, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    stand_in(monkeypatch, stub.port, *addresses)
    for call in ("send_once", "read"):
        with pytest.raises(NotSent, match="not public"):
            getattr(public_door(), call)(READ)
    assert stub.connections == 0


def test_name_that_is_never_found_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **how: waiting.wait(20) and [])
    begun = time.monotonic()
    with pytest.raises(NotSent, match="cannot be resolved"):
        public_door(total_timeout=LIMIT_S).send_once(ORDER)
    waiting.set()
    assert time.monotonic() - begun < LIMIT_S + 1


@pytest.fixture
def tls_vendor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str | None]]:
    """A TLS server for vendor.example on loopback, trusted by the door; gives the names that clients ask for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor.example")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("vendor.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = (tmp_path / "certificate.pem", tmp_path / "key.pem")
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    asked: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    context.sni_callback = lambda sock, host, ours: asked.append(host)
    listener = listen()

    def serve() -> None:
        while True:
            try:
                plain, _ = listener.accept()
                with context.wrap_socket(plain, server_side=True) as secure:
                    read_whole(secure)
                    secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
            except ssl.SSLError:
                continue
            except OSError:
                return

    threading.Thread(target=serve, daemon=True).start()
    stand_in(monkeypatch, listener.getsockname()[1])
    trusting = ssl.create_default_context(cafile=str(paths[0]))
    monkeypatch.setattr(connections, "tls_context", lambda: trusting)
    connections._state.pools.clear()
    yield asked
    connections._state.pools.clear()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def read_whole(connection: ssl.SSLSocket) -> None:
    """Read a request to its end: closing over unread bytes would cut our answer off."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = connection.recv(65_536)
        if not more:
            raise OSError("closed")
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head.lower())
    while length and len(body) < int(length[1]):
        body += connection.recv(65_536)


def test_checked_address_is_asked_under_the_vendors_name(tls_vendor: list[str | None]) -> None:
    assert public_door().send_once(ORDER).json() == {}
    assert public_door().read(READ).json() == {}
    assert tls_vendor == ["vendor.example"] * 2


def test_certificate_of_another_name_was_not_sent(tls_vendor: list[str | None]) -> None:
    with pytest.raises(NotSent):
        public_door("other.example").send_once(ORDER)
    with pytest.raises(NotSent):
        public_door("other.example").read(READ)


def test_certificate_that_nobody_vouches_for_was_not_sent(
    tls_vendor: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers = ssl.create_default_context()
    monkeypatch.setattr(connections, "tls_context", lambda: strangers)
    with pytest.raises(NotSent):
        public_door().send_once(ORDER)


# Recordings


def test_recording_has_a_cap_of_its_own_and_no_key(stub: VendorStub) -> None:
    stub.answer(Answer(200, b"x" * 3_000_000, {"Content-Type": "audio/mpeg"}))
    door = door_to(stub, total_timeout=5)
    assert len(door.read_sound(f"{stub.origin}/a.mp3?sig=a%2Fb").body) == 3_000_000
    assert stub.requests[0].query == {"sig": ["a/b"]}
    assert "authorization" not in stub.requests[0].headers
    assert len(door.read_sound(Request(method="GET", path="/b.mp3")).body) == 3_000_000
    assert stub.requests[1].headers["authorization"] == f"Bearer {KEY}"
    with pytest.raises(UnexpectedResponse):
        door_to(stub, total_timeout=5, max_sound_bytes=1_000_000).read_sound(f"{stub.origin}/a.mp3")


@pytest.mark.parametrize("host", ["api.vendor.example", "s3.cloud.example", "x.media.example", "a.b.media.example"])
def test_recording_hosts_are_allowed(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    stand_in(monkeypatch, 9, "10.0.0.1")
    door = public_door("api.vendor.example", recording_hosts=["s3.cloud.example", ".media.example"])
    with pytest.raises(NotSent, match="not public"):  # it got as far as connecting
        door.read_sound(f"https://{host}/a.mp3")


@pytest.mark.parametrize(
    "url",
    [
        *("http://s3.cloud.example/a", "https://elsewhere.example/a", "https://s3.cloud.example:8443/a"),
        *("https://evilmedia.example/a", "file:///etc/passwd", "https://x@s3.cloud.example/a", "/a.mp3", "a b"),
    ],
)
def test_recording_elsewhere_is_not_asked(url: str) -> None:
    door = public_door("api.vendor.example", recording_hosts=["s3.cloud.example", ".media.example"])
    with pytest.raises(UnexpectedResponse):
        door.read_sound(url)
