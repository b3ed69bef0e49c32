"""The loop of transfers: what has ended is told of at once, however it ended."""

from __future__ import annotations

import threading
import time
from typing import Any

import pycurl

from providers.client.client import boottime
from providers.client.loop import TransferLoop
from tests.providers.clients import ORDER, client_to
from tests.providers.vendor_stub import Answer, VendorStub
from tests.waiting import A_MINUTE


class HastyLoop(TransferLoop):
    """A loop whose vendor is so quick that a transfer ends in the very call that starts it."""

    def __init__(self) -> None:
        self.sockets: set[int] = set()
        super().__init__()
        self._multi = HastyMulti(self._multi, self.sockets)  # type: ignore[assignment]

    def _watch(self, what: int, number: int, *rest: object) -> None:
        (self.sockets.discard if what == pycurl.POLL_REMOVE else self.sockets.add)(number)
        super()._watch(what, number, *rest)


class HastyMulti:
    """Goes on with what was started until it has ended."""

    def __init__(self, multi: pycurl.CurlMulti, sockets: set[int]) -> None:
        self._multi, self._sockets = multi, sockets

    def __getattr__(self, name: str) -> Any:
        return getattr(self._multi, name)

    def socket_action(self, number: int, events: int) -> Any:
        result = self._multi.socket_action(number, events)
        until = time.monotonic() + 2
        while self._multi.timeout() >= 0 and time.monotonic() < until:
            for one in tuple(self._sockets):
                self._multi.socket_action(one, 0)
            result = self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            time.sleep(0.002)
        return result


def test_transfer_that_ends_at_once_is_not_waited_for() -> None:
    loop, ended = HastyLoop(), []
    with VendorStub() as stub:
        stub.answer(Answer(200, {"ok": True}))
        transfer = client_to(stub).prepare(ORDER, boottime())

        def run() -> None:
            loop.start(transfer)
            while not ended:
                ended.extend(loop.turn())

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(A_MINUTE)
        assert ended == [transfer], "it is waited for although it has ended"
        assert transfer.answer().status_code == 200
    loop.close()
