"""Carries transfers for one thread: libcurl says what to wait for, a selector waits, another thread may wake it."""

from __future__ import annotations

import ctypes
import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pycurl

from providers.client.transfers import Outcome, Transfer


class TransferLoop:
    """Starts transfers and takes turns until they are done."""

    def __init__(self) -> None:
        self.in_flight: dict[pycurl.Curl, Transfer] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._selector = selectors.DefaultSelector()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._selector.register(self._woken, selectors.EVENT_READ)

    def start(self, transfer: Transfer) -> None:
        """Begin a transfer."""
        self.in_flight[transfer.curl] = transfer
        self._multi.add_handle(transfer.curl)

    def turn(self, seconds: float | None = None) -> list[Transfer]:
        """Wait until something can go on, so many seconds at most, and return the transfers that are done."""
        due = self._multi.timeout()  # in ms; -1: never
        waits = [wait for wait in (seconds, due / 1000) if wait is not None and wait >= 0]
        ready = self._selector.select(min(waits, default=None))
        for key, events in ready:
            if key.fileobj is self._woken:
                self._woken.recv(4096)
            else:
                self._multi.socket_action(key.fd, events)  # a selector's bits are libcurl's
        if not ready or not due:
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        done, queued = [], 1
        while queued:
            queued, well, badly = self._multi.info_read()
            done += [self._end(curl, 0) for curl in well] + [self._end(curl, code) for curl, code, _ in badly]
        return done

    def carry(self, transfer: Transfer) -> Outcome:
        """Carry one transfer to its end in the thread that asks."""
        self.start(transfer)
        while transfer.outcome is None:
            self.turn()
        return transfer.outcome

    def abandon(self) -> list[Transfer]:
        """End everything in flight as if its connection had broken, and return what is done."""
        return [self._end(curl, pycurl.E_RECV_ERROR) for curl in list(self.in_flight)]

    def wake(self) -> None:
        """End the turn that another thread takes, or will take next."""
        with suppress(BlockingIOError):
            self._waker.send(b"!")

    def close(self) -> None:
        """Let everything go; what is in flight by then ends."""
        self.abandon()
        for each in (self._multi, self._selector, self._woken, self._waker):
            each.close()

    def _end(self, curl: pycurl.Curl, code: int) -> Transfer:
        transfer = self.in_flight.pop(curl)
        self._multi.remove_handle(curl)
        transfer.end(code)
        return transfer

    def _watch(self, what: int, number: int, *_: object) -> None:
        """Do as libcurl says with one of its sockets."""
        if what == pycurl.POLL_REMOVE:
            with suppress(KeyError):
                self._selector.unregister(number)
        elif number in self._selector.get_map():
            self._selector.modify(number, what)
        else:
            self._selector.register(number, what)


_resting: list[TransferLoop] = []
os.register_at_fork(after_in_child=_resting.clear)


@contextmanager
def borrowed() -> Iterator[TransferLoop]:
    """Lend a loop with the connections that it keeps; there are as many as were ever lent at once."""
    try:
        loop = _resting.pop()
    except IndexError:
        loop = TransferLoop()
        # Never freed: libcurl would wait for a look-up that hangs, and a forked child would take leave of the vendor
        # on its parent's connection.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(loop))
    try:
        yield loop
    finally:
        loop.abandon()
        _resting.append(loop)
