"""The simulator's HTTP server: one thread a connection, fast enough not to distort benchmarks of its callers."""

from __future__ import annotations

import _thread
import socket
import struct
import time
from email.utils import formatdate
from http import HTTPStatus
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType

from providers.sandbox.messages import Reply, Request, json_reply
from providers.sandbox.simulator import Simulator

BACKLOG = 512
IDLE_SECONDS = 75.0
MAX_HEAD = 64 * 1024
MAX_BODY = 10 * 1024 * 1024
PHRASES = {int(status): status.phrase for status in HTTPStatus}


class SandboxServer:
    """Five vendors on one port; for tests a context manager too: `with SandboxServer(port=0) as server: server.origin`.

    The standard library's server parses headers as an e-mail and starts a full Thread; both cost more than the
    simulated work, so this one reads the socket itself.
    """

    def __init__(
        self,
        *,
        host: str = "127.0.0.1",
        port: int = 8100,
        speed: float = 1.0,
        delay_ms: int = 0,
        journal: str | Path | None = None,
        limits: bool = True,
    ) -> None:
        self.host = host
        self._listener = self._listen(port)
        self.port: int = self._listener.getsockname()[1]
        self.simulator = Simulator(speed=speed, delay_ms=delay_ms, journal=journal, limits=limits)
        self.world = self.simulator.world
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        self._thread: Thread | None = None

    def _listen(self, port: int) -> socket.socket:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self.host, port))
            listener.listen(BACKLOG)
        except OSError:
            listener.close()
            raise
        return listener

    @property
    def origin(self) -> str:
        """The server's address, to which each vendor's prefix is added."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def __enter__(self) -> SandboxServer:
        self._thread = Thread(target=self.serve, name="sandbox", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def serve(self) -> None:
        """Take connections until `stop`."""
        while not self.world.stopping.is_set():
            try:
                connection, peer = self._listener.accept()
            except OSError:
                if self.world.stopping.is_set():
                    break
                if self.world.refuse_for:
                    self._refuse_connections()
                continue
            with self._lock:
                self._open.add(connection)
            # A bare thread: Thread.start() waits for the new thread to run, which halves the rate.
            _thread.start_new_thread(self._serve_connection, (connection, str(peer[0])))

    def end_soon(self) -> None:
        """Make `serve` return; takes no lock, so that a signal handler may call it."""
        self.world.stopping.set()
        self._shut(self._listener)

    def stop(self) -> None:
        """Stop accepting connections, close the open ones and release the port."""
        self.end_soon()
        self.simulator.close()
        with self._lock:
            left = list(self._open)
        for connection in left:
            self._shut(connection)
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _refuse_connections(self) -> None:
        self.world.stopping.wait(self.world.refuse_for)
        self.world.refuse_for = 0.0
        if not self.world.stopping.is_set():
            self._listener = self._listen(self.port)

    @staticmethod
    def _shut(connection: socket.socket) -> None:
        # shutdown() is what wakes a thread that waits in accept() or recv(); close() alone does not.
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        finally:
            connection.close()

    # One connection

    def _serve_connection(self, connection: socket.socket, peer: str) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.settimeout(IDLE_SECONDS)
            unread = b""
            while True:
                request, unread, keep = self._read(connection, unread, peer)
                if request is None or not self._write(connection, request, keep):
                    break
        except OSError:
            pass
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def _read(self, connection: socket.socket, unread: bytes, peer: str) -> tuple[Request | None, bytes, bool]:
        """Read one request; returns (request, bytes of the next one, whether the connection may stay)."""
        while (end := unread.find(b"\r\n\r\n")) < 0:
            chunk = connection.recv(65536)
            if not chunk or len(unread) > MAX_HEAD:
                return None, b"", False
            unread += chunk
        lines = unread[:end].decode("latin-1").split("\r\n")
        unread = unread[end + 4 :]
        try:
            method, target, version = lines[0].split(" ")
            headers = {}
            for line in lines[1:]:
                name, _, value = line.partition(":")
                headers[name.lower()] = value.strip()
            length = int(headers.get("content-length") or 0)
        except ValueError:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None, b"", False
        if headers.get("expect", "").lower() == "100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        if headers.get("transfer-encoding", "").lower() == "chunked":
            body, unread = self._read_chunks(connection, unread)
        else:
            while len(unread) < length:
                chunk = connection.recv(65536)
                if not chunk or length > MAX_BODY:
                    return None, b"", False
                unread += chunk
            body, unread = unread[:length], unread[length:]
        request = Request(method, target, headers, body, peer)
        request.origin = f"http://{headers['host']}" if "host" in headers else self.origin
        wish = headers.get("connection", "").lower()
        return request, unread, wish != "close" if version == "HTTP/1.1" else wish == "keep-alive"

    @staticmethod
    def _read_chunks(connection: socket.socket, unread: bytes) -> tuple[bytes, bytes]:
        def more(unread: bytes) -> bytes:
            chunk = connection.recv(65536)
            if not chunk or len(unread) > MAX_BODY:
                raise OSError("The body is cut")
            return unread + chunk

        body = b""
        while True:
            while (end := unread.find(b"\r\n")) < 0:
                unread = more(unread)
            try:
                size = int(unread[:end].split(b";")[0], 16)
            except ValueError as error:
                raise OSError("Not a chunk") from error
            while len(unread) < end + 2 + size + 2:
                unread = more(unread)
            body += unread[end + 2 : end + 2 + size]
            unread = unread[end + 2 + size + 2 :]
            if size == 0:
                return body, unread

    def _write(self, connection: socket.socket, request: Request, keep: bool) -> bool:
        """Answer a request; returns whether the connection stays."""
        try:
            reply = self.simulator.answer(request)
        except (
            Exception
        ) as error:  # an error of the simulator itself is answered with a 500 instead of hanging the caller
            reply = json_reply(500, {"sandbox_error": repr(error)})
        if reply.transport == "hang":
            self._hang(connection, reply.seconds)
            return False
        if reply.transport == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        keep = keep and not reply.transport and not self.world.stopping.is_set()
        head = [f"HTTP/1.1 {reply.status} {PHRASES.get(reply.status, 'Unknown')}"]
        head.append(f"Content-Type: {reply.content_type}")
        head.append(f"Content-Length: {len(reply.body)}")
        head.append(f"Date: {formatdate(usegmt=True)}")
        head.append("Connection: keep-alive" if keep else "Connection: close")
        head.extend(f"{name}: {value}" for name, value in reply.headers)
        message = ("\r\n".join(head) + "\r\n\r\n").encode("latin-1")
        if reply.transport == "truncate":
            connection.sendall(message + reply.body[: len(reply.body) // 2])
        elif reply.transport == "drip":
            self._drip(connection, message + reply.body, reply)
        else:
            connection.sendall(message + (b"" if request.method == "HEAD" else reply.body))
        if self.world.refuse_for:
            self._shut(self._listener)
        return keep

    def _hang(self, connection: socket.socket, seconds: float) -> None:
        """Send nothing until the time is over, the caller disconnects or the server stops."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self.world.stopping.is_set():
            connection.settimeout(min(left, 0.5))
            try:
                if not connection.recv(65536):
                    return
            except TimeoutError:
                continue

    def _drip(self, connection: socket.socket, message: bytes, reply: Reply) -> None:
        """Send one byte a second until the fault's time is over."""
        until = time.monotonic() + reply.seconds
        for byte in message:
            if time.monotonic() > until or self.world.stopping.wait(1.0):
                return
            connection.sendall(bytes([byte]))
