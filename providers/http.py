"""The one door to the network: `send_once` leaves exactly once or says that it did not; `read` may pool and retry.

Every connection is checked on the address that it is really opened to, and every exchange has one wall-clock deadline
that a slow drip of bytes cannot stretch. No redirect is followed, no proxy is taken from the environment, and no
message names a header, a key or a query.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from urllib3 import BaseHTTPResponse, Timeout

from providers.answers import Body, Unreadable
from providers.base import ProviderBackend, Request, Response
from providers.clock import boottime
from providers.connections import PORTS, Exchange, Origin, pool_of
from providers.exceptions import (
    NotSent,
    OrderRejected,
    ProviderMisconfigured,
    RecordingHostRefused,
    UnexpectedResponse,
)
from providers.parsing import parse_words
from providers.shots import Shot, carry_alone

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,8000}")
_TARGET = re.compile(r"/[!-~]{0,8000}")
_ADDRESS = re.compile(r"[!-\[\]-~]{1,8000}")
_PAUSES_S = (0.2, 0.8)
"""Waits before the second and the third try of a read."""


class HttpDoor:
    """The way to one vendor account; cheap to build, without state of its own, safe to use from many threads.

    Times are in seconds, sizes in bytes after decompression. Raises `ProviderMisconfigured` for an address that must
    not be asked: not https, a host that is not allowed, a port of its own. `recording_hosts` are further hosts whose
    recordings may be read, without our key; one that begins with a dot allows its subdomains.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        allowed_hosts: Collection[str],
        sandbox_origin: str = "",
        recording_hosts: Collection[str] = (),
        connect_timeout: float = 5.0,
        total_timeout: float = 30.0,
        presend: float = 2.0,
        max_bytes: int = 256 * 1024,
        max_read_bytes: int = 2 * 1024 * 1024,
        max_sound_bytes: int = 50 * 1024 * 1024,
        may_repeat: Callable[[], bool] = lambda: True,
    ) -> None:
        self._may_repeat = may_repeat
        self._sandbox = _sandbox(sandbox_origin)
        self._recording_hosts = tuple(host.strip().lower() for host in recording_hosts if host.strip())
        try:
            parts, self.origin = self._checked(base_url, [host.strip().lower() for host in allowed_hosts])
        except ValueError as error:
            raise ProviderMisconfigured(f"The provider's base URL cannot be used: {error}") from None
        if parts.query:
            raise ProviderMisconfigured("The provider's base URL cannot be used: it has a query.")
        self._base_path = parts.path.rstrip("/")
        self._headers = {"User-Agent": "callcenter", "Accept-Encoding": "identity", **headers}
        if not all(_HEADER_NAME.fullmatch(n) and _HEADER_VALUE.fullmatch(v) for n, v in self._headers.items()):
            raise ProviderMisconfigured("The provider's key or header has characters that cannot be sent.")
        self._connect_timeout, self._total_timeout, self._presend = connect_timeout, total_timeout, presend
        self._max_bytes, self._max_read_bytes, self._max_sound_bytes = max_bytes, max_read_bytes, max_sound_bytes

    def aim(self, request: Request, committed_at: float) -> Shot:
        """Return a request that has an effect, ready to leave once, on a fresh connection.

        `committed_at` is the instant of its commit point, as `boottime()` counts. The shot ends in an answer, in
        `NotSent` where no byte of it left (no connection, or `presend` seconds passed since the commit point), or in
        `OutcomeUnknown`. Raises `OrderRejected` where it cannot be written.
        """
        target = self._target(request)
        try:
            body, headers = self._written(request)
        except (TypeError, ValueError, RecursionError):
            raise OrderRejected("The order holds a value that cannot be written as JSON.") from None
        return Shot(
            self.origin,
            _message(request.method, self.origin, target, headers, body or b""),
            seconds=self._total_timeout,
            connect_seconds=self._connect_timeout,
            cap=self._max_bytes,
            may_leave=lambda: boottime() - committed_at < self._presend,
        )

    def send_once(self, request: Request) -> Response:
        """Send a request that has an effect, at most once, on a fresh connection; raises what `aim` tells of."""
        return carry_alone(self.aim(request, boottime()))

    def read(self, request: Request) -> Response:
        """Send a harmless request on a pooled connection; a GET is tried again after a failure, a POST only unsent.

        Raises `NotSent` where no connection could be made, `UnexpectedResponse` where no whole answer came.
        """
        return self._read(self.origin, request, self._target(request), self._max_read_bytes)

    def read_sound(self, source: Request | str) -> Response:
        """Read a recording under its own larger cap: a request with our key, an absolute address without it.

        Raises `RecordingHostRefused` for an address whose host is neither the vendor's nor a recording host.
        """
        if isinstance(source, Request):
            return self._read(self.origin, source, self._target(source), self._max_sound_bytes)
        try:
            parts, origin = self._checked(source, [self.origin.host, *self._recording_hosts])
        except _ForeignHost as error:
            raise RecordingHostRefused(error.host) from None
        except ValueError as error:
            raise UnexpectedResponse(f"The recording's address cannot be used: {error}") from None
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        return self._read(origin, Request(method="GET", path="/"), target, self._max_sound_bytes, with_key=False)

    def _read(self, origin: Origin, request: Request, target: str, cap: int, *, with_key: bool = True) -> Response:
        try:
            body, headers = self._written(request)
        except (TypeError, ValueError, RecursionError):
            raise UnexpectedResponse("The request holds a value that cannot be written as JSON.") from None
        if not with_key:
            headers = {"User-Agent": "callcenter", "Accept-Encoding": "identity"}
        repeatable = request.method == "GET"
        failure: NotSent | UnexpectedResponse
        with Exchange(origin, self._total_timeout, self._connect_timeout) as exchange:
            for pause in (*_PAUSES_S, None):
                last = pause is None or exchange.left() <= pause
                answer: Response | None = None
                try:
                    answer = self._ask(origin, request.method, target, body, headers, cap, exchange)
                except NotSent as error:
                    failure = error
                except Exception as error:
                    failure = UnexpectedResponse(f"A read failed: {exchange.failure(error)}.")
                    last = last or not repeatable or isinstance(error, Unreadable)
                else:
                    if last or not repeatable or answer.status not in {502, 503, 504}:
                        return answer
                if last or pause is None or exchange.left() <= pause:
                    break
                time.sleep(pause)
                if not self._may_repeat():
                    if answer is not None:
                        return answer
                    break
        raise failure from None

    def _ask(
        self,
        origin: Origin,
        method: str,
        target: str,
        body: bytes | None,
        headers: Mapping[str, str],
        cap: int,
        exchange: Exchange,
    ) -> Response:
        answer = pool_of(origin).urlopen(
            method,
            target,
            body,
            headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=Timeout(connect=self._connect_timeout, read=self._total_timeout),
            preload_content=False,
            decode_content=False,
        )
        try:
            whole = _whole(answer, cap, exchange)
        except BaseException:
            answer.close()
            raise
        answer.release_conn()
        return whole

    def _target(self, request: Request) -> str:
        query = urlencode(request.params, doseq=True, quote_via=quote)
        target = self._base_path + request.path + (f"?{query}" if query else "")
        if not _TARGET.fullmatch(target):
            raise ProviderMisconfigured("A request's path cannot be sent.")
        return target

    def _written(self, request: Request) -> tuple[bytes | None, dict[str, str]]:
        if request.json is None:
            return None, {"Accept": "application/json", **self._headers}
        body = json.dumps(request.json, allow_nan=False).encode()
        return body, {"Accept": "application/json", "Content-Type": "application/json", **self._headers}

    def _checked(self, url: str, allowed: Sequence[str]) -> tuple[SplitResult, Origin]:
        """Split an address; raises ValueError with the reason where it must not be asked."""
        if not _ADDRESS.fullmatch(url):
            raise ValueError("it has characters that an address must not have.")
        try:
            parts = urlsplit(url)
            scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
            port = parts.port or PORTS.get(scheme, 0)
        except ValueError:
            raise ValueError("it is not an address.") from None
        if not host or "@" in parts.netloc or parts.fragment:
            raise ValueError("it is not a plain address.")
        if self._sandbox == Origin(scheme, host, port, is_sandbox=True):
            return parts, self._sandbox
        if scheme != "https" or port != 443:
            raise ValueError("it must be https on the usual port.")
        if not any(host == name or (name.startswith(".") and host.endswith(name)) for name in allowed):
            raise _ForeignHost(host)
        return parts, Origin(scheme, host, port)


class _ForeignHost(ValueError):
    def __init__(self, host: str) -> None:
        super().__init__("its host is not allowed here.")
        self.host = host


def open_door(
    backend: type[ProviderBackend],
    *,
    secrets: Mapping[str, str],
    options: Mapping[str, Any],
    allowed_hosts: Collection[str],
    sandbox_origin: str = "",
    **limits: Any,
) -> HttpDoor:
    """Open the door for one provider's secrets and options; `limits` are `HttpDoor`'s times and sizes."""
    return HttpDoor(
        options.get("base_url") or backend.default_base_url,
        headers=backend.auth_headers(secrets, options),
        allowed_hosts=allowed_hosts,
        sandbox_origin=sandbox_origin,
        recording_hosts=parse_words(options.get("recording_hosts")),
        **limits,
    )


def _sandbox(address: str) -> Origin | None:
    if not address:
        return None
    parts = urlsplit(address)
    return Origin(parts.scheme, parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0), is_sandbox=True)


# Answers


def _whole(answer: BaseHTTPResponse, cap: int, exchange: Exchange) -> Response:
    """Read an answer to its end; raises where it is cut, over the cap once unpacked, or out of time."""
    headers = {name.lower(): value for name, value in answer.headers.items()}
    body = Body(headers.get("content-encoding", ""), cap)
    while piece := answer.read(16_384, decode_content=False):
        body.add(piece)
    # A connection that the watchdog cut looks like the end of a body without a length.
    if exchange.is_over:
        raise Unreadable("the answer is cut off")
    return Response(status=answer.status, headers=headers, body=body.whole())


# Requests


def _message(method: str, origin: Origin, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """Return a request whose target and headers were checked, as it goes over the wire."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    port = "" if origin.port == PORTS.get(origin.scheme) else f":{origin.port}"
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}{port}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines += ["Connection: close", f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode("ascii") + body
