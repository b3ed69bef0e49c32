"""Pace of reads: every request but an order takes a token of its provider's bucket, in every process.

The bucket is stored elsewhere (`ReadPace` rows). A process takes a small block of tokens at a time, which its threads
share; tokens not used within `HELD_SECONDS` are lost, so that they cannot be saved up (see `providers.pace`).
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
    # Models import this module, and importing models must not load a network library.
    from requests import Request, Response

BACKGROUND_PATIENCE = 35.0
"""Seconds that one background read may wait; together with the rest of its slice below the queue's time-out."""
PERSON_PATIENCE = 6.0
"""Seconds that all the reads of one request of a person may wait together."""
MOST_TOKENS_A_BLOCK = 32
LEAST_PAUSE, BLOCK_PAUSE = 0.02, 0.5
"""Seconds until an empty bucket is asked again: for a person, and in the background, where a block can accumulate."""


UNSERVED_SECONDS = 10.0
"""Seconds that a thread waits for the thread with the database connection to take up its call."""

OVER = "Nothing more is read now."

Block = tuple[Taken, float]
"""What the bucket gave, and the `boottime()` just before it read its own clock."""
Take = Callable[[], Block]
Through = Callable[[Take], Block]
"""Runs a call to the bucket: in this thread (`at_once`) or in another (`DatabaseErrands`)."""


class Bucket(Protocol):
    """Stores the token bucket of one provider."""

    def take(self, wanted: int, *, is_person: bool) -> Block:
        """Take up to `wanted` tokens."""


def at_once(take: Take) -> Block:
    """Call the bucket in the thread that needs a token."""
    return take()


class DatabaseErrands:
    """Passes calls to the bucket from threads without a database connection to the one thread that has it.

    `wake` is called in the waiting thread after each call was queued.
    """

    def __init__(self, wake: Callable[[], None] = lambda: None) -> None:
        self._waiting: SimpleQueue[tuple[Take, Future[Block]]] = SimpleQueue()
        self._wake = wake
        self._is_over = False

    def __call__(self, take: Take) -> Block:
        """Queue a call and return its result; raises NoReadLeft where it is not served in time or after `close`."""
        done: Future[Block] = Future()
        self._waiting.put((take, done))
        self._wake()
        try:
            return done.result(timeout=0.0 if self._is_over else UNSERVED_SECONDS)
        except StillWaiting:
            done.cancel()
            raise NoReadLeft(OVER) from None

    def serve(self, timeout: float = 0.0) -> None:
        """Run the queued calls; where there are none, wait for one up to `timeout` seconds."""
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
        """Refuse queued and later calls."""
        self._is_over = True
        while not self._waiting.empty():
            _take, done = self._waiting.get_nowait()
            if done.set_running_or_notify_cancel():
                done.set_exception(NoReadLeft(OVER))


class Reserve:
    """The tokens of one provider that this process holds; threads queue, and only the first calls the bucket."""

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
        """Block until a token is taken; raises NoReadLeft where there is none within `patience` seconds."""
        until = self._clock() + patience
        if not self._line.acquire(timeout=max(patience, 0.0)):
            raise NoReadLeft(_("Too many requests to the provider are already waiting."))
        try:
            while not self._use_one():
                pause = self._ask(is_person, through)
                if pause and self._clock() + pause > until:
                    raise NoReadLeft(
                        _("The limit of requests to the provider per minute is reached."), retry_after=pause
                    )
                if pause:
                    self._sleep(pause)
        finally:
            self._line.release()

    def is_one_left(self, through: Through = at_once) -> bool:
        """Take a token if there is one now; returns whether there was."""
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
        """Take the next block from the bucket; returns 0 where it gave one, else the seconds to wait.

        After a block that was used up twice as many tokens are asked for, otherwise as many as were used. In the
        background a bucket that was just emptied is given time (`BLOCK_PAUSE`) until it holds a block again.
        """
        if not is_person and (pause := self._empty_until - self._clock()) > 0:
            return pause
        self._size = min(2 * self._size, MOST_TOKENS_A_BLOCK) if not self._held else max(1, self._gave - self._held)
        wanted = 1 if is_person else self._size
        taken, self._taken_at = through(lambda: self._bucket.take(wanted, is_person=is_person))
        self._held = self._gave = taken.count
        self._empty_until = self._taken_at + max(taken.wait, BLOCK_PAUSE) if taken.wait else 0.0
        return 0.0 if taken.count else max(taken.wait, LEAST_PAUSE if is_person else BLOCK_PAUSE)


class ReaderPace:
    """How long one reader waits: `BACKGROUND_PATIENCE` for each read or, for a person, `PERSON_PATIENCE` for all."""

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
        """Take a token for a retry if there is one now; returns whether there was."""
        return self._reserve.is_one_left(self._through)


class PacedClient:
    """Wraps a client so that every request takes a token; orders have their own pace in the order loop."""

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
        """Wait for a token, then send a request that stops a call."""
        self._pace.wait()
        return self._client.send_once(request)
