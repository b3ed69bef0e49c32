"""A vendor that answers with given bytes, whole, in small pieces or without end."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from providers.client.client import HttpClient
from tests.providers.vendor_stub import listen


class RawVendor:
    """Takes one request a connection and writes the pieces, then ends the connection; safe for many at once.

    `then` is written again and again after them, with so many seconds between, until the client has gone.
    """

    def __init__(self, *pieces: bytes, then: bytes = b"", every: float = 0.0) -> None:
        self._pieces, self._then, self._every = pieces, then, every
        self._is_over = threading.Event()
        self._listener = listen()
        self.origin = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def client(self, **limits: Any) -> HttpClient:
        """Return a client of this vendor."""
        return HttpClient(self.origin, headers={}, allowed_hosts=(), sandbox_origin=self.origin, **limits)

    def __enter__(self) -> RawVendor:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with suppress(OSError), connection:
            head, body = b"", b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65_536)
            head, _, body = head.partition(b"\r\n\r\n")
            length = next((int(line[16:]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length: ")), 0)
            while len(body) < length:
                body += connection.recv(65_536)
            for piece in self._pieces:
                connection.sendall(piece)
            while self._then and not self._is_over.wait(self._every):
                connection.sendall(self._then)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):
                pass


def cut(wire: bytes, size: int) -> Iterable[bytes]:
    """Cut bytes into pieces of a size."""
    return (wire[start : start + size] for start in range(0, len(wire), size))
