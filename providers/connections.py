"""Connections that are checked on the address they are really opened to, and cut when their time is up."""

from __future__ import annotations

import heapq
import ipaddress
import itertools
import logging
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from types import TracebackType
from typing import Any, NamedTuple

import certifi
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from providers.answers import Unreadable
from providers.exceptions import NotSent

# urllib3 logs whole addresses, and some vendors' lists are asked for by phone number.
logging.getLogger("urllib3").setLevel(logging.ERROR)

PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = tuple[Any, ...]
"""What a socket of its family connects to."""


class Origin(NamedTuple):
    """Where a connection goes; the sandbox alone may be plain http and a private address."""

    scheme: str
    host: str
    port: int
    is_sandbox: bool = False


def is_public(address: str) -> bool:
    """Tell whether an IP address belongs to the public internet, also where it carries an IPv4 address inside."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.sixtofour or ip.teredo or ip.is_site_local:
            return False
        if ip in _NAT64:
            ip = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        elif ip.ipv4_mapped:
            ip = ip.ipv4_mapped
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_unspecified)


# One exchange and its deadline


class Exchange:
    """One request and its answer; the watchdog cuts its sockets when the time is up."""

    def __init__(self, origin: Origin, seconds: float, connect_seconds: float) -> None:
        self.origin = origin
        self.connect_seconds = connect_seconds
        self.ends_at = time.monotonic() + seconds
        self.is_over = False
        self._seconds = seconds
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def __enter__(self) -> Exchange:
        self._outer: Exchange | None = getattr(_current, "exchange", None)
        _current.exchange = self
        _state.watchdog.add(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.exchange = self._outer
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    def left(self) -> float:
        """Return the seconds left, never negative."""
        return max(self.ends_at - time.monotonic(), 0.0)

    def watch(self, sock: socket.socket) -> None:
        """Let the watchdog cut this connection; a duplicate is kept, which stays valid through the TLS wrap."""
        with self._lock:
            if self.is_over:
                raise TimeoutError
            self._sockets.append(socket.socket(sock.family, sock.type, sock.proto, fileno=os.dup(sock.fileno())))

    def cut(self) -> None:
        """End the exchange wherever it is: every blocked read and write of it returns."""
        with self._lock:
            self.is_over = True
            for watched in self._sockets:
                with suppress(OSError):
                    watched.shutdown(socket.SHUT_RDWR)

    def failure(self, error: Exception) -> str:
        """Say what went wrong without the error's own words, which may hold a header or an address."""
        if self.is_over or not self.left():
            return f"no whole answer came within {self._seconds:g} s"
        if isinstance(error, Unreadable):
            return str(error)
        return f"the connection broke ({type(error).__name__})"


class _Watchdog:
    """One thread that ends every exchange at its time."""

    def __init__(self) -> None:
        self._wake = threading.Condition()
        self._heap: list[tuple[float, int, Exchange]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def add(self, exchange: Exchange) -> None:
        with self._wake:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="http-deadlines", daemon=True)
                self._thread.start()
            heapq.heappush(self._heap, (exchange.ends_at, next(self._numbers), exchange))
            if self._heap[0][2] is exchange:
                self._wake.notify()

    def _run(self) -> None:
        while True:
            with self._wake:
                left = self._heap[0][0] - time.monotonic() if self._heap else None
                if left is None or left > 0:
                    self._wake.wait(left)
                    continue
                exchange = heapq.heappop(self._heap)[2]
            exchange.cut()


class _State:
    """What the process shares: the watchdog and the pools of reads; a forked child begins with its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.watchdog = _Watchdog()
        self.pools: dict[Origin, HTTPConnectionPool] = {}


_state = _State()
_current = threading.local()
os.register_at_fork(after_in_child=lambda: _state.__init__())  # type: ignore[misc]


# Connections


class _Http(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _open_socket(_current.exchange)

    def connect(self) -> None:
        _connect(super().connect)


class _Https(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _open_socket(_current.exchange)

    def connect(self) -> None:
        _connect(super().connect)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http

    def _get_conn(self, timeout: float | None = None) -> Any:
        return _watched(super()._get_conn(timeout))


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https

    def _get_conn(self, timeout: float | None = None) -> Any:
        return _watched(super()._get_conn(timeout))


def pool_of(origin: Origin) -> HTTPConnectionPool:
    with _state.lock:
        if origin not in _state.pools:
            if origin.scheme == "https":
                _state.pools[origin] = _HttpsPool(
                    origin.host, origin.port, maxsize=64, ssl_context=tls_context(), cert_reqs="CERT_REQUIRED"
                )
            else:
                _state.pools[origin] = _HttpPool(origin.host, origin.port, maxsize=64)
        return _state.pools[origin]


@cache
def tls_context() -> ssl.SSLContext:
    """Return the one TLS context: verifies, trusts the system's authorities and certifi's."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


def _watched(connection: Any) -> Any:
    if (sock := getattr(connection, "sock", None)) is not None:
        _current.exchange.watch(sock)
    return connection


def _connect(connect: Callable[[], None]) -> None:
    try:
        connect()
    except NotSent:
        raise
    except Exception as error:
        raise NotSent(f"No connection to the vendor ({type(error).__name__}).") from None


def _open_socket(exchange: Exchange) -> socket.socket:
    """Connect to the first address that answers, once all of them were found public (or it is the sandbox)."""
    origin = exchange.origin
    until = min(time.monotonic() + exchange.connect_seconds, exchange.ends_at)
    addresses = _resolve(origin, until - time.monotonic())
    if not origin.is_sandbox and not all(is_public(address[0]) for _, address in addresses):
        raise NotSent(f"{origin.host} has an address that is not public; nothing was sent.")
    failure = "no address"
    for number, (family, address) in enumerate(addresses):
        share = (until - time.monotonic()) / (len(addresses) - number)
        if share <= 0:
            break
        sock = socket.socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(share)
            sock.connect(address)
            exchange.watch(sock)
            sock.settimeout(max(until - time.monotonic(), 0.01))
        except OSError as error:
            sock.close()
            failure = type(error).__name__
            continue
        return sock
    raise NotSent(f"{origin.host} does not take connections ({failure}).")


def is_literal(host: str) -> bool:
    """Tell whether a host is an address already, so that nobody is asked for it."""
    return bool(re.fullmatch(r"[0-9.]+|.*:.*", host))


def addresses_of(origin: Origin) -> list[tuple[int, Address]]:
    """Return the addresses of an origin's host with their families, at most eight; none where it is not found."""
    with suppress(OSError, UnicodeError):
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        return [(family, address) for family, _, _, _, address in found[:8]]
    return []


def _resolve(origin: Origin, seconds: float) -> list[tuple[int, Address]]:
    """Look a name up in a thread of its own, because a look-up itself knows no time-out."""
    found: list[tuple[int, Address]] = []
    if is_literal(origin.host):
        found = addresses_of(origin)
    else:
        thread = threading.Thread(target=lambda: found.extend(addresses_of(origin)), daemon=True)
        thread.start()
        thread.join(max(seconds, 0.01))
    if not found:
        raise NotSent(f"The name {origin.host} cannot be resolved.")
    return found
