"""Carries transfers for one thread: libcurl says what to wait for, a poll waits, another thread may wake it."""

from __future__ import annotations

import ctypes
import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pycurl

from providers.client.transfers import Outcome, Transfer

_EVENTS = {
    pycurl.POLL_IN: select.POLLIN,
    pycurl.POLL_OUT: select.POLLOUT,
    pycurl.POLL_INOUT: select.POLLIN | select.POLLOUT,
}
_ERRORS = select.POLLERR | select.POLLHUP


class TransferLoop:
    """Starts transfers and takes turns until they are done."""

    def __init__(self) -> None:
        self.in_flight: dict[pycurl.Curl, Transfer] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._poll = select.poll()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._poll.register(self._woken, select.POLLIN)

    def start(self, transfer: Transfer) -> None:
        """Begin a transfer."""
        self.in_flight[transfer.curl] = transfer
        self._multi.add_handle(transfer.curl)

    def turn(self, seconds: float | None = None) -> list[Transfer]:
        """Wait until something can go on, so many seconds at most, and return the transfers that are done."""
        due = self._multi.timeout()  # in ms; -1: never
        if seconds is not None and (due < 0 or due > seconds * 1000):
            due = round(seconds * 1000)
        ready = self._poll.poll(due)
        for number, events in ready:
            if number == self._woken.fileno():
                self._woken.recv(4096)
                continue
            readable = pycurl.CSELECT_IN if events & select.POLLIN else 0
            writable = pycurl.CSELECT_OUT if events & select.POLLOUT else 0
            self._multi.socket_action(number, readable | writable | (pycurl.CSELECT_ERR if events & _ERRORS else 0))
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
        for each in (self._multi, self._woken, self._waker):
            each.close()

    def _end(self, curl: pycurl.Curl, code: int) -> Transfer:
        transfer = self.in_flight.pop(curl)
        self._multi.remove_handle(curl)
        transfer.end(code)
        return transfer

    def _watch(self, what: int, number: int, *_: object) -> None:
        """Do as libcurl says with one of its sockets."""
        if what in _EVENTS:
            self._poll.register(number, _EVENTS[what])
        else:
            with suppress(KeyError):
                self._poll.unregister(number)


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
