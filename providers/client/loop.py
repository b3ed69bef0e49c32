"""Carries transfers for one thread: libcurl says what to wait for, a poll waits, another thread may wake it."""

from __future__ import annotations

import ctypes
import os
import select
import socket
from contextlib import suppress

import pycurl

from providers.client.transfers import Outcome, Transfer

_EVENTS = (0, select.POLLIN, select.POLLOUT, select.POLLIN | select.POLLOUT)
"""What to wait for, by libcurl's POLL_IN, POLL_OUT and POLL_INOUT."""


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
        """Begin a transfer; it connects in the next turn."""
        if not self.in_flight:
            transfer.forget_address()  # libcurl's clock stands still while nothing is in flight
        self._multi.add_handle(transfer.curl)
        self.in_flight[transfer.curl] = transfer

    def turn(self, seconds: float | None = None) -> list[Transfer]:
        """Wait until something can go on, so many seconds at most, and return the transfers that are done."""
        done = []
        if not self._multi.timeout():
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            done = self._done()
        due = self._multi.timeout()  # in ms; -1: never
        if done or seconds is not None:
            most = 0 if done or seconds is None else round(seconds * 1000)
            due = min(due, most) if due >= 0 else most
        ready = self._poll.poll(due)
        for number, events in ready:
            if number == self._woken.fileno():
                self._woken.recv(4096)
            else:
                can = pycurl.CSELECT_IN if events & ~select.POLLOUT else 0  # a reader finds errors out, too
                can |= pycurl.CSELECT_OUT if events & select.POLLOUT else 0
                self._multi.socket_action(number, can)
        if not ready:
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        return done + self._done()

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

    def _done(self) -> list[Transfer]:
        done, queued = [], 1
        while queued:
            queued, well, badly = self._multi.info_read()
            done += [self._end(curl, 0) for curl in well] + [self._end(curl, code) for curl, code, _ in badly]
        return done

    def _end(self, curl: pycurl.Curl, code: int) -> Transfer:
        transfer = self.in_flight.pop(curl)
        self._multi.remove_handle(curl)
        transfer.end(code)
        return transfer

    def _watch(self, what: int, number: int, *_: object) -> None:
        if what != pycurl.POLL_REMOVE:
            self._poll.register(number, _EVENTS[what])
            return
        with suppress(KeyError):
            self._poll.unregister(number)


_resting: list[TransferLoop] = []
os.register_at_fork(after_in_child=_resting.clear)


def carry(transfer: Transfer) -> Outcome:
    """Carry one transfer to its end, in a loop with connections; there are as many as were ever needed at once."""
    try:
        loop = _resting.pop()
    except IndexError:
        loop = TransferLoop()
        # Never freed: libcurl would wait for a look-up that hangs, and a forked child would take leave of the vendor
        # on its parent's connection.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(loop))
    try:
        loop.start(transfer)
        while transfer.outcome is None:
            loop.turn()
        return transfer.outcome
    finally:
        loop.abandon()
        _resting.append(loop)
