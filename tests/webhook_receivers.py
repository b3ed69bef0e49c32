"""Programs that webhooks are sent to, on this machine: one that takes what comes, and hostile ones."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from callcenter.webhooks_out import receivers
from campaigns.models import WebhookReceiver

OK = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"
Answer = Callable[[socket.socket], None]


@dataclass(slots=True)
class Message:
    """A message that came."""

    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Program:
    """A program that listens: it answers with `answers`, each once, the last one for ever."""

    answers: list[bytes | Answer] = field(default_factory=lambda: [OK])
    came: list[Message] = field(default_factory=list)
    port: int = 0
    tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}/hook/?of=ours"

    def take(self, connection: socket.socket) -> None:
        """Read a message, then answer."""
        with ExitStack() as held, suppress(OSError):
            held.enter_context(connection)
            if self.tls is not None:
                connection = held.enter_context(self.tls.wrap_socket(connection, server_side=True))
            read = connection.makefile("rb")
            if not (first := read.readline().split()):
                return
            headers = {}
            while line := read.readline().strip():
                name, _colon, value = line.decode().partition(":")
                headers[name.lower()] = value.strip()
            body = read.read(int(headers.get("content-length", 0)))
            self.came.append(Message(first[1].decode(), headers, body))
            answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)


@contextmanager
def listening(*answers: bytes | Answer, tls: ssl.SSLContext | None = None) -> Iterator[Program]:
    """Let a program listen."""
    program = Program(list(answers) or [OK], tls=tls)
    listener = socket.create_server(("127.0.0.1", 0))
    program.port = listener.getsockname()[1]

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _from = listener.accept()
                threading.Thread(target=program.take, args=[connection], daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield program
    finally:
        # A thread that waits in accept is woken by nothing else on every platform.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def self_signed(folder: Path) -> ssl.SSLContext:
    """Return the TLS of a server of this machine whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "ours")])
    now = datetime.datetime.now(datetime.UTC)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
    signed = (
        made.not_valid_after(now + datetime.timedelta(days=1)).add_extension(here, False).sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context


def status(code: int, *headers: str) -> bytes:
    """Return an answer without a body."""
    lines = [f"HTTP/1.1 {code} So", "Content-Length: 0", "Connection: close", *headers]
    return "\r\n".join([*lines, "", ""]).encode()


def receiver_of(owner: Any, url: str, *kinds: str) -> receivers.Made:
    """Add a webhook to an address, of some events or of all."""
    from callcenter.webhooks_out.events import EVENTS

    return receivers.make(owner, name="Shop", url=url, kinds=kinds or list(EVENTS))


def again(receiver: WebhookReceiver) -> WebhookReceiver:
    """Return a receiver as it is stored now."""
    return WebhookReceiver.objects.get(pk=receiver.pk)
