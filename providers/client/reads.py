"""Reads: sessions of `requests` over an adapter that keeps connections and tries a harmless request again."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter

from providers.client.addresses import Origin
from providers.client.loop import carry
from providers.client.transfers import Transfer
from providers.exceptions import NotSent, UnexpectedResponse

_PAUSES_S = (0.2, 0.8, None)
"""Waits after the tries of a read."""


class _Session(Session):
    def get_redirect_target(self, resp: Response) -> None:
        """Take a redirect for an answer like any other."""


@lru_cache(maxsize=256)
def session_of(origin: Origin, cap: int) -> Session:
    """Return the session that reads from an origin, up to `cap` bytes an answer."""
    session = _Session()
    session.trust_env = False
    session.mount(origin.url, CurlAdapter(origin, cap))
    return session


class CurlAdapter(BaseAdapter):
    """Sends a session's requests with libcurl: a GET is tried again after a failure, another method only unsent.

    Raises `NotSent` where no connection could be made, `UnexpectedResponse` where no whole answer came.
    """

    def __init__(self, origin: Origin, cap: int) -> None:
        super().__init__()
        self._origin, self._cap = origin, cap

    def send(
        self,
        request: PreparedRequest,
        *_: Any,
        timeout: Any = None,
        may_repeat: Callable[[], bool] = lambda: True,
        **_more: Any,
    ) -> Response:
        """Send a request; `timeout` holds the seconds to connect and those for all tries together.

        `may_repeat` is asked before each further try, which costs the provider's pace a token like any other.
        """
        is_get, until = request.method == "GET", time.monotonic() + timeout[1]
        for pause in _PAUSES_S:
            times = (timeout[0], until - time.monotonic())
            transfer = Transfer(request, self._origin, self._cap, times, lambda: True, _lost, is_pooled=True)
            outcome = carry(transfer)
            if isinstance(outcome, Response):
                is_worth_another = is_get and outcome.status_code in {502, 503, 504}
            else:
                is_worth_another = isinstance(outcome, NotSent) or (is_get and not transfer.is_unreadable)
            if pause is None or not is_worth_another or until - time.monotonic() <= pause:
                break
            time.sleep(pause)
            if not may_repeat():
                break
        return transfer.answer()

    def close(self) -> None:
        """Leave the connections to whoever reads next."""


def _lost(reason: str) -> UnexpectedResponse:
    return UnexpectedResponse(f"A read failed: {reason}.")
