"""Both directions of a connection while a thread holds it: neither may keep the thread waiting for long."""

from __future__ import annotations

import errno
import socket
import time
from contextlib import suppress
from typing import Any

from gunicorn.http.unreader import SocketUnreader

STALL_SECONDS = 15.0
"""Without a byte of an upload."""
READER_SECONDS = 20.0
"""That a browser may let us wait altogether while it reads an answer, and one second more for each LEAST_RATE bytes."""
LEAST_RATE = 16 * 1024
SEND_BUFFER = 400 * 1024
"""Bytes of an answer that the system takes for a slow reader, so that the thread is free; the pages are smaller."""


class Reader(SocketUnreader):  # type: ignore[misc]
    """Reads what a request still lacks, for as long as it may take."""

    def __init__(self, sock: socket.socket, received: bytes, seconds: float) -> None:
        super().__init__(sock)
        self.buf.write(received)
        self.until = time.monotonic() + seconds

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next piece; raises ConnectionResetError where it comes too late, as if the sender had gone."""
        left = min(self.until - time.monotonic(), STALL_SECONDS)
        if left <= 0:
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly")
        self.sock.settimeout(left)
        try:
            return bytes(super().chunk(size_hint))
        except TimeoutError:
            raise ConnectionResetError(errno.ECONNRESET, "the request came too slowly") from None
        finally:
            self.sock.settimeout(None)


class AnswerSocket(socket.socket):
    """A connection whose reader may not keep a thread waiting for ever."""

    sent = 0
    waited = 0.0

    @classmethod
    def instead_of(cls, sock: socket.socket) -> AnswerSocket:
        """Return one that takes the place of a socket."""
        made = cls(sock.family, sock.type, sock.proto, fileno=sock.detach())
        with suppress(OSError):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        return made

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send it all; raises BrokenPipeError where the reader is too slow, as if it had gone."""
        began = time.monotonic()
        self.sent += len(data)
        self.settimeout(max(0.1, READER_SECONDS + self.sent / LEAST_RATE - self.waited))
        try:
            super().sendall(data, flags)
        except TimeoutError:
            raise BrokenPipeError(errno.EPIPE, "the answer was read too slowly") from None
        finally:
            self.waited += time.monotonic() - began
            self.settimeout(None)
