"""A tiny vendor on loopback whose answers, faults and delays a test scripts; it records all that reaches it.

with VendorStub() as stub:
    stub.answer(Answer(200, {"execution_id": "e1"}))                 # every request, until told otherwise
    stub.answer(Answer(503), Answer(200, []), path="/v2/agent/all")  # in turn; the last one repeats
    stub.answer(Answer(fault="reset"), path="/call")
    ... HttpDoor(stub.origin, sandbox_origin=stub.origin, ...) ...
    assert [sent.path for sent in stub.requests] == ["/call"]
"""

from __future__ import annotations

import gzip
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from types import TracebackType
from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from tests.waiting import A_MINUTE

Fault = Literal[
    "",
    "close",  # close without an answer
    "reset",  # TCP reset without an answer
    "hang",  # never answer
    "truncate",  # promise more body than is sent
    "drip_head",  # one byte of the status line and headers at a time, for ever
    "drip_body",  # one byte of the body at a time, for ever
    "flood",  # an endless chunked body
    "gzip_bomb",  # 100 MB of zeros in about 100 KB
    "garbage",  # bytes that are not HTTP
]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it arrived."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    connection: int
    """Number of the connection that it came over, from 1."""

    @property
    def json(self) -> Any:
        """The body as JSON; None where there is none."""
        return json.loads(self.body) if self.body else None


@dataclass(frozen=True)
class Answer:
    """One scripted answer; `body` is written as JSON unless it is bytes or text."""

    status: int = 200
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    fault: Fault = ""
    delay: float = 0.0
    """Seconds to wait before answering."""

    def payload(self) -> bytes:
        """Return the body's bytes."""
        if isinstance(self.body, bytes):
            return self.body
        return (self.body if isinstance(self.body, str) else json.dumps(self.body)).encode()


Script = Answer | Callable[[Sent], Answer]


class VendorStub:
    """Listens on a free loopback port from `__enter__` to `__exit__`; safe for many clients at once."""

    def __init__(self, *, drip_s: float = 0.05) -> None:
        self.requests: list[Sent] = []
        self.connections = 0
        self.drip_s = drip_s
        self._lock = threading.Lock()
        self._routes: dict[tuple[str, str], list[Script]] = {}
        self._closing = threading.Event()
        self._open: set[socket.socket] = set()
        self._listener = listen()
        self.port: int = self._listener.getsockname()[1]
        self.origin = f"http://127.0.0.1:{self.port}"

    def answer(self, *answers: Script, method: str = "", path: str = "") -> None:
        """Script the answers to requests whose path begins so; the longest path wins, the last answer repeats."""
        with self._lock:
            self._routes[method, path] = list(answers)

    def forget(self) -> None:
        """Drop the script and what was recorded."""
        with self._lock:
            self._routes.clear()
            self.requests.clear()

    def __enter__(self) -> VendorStub:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while not self._closing.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with suppress(OSError), connection:
            reader = connection.makefile("rb")
            while (sent := _read_request(reader, number)) is not None:
                with self._lock:
                    self.requests.append(sent)
                    script = self._next(sent)
                answer = script(sent) if callable(script) else script
                self._closing.wait(answer.delay)
                if not self._write(connection, answer):
                    break
        with self._lock:
            self._open.discard(connection)

    def _next(self, sent: Sent) -> Script:
        fitting = [
            (len(path), len(method), (method, path))
            for method, path in self._routes
            if method in ("", sent.method) and sent.path.startswith(path)
        ]
        if not fitting:
            return Answer(404, {"error": "The stub has no answer for this."})
        answers = self._routes[max(fitting)[2]]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _write(self, connection: socket.socket, answer: Answer) -> bool:
        """Write one answer; tells whether the connection can go on."""
        body = answer.payload()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(body)), **answer.headers}
        match answer.fault:
            case "close":
                return False
            case "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
            case "hang":
                self._closing.wait()
                return False
            case "garbage":
                connection.sendall(b"\x16\x03\x01 this is not HTTP\r\n\r\n")
                return False
            case "truncate":
                headers["Content-Length"] = str(len(body) + 100)
            case "drip_head":
                self._drip(connection, b"HTTP/1.1 200 OK\r\n" + b"X-Slow: yes\r\n" * 90)
                return False
            case "drip_body":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
                self._drip(connection, b" " * 100_000)
                return False
            case "flood":
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                while not self._closing.is_set():
                    connection.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                return False
            case "gzip_bomb":
                body = _bomb()
                headers = {"Content-Encoding": "gzip", "Content-Length": str(len(body))}
            case _:
                pass
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        connection.sendall(f"HTTP/1.1 {answer.status} Answer\r\n{head}\r\n".encode() + body)
        return not answer.fault

    def _drip(self, connection: socket.socket, content: bytes) -> None:
        for byte in content:
            if self._closing.wait(self.drip_s):
                return
            connection.sendall(bytes([byte]))


def listen() -> socket.socket:
    """Take a free port below the ephemeral range, which outgoing connections of other tests use up."""
    for _ in range(100):
        with suppress(OSError):
            return socket.create_server(("127.0.0.1", random.randrange(20_000, 32_000)), backlog=256)
    raise OSError("No free port.")


def _read_request(reader: Any, number: int) -> Sent | None:
    first = reader.readline(65_536).decode("latin-1").split()
    if len(first) != 3:
        return None
    headers: dict[str, str] = {}
    while line := reader.readline(65_536).decode("latin-1").strip():
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = reader.read(int(headers.get("content-length", 0)))
    address = urlsplit(first[1])
    return Sent(
        method=first[0],
        path=address.path,
        query=parse_qs(address.query, keep_blank_values=True),
        headers=headers,
        body=body,
        connection=number,
    )


@cache
def _bomb() -> bytes:
    return gzip.compress(b"\0" * 100_000_000, compresslevel=9)


def wait_until(condition: Callable[[], bool], seconds: float = A_MINUTE) -> bool:
    """Wait for a condition; tells whether it came true in time."""
    until = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True
