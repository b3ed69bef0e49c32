"""One request on the wire and its answer, as libcurl carries it."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache
from socket import SocketType

import pycurl
from requests import PreparedRequest, Response
from requests.structures import CaseInsensitiveDict

from providers.client import addresses, authorities
from providers.client.limits import Answer, Unreadable
from providers.exceptions import NotSent, ProviderError

Outcome = Response | ProviderError
_BLANK = vars(Response())
"""What every answer begins with; `requests` would make a jar of cookies for each."""
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


@cache
def template(scheme: str, is_pooled: bool) -> pycurl.Curl:
    """Return what every request of a scheme has in common, to be copied."""
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
        pycurl.DNS_CACHE_TIMEOUT: 1,  # orders of one moment share a look-up, and none is kept: addresses change
        pycurl.FRESH_CONNECT: not is_pooled,
        pycurl.FORBID_REUSE: not is_pooled,
        pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
        pycurl.SSL_VERIFYPEER: 1,
        pycurl.SSL_VERIFYHOST: 2,
        pycurl.SSL_EC_CURVES: "X25519:P-256:P-384",  # hybrid keys would cost an order a tenth more
        pycurl.CAINFO: authorities.authorities_file(),
    }.items():
        curl.setopt(option, value)
    return curl


class Transfer:
    """One request, from the look-up of its host to the last byte of its answer, `cap` bytes of body at most.

    `timeout` holds the seconds to connect and those for all. `may_leave` is asked when the connection stands and
    before the first byte is written. Where it was not asked, or said no, the outcome is `NotSent`; after it only a
    whole answer tells what became of the request, and all else is what `lost` makes of the reason.
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
        self._request, self._origin, self._answer = request, origin, Answer(cap)
        self._timeout, self._may_leave, self._lost = timeout, may_leave, lost
        self._has_left = self._is_resolved = False
        self._refusal = ""
        lines = [f"{name}: {value}" for name, value in request.headers.items()]
        lines += ["Expect:", "Connection:" if is_pooled else "Connection: close"]
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
            self._answer.problem = str(error)
            self.outcome = self._failure(code)
        self.curl.close()

    # What libcurl calls: an error that left it would end every other transfer too

    def _open(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> _Socket | int:
        """Make the socket of a connection, once the very address that it goes to was checked."""
        self._is_resolved = True
        try:
            if not self._origin.is_sandbox and not addresses.is_public(address[3][0]):
                self._refusal = f"{self._origin.host} has an address that is not public; nothing was sent."
            return pycurl.SOCKET_BAD if self._refusal else _Socket(*address[:3])
        except (OSError, ValueError):
            return pycurl.SOCKET_BAD

    def _leave(self, *_where: object) -> int:
        """Answer libcurl's last question before the first byte."""
        if not self._refusal and not self._may_leave():
            self._refusal = "It took too long to reach the vendor; the order did not leave."
        # On a pooled connection that went stale it asks again: only a read may be sent again.
        if self._refusal or (self._has_left and self._request.method != "GET"):
            return pycurl.PREREQFUNC_ABORT
        self._has_left = True
        return pycurl.PREREQFUNC_OK

    # What it came to

    def _response(self) -> Response:
        response = Response.__new__(Response)
        vars(response).update(_BLANK)
        response._content = self._answer.whole()
        response.status_code, response.headers = self._answer.status, CaseInsensitiveDict(self._answer.headers)
        response.url, response.request = self._request.url or "", self._request
        return response

    def _failure(self, code: int) -> ProviderError:
        """Say what went wrong without libcurl's words, which may hold a header or an address."""
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
    """A socket of which libcurl takes a copy; it goes without Python's word about one that was left open."""

    def __del__(self) -> None:
        self.close()
