"""One request on the wire and its answer, as libcurl carries it."""

from __future__ import annotations

import io
import socket
import time
from collections.abc import Callable
from functools import partial

import pycurl
from requests import PreparedRequest, Response

from providers.client import addresses, authorities
from providers.client.addresses import Origin
from providers.client.limits import Answer, Unreadable
from providers.exceptions import NotSent, ProviderError

Outcome = Response | ProviderError
ALWAYS = {
    pycurl.NOSIGNAL: 1,
    pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
    pycurl.HTTP09_ALLOWED: 0,
    pycurl.FOLLOWLOCATION: 0,
    pycurl.PROXY: "",
    pycurl.NOPROXY: "*",
    pycurl.NETRC: pycurl.NETRC_IGNORED,
    pycurl.PATH_AS_IS: 1,
    pycurl.DNS_CACHE_TIMEOUT: 1,  # orders of one moment share a look-up, and none is kept: addresses change
    pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
    pycurl.SSL_VERIFYPEER: 1,
    pycurl.SSL_VERIFYHOST: 2,
    pycurl.SSL_SESSIONID_CACHE: 0,  # every connection shows its certificate
}
_UNCONNECTED = {
    pycurl.E_OPERATION_TIMEDOUT: "too slow",
    pycurl.E_PEER_FAILED_VERIFICATION: "its certificate does not hold",
    pycurl.E_SSL_CONNECT_ERROR: "no TLS that both take",
}
_FAILURES = {
    pycurl.E_PARTIAL_FILE: "the answer is cut off",
    pycurl.E_UNSUPPORTED_PROTOCOL: "the answer cannot be read",
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "the answer cannot be read",
    pycurl.E_WRITE_ERROR: "the answer cannot be read",
}


class Transfer:
    """One request, from the look-up of its host to the last byte of its answer, `cap` bytes of body at most.

    `timeout` holds the seconds to connect and those for all. `may_leave` is asked when the connection stands and
    before the first byte is written. Where it was not asked, or said no, the outcome is `NotSent`; after it only a
    whole answer tells what became of the request, and all else is what `lost` makes of the reason.
    """

    def __init__(
        self,
        request: PreparedRequest,
        origin: Origin,
        cap: int,
        timeout: tuple[float, float],
        may_leave: Callable[[], bool],
        lost: Callable[[str], ProviderError],
        *,
        keeps_connection: bool = False,
    ) -> None:
        self.outcome: Outcome | None = None
        self.began, self.ended, self.is_unreadable = time.monotonic(), 0.0, False
        self._request, self._origin, self._answer = request, origin, Answer(cap)
        self._seconds, self._may_leave, self._lost = timeout[1], may_leave, lost
        self._has_left = self._is_resolved = False
        self._refusal, self._problem = "", ""
        headers = {"Expect": "", "Content-Type": "", "Connection": "" if keeps_connection else "close"}
        headers |= {name: value for name, value in request.headers.items() if name != "Content-Length"}
        options = ALWAYS | {
            pycurl.URL: request.url,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTP if origin.scheme == "http" else pycurl.PROTO_HTTPS,
            pycurl.CUSTOMREQUEST: request.method,
            pycurl.HTTPHEADER: [f"{name}: {value}".rstrip() for name, value in headers.items()],
            pycurl.TIMEOUT_MS: max(round(timeout[1] * 1000), 1),
            pycurl.CONNECTTIMEOUT_MS: max(round(min(timeout) * 1000), 1),
            pycurl.FRESH_CONNECT: not keeps_connection,
            pycurl.FORBID_REUSE: not keeps_connection,
            pycurl.OPENSOCKETFUNCTION: self._open,
            pycurl.PREREQFUNCTION: self._leave,
            pycurl.HEADERFUNCTION: partial(self._take, self._answer.add_line),
            pycurl.WRITEFUNCTION: partial(self._take, self._answer.add),
        }
        if origin.scheme == "https":
            options[pycurl.CAINFO] = authorities.authorities_file()
        if request.method != "GET":
            options[pycurl.POSTFIELDS] = request.body or b""
        self.curl = pycurl.Curl()
        for option, value in options.items():
            self.curl.setopt(option, value)

    def answer(self) -> Response:
        """Return the answer it ended in; raises what it ended in where that is none."""
        if isinstance(self.outcome, Response):
            return self.outcome
        assert self.outcome is not None
        raise self.outcome

    def end(self, code: int) -> None:
        """Tell by libcurl's code what it came to, and let everything go."""
        self.ended = time.monotonic()
        try:
            self.outcome = self._failure(code) if code else self._response()
        except Unreadable as error:
            self._problem = str(error)
            self.outcome = self._failure(code)
        self.curl.close()

    # What libcurl calls

    def _open(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> socket.socket | int:
        """Make the socket of a connection, once the very address that it goes to was checked."""
        family, kind, protocol, where = address
        self._is_resolved = True
        if not self._origin.is_sandbox and not addresses.is_public(where[0]):
            self._refusal = f"{self._origin.host} has an address that is not public; nothing was sent."
        return pycurl.SOCKET_BAD if self._refusal else socket.socket(family, kind, protocol)

    def _leave(self, *_where: object) -> int:
        """Answer libcurl's last question before the first byte."""
        # On a pooled connection that went stale it asks again: only a read may be sent again.
        if self._refusal or (self._has_left and self._request.method != "GET"):
            return pycurl.PREREQFUNC_ABORT
        if not self._may_leave():
            self._refusal = "It took too long to reach the vendor; the order did not leave."
            return pycurl.PREREQFUNC_ABORT
        self._has_left = True
        return pycurl.PREREQFUNC_OK

    def _take(self, add: Callable[[bytes], None], piece: bytes) -> int:
        try:
            add(piece)
        except Exception as error:
            self._problem = str(error) if isinstance(error, Unreadable) else "the answer cannot be read"
            return 0
        return len(piece)

    # What it came to

    def _response(self) -> Response:
        response = Response()
        response.raw = io.BytesIO(self._answer.whole())
        response.status_code, response.headers = self._answer.status, self._answer.headers
        response.url, response.request = self._request.url or "", self._request
        return response

    def _failure(self, code: int) -> ProviderError:
        """Say what went wrong without libcurl's words, which may hold a header or an address."""
        if self._has_left:
            self.is_unreadable = bool(self._problem) or code in _FAILURES
            broken = f"the connection broke (libcurl {code})"
            if code == pycurl.E_OPERATION_TIMEDOUT:
                broken = f"no whole answer came within {self._seconds:.2g} s"
            return self._lost(self._problem or _FAILURES.get(code, broken))
        if self._refusal:
            return NotSent(self._refusal)
        if not self._is_resolved and code in {pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_OPERATION_TIMEDOUT}:
            return NotSent(f"The name {self._origin.host} cannot be resolved.")
        why = _UNCONNECTED.get(code) or type(OSError(self.curl.getinfo(pycurl.OS_ERRNO), "")).__name__
        return NotSent(f"No connection to the vendor ({why}).")
