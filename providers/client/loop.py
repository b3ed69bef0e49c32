"""Event loop for transfers in one thread: libcurl names the sockets, `poll` waits, other threads can wake it."""

from __future__ import annotations

import ctypes
import os
import select
import socket
from contextlib import suppress

import pycurl

from providers.client.transfers import Outcome, Transfer

_EVENTS = (0, select.POLLIN, select.POLLOUT, select.POLLIN | select.POLLOUT)
"""Poll events by libcurl's POLL_NONE, POLL_IN, POLL_OUT and POLL_INOUT."""


class TransferLoop:
    """Runs transfers: call `start` for each, then `turn` until all are done."""

    def __init__(self) -> None:
        self.in_flight: dict[pycurl.Curl, Transfer] = {}
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._watch)
        self._poll = select.poll()
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._poll.register(self._woken, select.POLLIN)

    def start(self, transfer: Transfer) -> None:
        """Start a transfer; it connects in the next turn."""
        if not self.in_flight:
            # libcurl's clock stands still while nothing is in flight, and with it the age of an address it remembers.
            transfer.forget_address()
        self._multi.add_handle(transfer.curl)
        self.in_flight[transfer.curl] = transfer

    def turn(self, seconds: float | None = None) -> list[Transfer]:
        """Wait for events, at most `seconds` (None: without limit), and return the transfers that are done."""
        if not self._multi.timeout():
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        # What ended just now has no timer left: waiting for one would wait for ever.
        done = self._ended()
        due = 0 if done else self._multi.timeout()  # in ms; -1: never
        if seconds is not None and not 0 <= due <= seconds * 1000:
            due = round(seconds * 1000)
        ready = self._poll.poll(due)
        for number, events in ready:
            if number == self._woken.fileno():
                self._woken.recv(4096)
            else:
                can = pycurl.CSELECT_IN if events & ~select.POLLOUT else 0  # reading shows a socket's errors too
                can |= pycurl.CSELECT_OUT if events & select.POLLOUT else 0
                self._multi.socket_action(number, can)
        if not ready:
            self._multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
        return done + self._ended()

    def _ended(self) -> list[Transfer]:
        done, queued = [], 1
        while queued:
            queued, well, badly = self._multi.info_read()
            done += [self._end(curl, 0) for curl in well] + [self._end(curl, code) for curl, code, _ in badly]
        return done

    def abandon(self) -> list[Transfer]:
        """End every transfer in flight as if its connection had broken, and return them."""
        return [self._end(curl, pycurl.E_RECV_ERROR) for curl in list(self.in_flight)]

    def wake(self) -> None:
        """Make another thread's present or next `turn` return."""
        with suppress(BlockingIOError):
            self._waker.send(b"!")

    def close(self) -> None:
        """Release all resources; transfers in flight are dropped."""
        self.abandon()
        for each in (self._multi, self._woken, self._waker):
            each.close()

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
    """Run one transfer to its end, in a loop taken from a pool; the pool grows with the number of concurrent reads."""
    try:
        loop = _resting.pop()
    except IndexError:
        loop = TransferLoop()
        # Never freed: libcurl would wait for a DNS look-up that hangs, and a forked child would close the TLS session
        # of its parent's connection.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(loop))
    try:
        loop.start(transfer)
        while transfer.outcome is None:
            loop.turn()
        return transfer.outcome
    finally:
        loop.abandon()
        _resting.append(loop)
