"""The HTTP client of one account: `send_once` sends at most once and tells whether it did; `read` may retry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from requests import PreparedRequest, Request, Response
from requests.structures import CaseInsensitiveDict

from providers import exceptions
from providers.client.addresses import ForeignHost, Origin, checked
from providers.client.limits import ClientLimits
from providers.client.loop import carry
from providers.client.reads import session_of
from providers.client.transfers import Transfer
from providers.clock import boottime

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,8000}")
_TARGET = re.compile(r"/[!-~]{0,8000}")
_ALWAYS = CaseInsensitiveDict({"User-Agent": "callcenter", "Accept-Encoding": "identity"})
_SOUND = "audio/*, application/octet-stream;q=0.9, */*;q=0.1"
"""What is accepted where a recording is asked for: a strict server answers 406 to a wish for JSON."""


class HttpClient:
    """The client of one vendor account; cheap to build, stateless, thread-safe.

    `headers` hold the key. `recording_hosts` are further hosts from which recordings may be read, without the key; one
    that begins with a dot allows its subdomains. `may_repeat` is called before each retry of a read and may forbid it.
    `limits` are time-outs and size caps. A request's `url` is the path below `base_url`, with percent-encoded ids; its
    body is `json`, or `data` as bytes. No error message holds a header, a key or a query. Raises
    `ProviderMisconfigured` for an address that is not allowed.
    """

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str],
        allowed_hosts: Collection[str],
        sandbox_origin: str = "",
        recording_hosts: Collection[str] = (),
        may_repeat: Callable[[], bool] = lambda: True,
        **limits: Any,
    ) -> None:
        self._sandbox, self._recording_hosts, self._limits = sandbox_origin, recording_hosts, ClientLimits(**limits)
        self._may_repeat = may_repeat
        self._timeout = (self._limits.connect_timeout, self._limits.total_timeout)
        try:
            parts, self.origin = checked(base_url, allowed_hosts, sandbox_origin)
        except ForeignHost:
            raise _misconfigured("base URL cannot be used: its host is not allowed here.") from None
        except ValueError as error:
            raise _misconfigured(f"base URL cannot be used: {error}") from None
        if parts.query:
            raise _misconfigured("base URL cannot be used: it has a query.")
        self._base_path = parts.path.rstrip("/")
        self._headers = CaseInsensitiveDict({"Accept": "application/json", **_ALWAYS, **headers})
        if not all(_HEADER_NAME.fullmatch(n) and _HEADER_VALUE.fullmatch(v) for n, v in self._headers.items()):
            raise _misconfigured("key or header has characters that cannot be sent.")

    def prepare(self, request: Request, committed_at: float) -> Transfer:
        """Return the transfer of a request that has an effect, to be sent at most once, on a fresh connection.

        `committed_at` is the time of its commit point in seconds of `boottime()`. The transfer ends with an answer,
        with `NotSent` where no byte left (no connection, or `presend` seconds have passed since the commit point), or
        with `OutcomeUnknown`. Raises `OrderRejected` where the request cannot be encoded.
        """
        return Transfer(
            self._written(request, exceptions.OrderRejected),
            self.origin,
            self._limits.max_bytes,
            self._timeout,
            may_leave=lambda: boottime() - committed_at < self._limits.presend,
            lost=lambda reason: exceptions.OutcomeUnknown(f"The order left, but {reason}."),
        )

    def send_once(self, request: Request) -> Response:
        """Send a request that has an effect, at most once, on a fresh connection; raises as `prepare` describes."""
        transfer = self.prepare(request, boottime())
        carry(transfer)
        return transfer.answer()

    def read(self, request: Request) -> Response:
        """Send a harmless request on a pooled connection; a failed GET is retried, a failed POST only if unsent.

        Raises `NotSent` where no connection could be made, `UnexpectedResponse` where no complete answer came.
        """
        written = self._written(request, exceptions.UnexpectedResponse)
        return self._read(self.origin, written, self._limits.max_read_bytes)

    def read_sound(self, source: Request | str) -> Response:
        """Read a recording, with a larger size cap: a `Request` is sent with our key, an absolute address without it.

        Raises `RecordingHostRefused` for an address whose host is neither the vendor's nor a recording host.
        """
        cap = self._limits.max_sound_bytes
        if isinstance(source, Request):
            written = self._written(source, exceptions.UnexpectedResponse, accept=_SOUND)
            return self._read(self.origin, written, cap)
        try:
            parts, origin = checked(source, [self.origin.host, *self._recording_hosts], self._sandbox)
        except ForeignHost as error:
            raise exceptions.RecordingHostRefused(str(error)) from None
        except ValueError as error:
            raise exceptions.UnexpectedResponse(f"The recording's address cannot be used: {error}") from None
        url = origin.url + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        keyless = CaseInsensitiveDict({**_ALWAYS, "Accept": _SOUND})
        return self._read(origin, _prepared("GET", url, keyless), cap)

    def _read(self, origin: Origin, prepared: PreparedRequest, cap: int) -> Response:
        session = session_of(origin, cap)
        return session.send(prepared, timeout=self._timeout, allow_redirects=False, may_repeat=self._may_repeat)

    def _written(self, request: Request, refusal: type[exceptions.ProviderError], accept: str = "") -> PreparedRequest:
        query = urlencode(request.params, doseq=True, quote_via=quote) if request.params else ""
        target = self._base_path + request.url + (f"?{query}" if query else "")
        if not _TARGET.fullmatch(target):
            raise exceptions.ProviderMisconfigured("A request's path cannot be sent.")
        try:
            body = request.data if isinstance(request.data, bytes) else None
            if request.json is not None:
                body = json.dumps(request.json, allow_nan=False).encode()
        except (TypeError, ValueError, RecursionError):
            raise refusal("The request holds a value that cannot be written as JSON.") from None
        headers = CaseInsensitiveDict({**self._headers, "Accept": accept}) if accept else self._headers
        return _prepared(request.method, self.origin.url + target, headers, body)


def _prepared(method: str, url: str, headers: CaseInsensitiveDict[str], body: bytes | None = None) -> PreparedRequest:
    """Return the prepared request with its URL as given: `requests` would normalise dots and escapes in the path."""
    prepared = PreparedRequest()
    prepared.method, prepared.url, prepared.headers, prepared.body = method, url, headers, body
    return prepared


def _misconfigured(what: str) -> exceptions.ProviderMisconfigured:
    return exceptions.ProviderMisconfigured(f"The provider's {what}")
