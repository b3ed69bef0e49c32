"""To where the client leads: allowed hosts, public addresses, the vendor's own certificate, recordings."""

from __future__ import annotations

import datetime
import re
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from requests import Request

from providers.client import authorities
from providers.client.addresses import is_public
from providers.client.client import HttpClient
from providers.exceptions import (
    NotSent,
    ProviderMisconfigured,
    UnexpectedResponse,
)
from tests.providers.clients import KEY, ORDER, READ, client_to, public_client, stand_in
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
        HttpClient(url, headers={}, allowed_hosts=["vendor.example"], sandbox_origin="http://127.0.0.1:18100")


@pytest.mark.parametrize("url", ["http://127.0.0.1:18101", "https://127.0.0.1:18100", "http://localhost:18100"])
def test_sandbox_is_one_exact_origin(url: str) -> None:
    with pytest.raises(ProviderMisconfigured):
        HttpClient(url, headers={}, allowed_hosts=[], sandbox_origin="http://127.0.0.1:18100")


@pytest.mark.parametrize(
    "url", ["https://vendor.example", "HTTPS://Vendor.Example/v1/", "https://vendor.example:443/a"]
)
def test_address_that_is_allowed_is_taken(url: str) -> None:
    assert HttpClient(url, headers={}, allowed_hosts=["Vendor.example"]).origin.host == "vendor.example"


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


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("127.0.0.1", "8.8.8.8"), ("169.254.169.254",), ("[::1]",)])
def test_name_that_means_an_address_inside_is_not_connected_to(
    stub: VendorStub, monkeypatch: pytest.MonkeyPatch, addresses: tuple[str, ...]
) -> None:
    stand_in(monkeypatch, stub.port, *addresses)
    for call in ("send_once", "read"):
        with pytest.raises(NotSent, match="not public"):
            getattr(public_client(), call)(READ)
    assert stub.connections == 0


def test_name_that_is_not_found_was_not_sent() -> None:
    with pytest.raises(NotSent, match="cannot be resolved"):
        public_client("vendor.invalid").send_once(ORDER)


class TlsVendor:
    """A TLS server on loopback for `vendor.example`, whose certificate is its own authority."""

    def __init__(self, folder: Path, *, days_left: int = 1, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> None:
        self.names: list[str | None] = []
        """Names that clients asked for."""
        self.requests = 0
        self.authority = folder / "certificate.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendor.example")])
        now = datetime.datetime.now(datetime.UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - datetime.timedelta(days=10))
            .not_valid_after(now + datetime.timedelta(days=days_left))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("vendor.example")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / "key.pem").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            self._context.minimum_version, self._context.maximum_version = ssl.TLSVersion.TLSv1, newest
        self._context.load_cert_chain(self.authority, folder / "key.pem")
        self._context.sni_callback = lambda _socket, host, _context: self.names.append(host)
        self._listener = listen()
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> TlsVendor:
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
            except OSError:
                return
            with suppress(OSError), self._context.wrap_socket(plain, server_side=True) as secure:
                read_whole(secure)
                self.requests += 1
                secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")


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


@contextmanager
def trusted(monkeypatch: pytest.MonkeyPatch, folder: Path, **about: Any) -> Iterator[TlsVendor]:
    """Serve as every vendor, trusted by the client."""
    with TlsVendor(folder, **about) as vendor:
        stand_in(monkeypatch, vendor.port)
        monkeypatch.setattr(authorities, "authorities_file", lambda: str(vendor.authority))
        yield vendor


def test_checked_address_is_asked_under_the_vendors_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with trusted(monkeypatch, tmp_path) as vendor:
        assert public_client().send_once(ORDER).json() == {}
        assert public_client().read(READ).json() == {}
        assert vendor.names == ["vendor.example"] * 2


def refused(why: str, client: HttpClient) -> None:
    """Assert that nothing leaves."""
    for call in (client.send_once, client.read):
        with pytest.raises(NotSent, match=why):
            call(ORDER)


def test_certificate_of_another_name_was_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with trusted(monkeypatch, tmp_path) as vendor:
        refused("certificate", public_client("other.example"))
        assert vendor.requests == 0


def test_certificate_that_nobody_vouches_for_was_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TlsVendor(tmp_path) as vendor:
        stand_in(monkeypatch, vendor.port)
        refused("certificate", public_client())
        assert vendor.requests == 0


def test_certificate_that_is_over_was_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with trusted(monkeypatch, tmp_path, days_left=-1) as vendor:
        refused("certificate", public_client())
        assert vendor.requests == 0


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_of_long_ago_was_not_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with trusted(monkeypatch, tmp_path, newest=ssl.TLSVersion.TLSv1_1) as vendor:
        refused("TLS", public_client())
        assert vendor.requests == 0
        # The vendor itself would have it.
        careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        careless.check_hostname, careless.verify_mode = False, ssl.CERT_NONE
        careless.set_ciphers("DEFAULT:@SECLEVEL=0")
        careless.minimum_version = ssl.TLSVersion.TLSv1
        with socket.create_connection(("127.0.0.1", vendor.port)) as plain, careless.wrap_socket(plain) as secure:
            assert secure.version() == "TLSv1.1"


def test_every_authority_of_certifi_and_of_the_system_vouches() -> None:
    known = Path(authorities.authorities_file()).read_text()
    system = ssl.get_default_verify_paths()
    for each in [certifi.where(), system.cafile]:
        assert each is None or Path(each).read_text().strip() in known


# Recordings


def test_recording_has_a_cap_of_its_own_and_no_key(stub: VendorStub) -> None:
    stub.answer(Answer(200, b"x" * 3_000_000, {"Content-Type": "audio/mpeg"}))
    client = client_to(stub, total_timeout=5)
    assert len(client.read_sound(f"{stub.origin}/a.mp3?sig=a%2Fb").content) == 3_000_000
    assert stub.requests[0].query == {"sig": ["a/b"]}
    assert "authorization" not in stub.requests[0].headers
    assert len(client.read_sound(Request("GET", "/b.mp3")).content) == 3_000_000
    assert stub.requests[1].headers["authorization"] == f"Bearer {KEY}"
    with pytest.raises(UnexpectedResponse):
        client_to(stub, total_timeout=5, max_sound_bytes=1_000_000).read_sound(f"{stub.origin}/a.mp3")


@pytest.mark.parametrize("host", ["api.vendor.example", "s3.cloud.example", "x.media.example", "a.b.media.example"])
def test_recording_hosts_are_allowed(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    stand_in(monkeypatch, 9, "10.0.0.1")
    client = public_client("api.vendor.example", recording_hosts=["s3.cloud.example", ".media.example"])
    with pytest.raises(NotSent, match="not public"):  # it got as far as connecting
        client.read_sound(f"https://{host}/a.mp3")


@pytest.mark.parametrize(
    "url",
    [
        *("http://s3.cloud.example/a", "https://elsewhere.example/a", "https://s3.cloud.example:8443/a"),
        *("https://evilmedia.example/a", "file:///etc/passwd", "https://x@s3.cloud.example/a", "/a.mp3", "a b"),
    ],
)
def test_recording_elsewhere_is_not_asked(url: str) -> None:
    client = public_client("api.vendor.example", recording_hosts=["s3.cloud.example", ".media.example"])
    with pytest.raises(UnexpectedResponse):
        client.read_sound(url)
