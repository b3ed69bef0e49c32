"""Sessions of `requests` for reads, with an adapter that pools connections and retries harmless requests."""

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
"""Seconds to wait after each try of a read; None after the last."""


class _Session(Session):
    def get_redirect_target(self, resp: Response) -> None:
        """Return None: redirects are not followed."""


@lru_cache(maxsize=256)
def session_of(origin: Origin, cap: int) -> Session:
    """Return a session for reads from an origin, with a cap of `cap` bytes on each answer."""
    session = _Session()
    session.trust_env = False
    session.mount(origin.url, CurlAdapter(origin, cap))
    return session


class CurlAdapter(BaseAdapter):
    """Transport adapter over libcurl: a failed GET is retried, another method only if it was not sent.

    Raises `NotSent` where no connection could be made, `UnexpectedResponse` where no complete answer came.
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
        """Send a request; `timeout` is (seconds to connect, seconds for all tries together).

        `may_repeat` is called before each retry and may forbid it: a retry takes a token of the provider's pace too.
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
        """Do nothing: the pooled connections are shared with other sessions."""


def _lost(reason: str) -> UnexpectedResponse:
    return UnexpectedResponse(f"A read failed: {reason}.")
