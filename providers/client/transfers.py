"""One HTTP request and its answer, as a libcurl transfer."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from socket import SocketType

import pycurl
from requests import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from providers.client import addresses, authorities
from providers.client.limits import TOO_LARGE, AnswerBuffer, Unreadable
from providers.exceptions import NotSent, ProviderError

Outcome = Response | ProviderError
_BLANK = vars(Response())
"""Attributes of an empty response, copied into each: `Response()` would build a cookie jar every time."""
_UNCONNECTED = {
    pycurl.E_OPERATION_TIMEDOUT: "too slow",
    pycurl.E_PEER_FAILED_VERIFICATION: "its certificate does not hold",
    pycurl.E_SSL_CONNECT_ERROR: "no TLS that both take",
}
_UNREADABLE = {
    pycurl.E_PARTIAL_FILE: "the answer is cut off",
    pycurl.E_UNSUPPORTED_PROTOCOL: "the answer cannot be read",
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "the answer cannot be read",
}

_OVER_ITS_OWN_LIMIT = {pycurl.E_OUT_OF_MEMORY, 100}
"""libcurl's results for one header that is too long; pycurl has no name for CURLE_TOO_LARGE yet."""


@cache
def template(scheme: str, is_pooled: bool) -> pycurl.Curl:
    """Return a libcurl handle with the options that all requests of a scheme share; it is copied for each."""
    curl = pycurl.Curl()
    for option, value in {
        pycurl.NOSIGNAL: 1,
        pycurl.PROTOCOLS: pycurl.PROTO_HTTP if scheme == "http" else pycurl.PROTO_HTTPS,
        pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
        pycurl.HTTP09_ALLOWED: 0,
        pycurl.FOLLOWLOCATION: 0,
        pycurl.PROXY: "",
        pycurl.NOPROXY: "*",
        pycurl.NETRC: pycurl.NETRC_IGNORED,
        pycurl.PATH_AS_IS: 1,
        pycurl.DNS_CACHE_TIMEOUT: 1,  # simultaneous orders share a DNS look-up; cached no longer: addresses change
        pycurl.FRESH_CONNECT: not is_pooled,
        pycurl.FORBID_REUSE: not is_pooled,
        pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
        pycurl.SSL_VERIFYPEER: 1,
        pycurl.SSL_VERIFYHOST: 2,
        pycurl.SSL_EC_CURVES: "X25519:P-256:P-384",  # post-quantum hybrid keys would cost a tenth more CPU an order
        pycurl.CAINFO: authorities.authorities_file(),
    }.items():
        curl.setopt(option, value)
    return curl


class Transfer:
    """One request, from the DNS look-up to the last byte of its answer, at most `cap` bytes of body.

    `timeout` is (seconds to connect, seconds in all). `may_leave` is called once the connection is ready and before
    the first byte is written. Where it was not called or returned False, the outcome is `NotSent`. After that the
    outcome is the complete answer, or the error that `lost` builds from the reason.
    """

    def __init__(
        self,
        request: PreparedRequest,
        origin: addresses.Origin,
        cap: int,
        timeout: tuple[float, float],
        may_leave: Callable[[], bool],
        lost: Callable[[str], ProviderError],
        *,
        is_pooled: bool = False,
    ) -> None:
        self.outcome: Outcome | None = None
        self.began, self.ended, self.is_unreadable = time.monotonic(), 0.0, False
        self._request, self._origin, self._answer = request, origin, AnswerBuffer(cap)
        self._timeout, self._may_leave, self._lost = timeout, may_leave, lost
        self._has_left = self._is_resolved = self._is_private = False
        self._refusal, self._code = "", 0
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        lines += ["Expect:", "Connection:" if is_pooled else "Connection: close"]
        if "Content-Type" not in request.headers:
            lines.append("Content-Type: application/json" if request.body else "Content-Type:")
        self.curl = curl = template(origin.scheme, is_pooled).duphandle()
        curl.setopt(pycurl.URL, request.url)
        curl.setopt(pycurl.CUSTOMREQUEST, request.method)
        curl.setopt(pycurl.HTTPHEADER, lines)
        if request.method != "GET":
            curl.setopt(pycurl.POSTFIELDS, request.body or b"")
        curl.setopt(pycurl.TIMEOUT_MS, max(round(timeout[1] * 1000), 1))
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, max(round(min(timeout) * 1000), 1))
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        curl.setopt(pycurl.PREREQFUNCTION, self._leave)
        curl.setopt(pycurl.HEADERFUNCTION, self._answer.add_line)
        curl.setopt(pycurl.WRITEFUNCTION, self._answer.add)

    def forget_address(self) -> None:
        """Let the name be looked up anew, whatever libcurl remembers of it."""
        self.curl.setopt(pycurl.RESOLVE, [f"-{self._origin.host}:{self._origin.port}"])

    def answer(self) -> Response:
        """Return the transfer's answer; raises its error where it has none."""
        if isinstance(self.outcome, Response):
            return self.outcome
        assert self.outcome is not None
        raise self.outcome

    @property
    def cause(self) -> str:
        """In one word what kept an answer away, for those who are no vendor; empty where there is one."""
        if isinstance(self.outcome, Response):
            return ""
        if self._is_private:
            return "private"
        if self._code in _UNCONNECTED and self._code != pycurl.E_OPERATION_TIMEDOUT:
            return "certificate"
        if self._code == pycurl.E_OPERATION_TIMEDOUT:
            return "slow"
        if self._code in _OVER_ITS_OWN_LIMIT:
            return "too_large"
        if self._answer.problem or self._code in _UNREADABLE:
            return "too_large" if self._answer.problem == TOO_LARGE else "unreadable"
        return "connection" if self._is_resolved else "name"

    def end(self, code: int) -> None:
        """Set the outcome from libcurl's result code (0: success), and free the handle."""
        self.ended, self._code = time.monotonic(), code
        try:
            self.outcome = self._failure(code) if code else self._response()
        except Unreadable as error:
            self._answer.problem = str(error)
            self.outcome = self._failure(code)
        self.curl.close()

    # libcurl's callbacks: an exception that left one would end every other transfer too

    def _open(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> _Socket | int:
        """Create a connection's socket, after checking the IP address that it connects to."""
        self._is_resolved = True
        try:
            if not self._origin.is_sandbox and not addresses.is_public(address[3][0]):
                self._refusal = f"{self._origin.host} has an address that is not public; nothing was sent."
                self._is_private = True
            return pycurl.SOCKET_BAD if self._refusal else _Socket(*address[:3])
        except (OSError, ValueError):
            return pycurl.SOCKET_BAD

    def _leave(self, *_where: object) -> int:
        """Allow or abort the request, as libcurl's last callback before the first byte (PREREQFUNCTION)."""
        if not self._refusal and not self._may_leave():
            self._refusal = "It took too long to reach the vendor; the order did not leave."
        # libcurl calls again when a pooled connection was stale and it reconnects: only a GET may be sent again.
        if self._refusal or (self._has_left and self._request.method != "GET"):
            return pycurl.PREREQFUNC_ABORT
        self._has_left = True
        return pycurl.PREREQFUNC_OK

    # The outcome

    def _response(self) -> Response:
        response = Response.__new__(Response)
        vars(response).update(_BLANK)
        response._content = self._answer.whole()
        response.status_code, response.headers = self._answer.status, CaseInsensitiveDict(self._answer.headers)
        response.url, response.request = self._request.url or "", self._request
        return response

    def _failure(self, code: int) -> ProviderError:
        """Return the error of a failed transfer, without libcurl's message, which may hold a header or an address."""
        if self._has_left:
            reason = self._answer.problem or _UNREADABLE.get(code, "")
            self.is_unreadable = bool(reason)
            if code == pycurl.E_OPERATION_TIMEDOUT:
                reason = f"no whole answer came within {self._timeout[1]:.2g} s"
            return self._lost(reason or f"the connection broke (libcurl {code})")
        if self._refusal:
            return NotSent(self._refusal)
        if not self._is_resolved and code in {pycurl.E_COULDNT_RESOLVE_HOST, pycurl.E_OPERATION_TIMEDOUT}:
            return NotSent(f"The name {self._origin.host} cannot be resolved.")
        why = _UNCONNECTED.get(code) or type(OSError(self.curl.getinfo(pycurl.OS_ERRNO), "")).__name__
        return NotSent(f"No connection to the vendor ({why}).")


class _Socket(SocketType):
    """A socket whose descriptor libcurl duplicates; closes itself without Python's ResourceWarning."""

    def __del__(self) -> None:
        self.close()
