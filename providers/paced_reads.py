"""Lets no request but an order leave without a token of its provider's reads, whoever asks and from whichever process.

The bucket is kept outside (`ReadPace` rows). A process asks it for a small block at a time and shares the block among
its threads; what it does not use within a second is lost, so that tokens cannot be saved up (see `providers.pace`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Protocol

from django.utils.translation import gettext as _

from providers.base import Client
from providers.clock import boottime
from providers.exceptions import NoReadLeft
from providers.pace import HELD_SECONDS, Taken

if TYPE_CHECKING:
    # Rows keep the bucket that this reads, and must not load what reaches the network.
    from requests import Request, Response

BACKGROUND_PATIENCE = 35.0
"""Seconds that one read in the background may wait; below the queue's time-out, with the slice it belongs to."""
PERSON_PATIENCE = 6.0
"""Seconds that all reads of a person's errand may wait together."""
MOST_AT_ONCE = 32
"""Tokens in a block at most."""
LEAST_PAUSE, BLOCK_PAUSE = 0.02, 0.5
"""Seconds before an empty bucket is asked again: for a person, and in the background, so that a block gathers."""


UNSERVED_SECONDS = 10.0
"""A thread waits so long for the one that has the database."""

OVER = "Nothing more is read now."

Block = tuple[Taken, float]
"""What the bucket gave, and the `boottime` just before it read its own clock."""
Take = Callable[[], Block]
Through = Callable[[Take], Block]
"""How a thread gets at the bucket."""


class Bucket(Protocol):
    """Where the tokens of one provider are kept."""

    def take(self, wanted: int, *, is_person: bool) -> Block:
        """Take up to so many tokens."""


def at_once(take: Take) -> Block:
    """Ask the bucket in the thread that needs a token."""
    return take()


class DatabaseErrands:
    """Carries what threads without a database need of it to the thread that has it, so that a slice has one connection.

    `wake` is called in the thread that waits, after each errand was handed over.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._waiting: SimpleQueue[tuple[Take, Future[Block]]] = SimpleQueue()
        self._wake = wake
        self._is_over = False

    def __call__(self, take: Take) -> Block:
        """Have the errand done and return what came of it; raises NoReadLeft where nobody does it any more."""
        done: Future[Block] = Future()
        self._waiting.put((take, done))
        self._wake()
        try:
            return done.result(timeout=0.0 if self._is_over else UNSERVED_SECONDS)
        except StillWaiting:
            done.cancel()
            raise NoReadLeft(OVER) from None

    def serve(self, timeout: float = 0.0) -> None:
        """Do the errands that wait; where none does, wait for one for so many seconds."""
        while True:
            try:
                take, done = self._waiting.get(timeout=timeout) if timeout else self._waiting.get_nowait()
            except Empty:
                return
            timeout = 0.0
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(take())
            except Exception as error:
                done.set_exception(error)

    def close(self) -> None:
        """Turn away what waits and what comes."""
        self._is_over = True
        while not self._waiting.empty():
            _take, done = self._waiting.get_nowait()
            if done.set_running_or_notify_cancel():
                done.set_exception(NoReadLeft(OVER))


class Reserve:
    """The tokens of one provider that this process holds; its threads wait in line, and only the first one asks."""

    def __init__(
        self,
        bucket: Bucket,
        clock: Callable[[], float] = boottime,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._bucket, self._clock, self._sleep = bucket, clock, sleep
        self._line = threading.Lock()
        self._held, self._taken_at, self._size = 0, 0.0, 1
        self._gave, self._empty_until = 0, 0.0

    def wait(self, patience: float, *, is_person: bool, through: Through = at_once) -> None:
        """Wait for a token, in the thread that asks; raises NoReadLeft where there is none in so many seconds."""
        until = self._clock() + patience
        if not self._line.acquire(timeout=max(patience, 0.0)):
            raise NoReadLeft(_("Too many requests to the vendor are waiting already."))
        try:
            while not self._use_one():
                pause = self._ask(is_person, through)
                if pause and self._clock() + pause > until:
                    raise NoReadLeft(
                        _("As many requests as a minute allows went to the vendor already."), retry_after=pause
                    )
                if pause:
                    self._sleep(pause)
        finally:
            self._line.release()

    def is_one_left(self, through: Through = at_once) -> bool:
        """Take a token if there is one at this instant."""
        if not self._line.acquire(blocking=False):
            return False
        try:
            return self._use_one() or (not self._ask(False, through) and self._use_one())
        finally:
            self._line.release()

    def _use_one(self) -> bool:
        if not self._held or self._clock() - self._taken_at >= HELD_SECONDS:
            return False
        self._held -= 1
        return True

    def _ask(self, is_person: bool, through: Through) -> float:
        """Ask the bucket for the next block; returns 0 where it gave one, else the seconds to wait.

        A block that was used up is followed by one twice as large, any other by one of what was used. In the
        background a bucket that was just emptied is left alone for a moment: the next block gathers in it.
        """
        if not is_person and (pause := self._empty_until - self._clock()) > 0:
            return pause
        self._size = min(2 * self._size, MOST_AT_ONCE) if not self._held else max(1, self._gave - self._held)
        wanted = 1 if is_person else self._size
        taken, self._taken_at = through(lambda: self._bucket.take(wanted, is_person=is_person))
        self._held = self._gave = taken.count
        self._empty_until = self._taken_at + max(taken.wait, BLOCK_PAUSE) if taken.wait else 0.0
        return 0.0 if taken.count else max(taken.wait, LEAST_PAUSE if is_person else BLOCK_PAUSE)


class ReaderPace:
    """The patience of one reader: in the background long and for each read, a person's short and for all of them."""

    def __init__(self, reserve: Reserve, *, is_person: bool, through: Through = at_once) -> None:
        self._reserve, self._is_person, self._through = reserve, is_person, through
        self._patience = PERSON_PATIENCE

    def wait(self) -> None:
        """Wait for a token; raises NoReadLeft."""
        began = boottime()
        patience = self._patience if self._is_person else BACKGROUND_PATIENCE
        self._reserve.wait(patience, is_person=self._is_person, through=self._through)
        self._patience = max(0.0, self._patience - (boottime() - began))

    def may_repeat(self) -> bool:
        """Tell whether a request that failed may be sent once more now: that costs a token like any other."""
        return self._reserve.is_one_left(self._through)


class PacedClient:
    """A client whose every request takes a token first; orders leave by the order loop, at a pace of their own."""

    def __init__(self, client: Client, pace: ReaderPace) -> None:
        self._client, self._pace = client, pace

    def read(self, request: Request) -> Response:
        """Wait for a token, then read."""
        self._pace.wait()
        return self._client.read(request)

    def read_sound(self, source: Request | str) -> Response:
        """Wait for a token, then read a recording."""
        self._pace.wait()
        return self._client.read_sound(source)

    def send_once(self, request: Request) -> Response:
        """Wait for a token, then ask the vendor to stop a call."""
        self._pace.wait()
        return self._client.send_once(request)
