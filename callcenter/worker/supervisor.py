"""The supervisor of a worker: forks its children, watches their progress, and replaces those that die or are stuck.

It uses neither database nor broker while it runs, has one thread, and waits for nobody: nothing can hold it up.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable

from callcenter.worker import child, clock, orphans
from callcenter.worker.board import Board, Silence, Slot
from callcenter.worker.life import CHILD_DIED, IDLE_SECONDS, Life
from callcenter.worker.notify import tell_systemd

LOOK_SECONDS = 0.2
STOP_SECONDS = 35.0
"""Seconds that the children get to end their tasks; longer than the longest request to a vendor."""
STOPPED_SECONDS = 2.0
"""A child that was stopped from outside is continued after so long: it may hold a lock of the database."""
FORK_SECONDS = 1.0
"""At least so long between two forks for one place, where a child dies at once every time."""
NOTIFY_SECONDS = 5.0
ASK_SECONDS = 1.0
"""Children are asked to end again and again: one that was just born did not listen yet."""

Say = Callable[[str], object]
Work = Callable[[Life], int | None]


def flush() -> None:
    """Write out what was printed, lest a fork print it once more; whoever read it may be gone."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            stream.flush()


class Place:
    """One child that there must always be, and the process that is it now."""

    def __init__(self, name: str, slot: Slot, work: Work) -> None:
        self.name, self.slot, self.work = name, slot, work
        self.pid = 0
        self.forked_at = -FORK_SECONDS
        self.silence = Silence()
        self.has_died = False
        self.stopped_at: float | None = None
        self.was_continued = False

    def fork(self, board: Board) -> None:
        """Start a process in this place."""
        supervisor = os.getpid()
        self.slot.is_idle = False
        # Before there is anybody else to write it: a process that is born slowly is not stuck.
        self.slot.tick(IDLE_SECONDS)
        self.forked_at = time.monotonic()
        self.silence, self.stopped_at, self.was_continued = Silence(), None, False
        flush()
        self.pid = os.fork()
        if self.pid:
            return
        code: int | None = CHILD_DIED
        try:
            life = Life(board, self.slot, supervisor, follows_a_death=self.has_died)
            life.begin()
            code = self.work(life)
        except BaseException:
            with contextlib.suppress(OSError):
                traceback.print_exc()
        finally:
            flush()
            # Not sys.exit: a task may have left threads behind that wait for a vendor.
            os._exit(code or 0)

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal; it cannot be a stranger's number, since only we take it from the system."""
        if self.pid:
            os.kill(self.pid, number)


class Supervisor:
    """Keeps a clock and so many children at work until asked to end."""

    def __init__(self, children: int, say: Say) -> None:
        self.board = Board(children)
        self.places = [Place("clock", self.board.clock, clock.run)]
        self.places += [Place(f"child {n}", slot, child.run) for n, slot in enumerate(self.board.children, start=1)]
        self.is_asked_to_end = False
        self._say = say
        self.stands_still = False
        self._notified_at = 0.0

    def run(self) -> bool:
        """Work until asked to end; returns False where the work stood still, so that a new start is needed."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: setattr(self, "is_asked_to_end", True))
        tell_systemd("READY=1")
        while not self.is_asked_to_end and not self.stands_still:
            if self.look():
                orphans.remember(place.pid for place in self.places if place.pid)
            time.sleep(LOOK_SECONDS)
        self.end()
        return not self.stands_still

    def look(self) -> bool:
        """Tell that we go on, bury the dead, kill the stuck, fork where one is missing; returns whether one was."""
        self._tell()
        self.reap()
        now = time.monotonic()
        is_changed = False
        for place in self.places:
            if not place.pid and now - place.forked_at >= FORK_SECONDS and not self.stands_still:
                place.fork(self.board)
                is_changed = True
            elif place.pid:
                self._watch(place, now)
        return is_changed

    def reap(self) -> None:
        """Take note of children that ended, were stopped or were continued."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG | os.WUNTRACED | os.WCONTINUED)
            except ChildProcessError:
                return
            if not pid:
                return
            place = next((place for place in self.places if place.pid == pid), None)
            if place is None:
                continue
            if os.WIFSTOPPED(status):
                place.stopped_at = time.monotonic()
            elif os.WIFCONTINUED(status):
                place.stopped_at = None
            else:
                self._bury(place, os.waitstatus_to_exitcode(status))

    def end(self) -> None:
        """Let every child end its task, and kill those that do not in time."""
        tell_systemd("STOPPING=1")
        until, asked_at = time.monotonic() + STOP_SECONDS, 0.0
        while any(place.pid for place in self.places):
            now = time.monotonic()
            self._tell()
            for place in self.places:
                if now > until:
                    place.send(signal.SIGKILL)
                elif now - asked_at >= ASK_SECONDS:
                    place.send(signal.SIGTERM)
                    # One that is stopped would not hear it.
                    place.send(signal.SIGCONT)
            if now - asked_at >= ASK_SECONDS:
                asked_at = now
            time.sleep(0.05)
            self.reap()
        orphans.forget()

    def _watch(self, place: Place, now: float) -> None:
        if place.silence.look(place.slot.ticks, now) > place.slot.allowed:
            self._say(f"The worker's {place.name} made no progress for {place.slot.allowed:.0f} s: it is replaced.")
            place.send(signal.SIGKILL)
            place.silence = Silence()
        elif place.stopped_at is not None and now - place.stopped_at > STOPPED_SECONDS:
            if place.was_continued:
                self._say(f"The worker's {place.name} was stopped again: it is replaced.")
                place.send(signal.SIGKILL)
            else:
                self._say(f"The worker's {place.name} was stopped: it is continued.")
                place.send(signal.SIGCONT)
            place.stopped_at, place.was_continued = None, True

    def _bury(self, place: Place, code: int) -> None:
        place.pid, place.has_died = 0, code != 0
        if self.is_asked_to_end or self.stands_still:
            return
        if code == clock.STANDS_STILL:
            self.stands_still = True
            self._say("Messages wait, and none comes out of the queue: the worker ends, to be started anew.")
        elif code:
            self._say(f"The worker's {place.name} died ({code}): another takes its place.")

    def _tell(self) -> None:
        self.board.supervisor.tick()
        if time.monotonic() - self._notified_at >= NOTIFY_SECONDS:
            self._notified_at = time.monotonic()
            tell_systemd("WATCHDOG=1")
