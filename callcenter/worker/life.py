"""What every child process of a worker has: its end with its supervisor, its signals, its progress, its heartbeat."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import time

from django.conf import settings
from django.db import Error, connection

from callcenter.bound import bind
from callcenter.worker.board import Board, Silence, Slot
from campaigns.core import hosts

logger = logging.getLogger(__name__)

IDLE_SECONDS = 30.0
"""How long a child may wait for the queue: longer than SQLite waits for a lock, shorter than anybody should notice."""
SUPERVISOR_SILENT = 10.0
"""After so many seconds without a tick the supervisor is continued, after twice as many it is killed."""
CHILD_DIED = 1
BEAT_TRY_SECONDS = 1.0
"""A child does not look more often whether a heartbeat is due."""


class Life:
    """The life of one child process, seen from inside."""

    def __init__(self, board: Board, slot: Slot, supervisor_pid: int, *, follows_a_death: bool = False) -> None:
        self.board, self.slot = board, slot
        self.follows_a_death = follows_a_death
        """Whether it takes the place of a process that died, and with it the message in its hand."""
        self.is_asked_to_end = False
        self._supervisor_pid = supervisor_pid
        self._supervisor = Silence()
        self._was_continued = False
        self._beat_at = 0.0

    def begin(self) -> None:
        """Bind this freshly forked process to its supervisor, and set its signals.

        SIGTERM lets the task in hand end; a Ctrl-C in the terminal is the supervisor's business.
        """
        if not bind(self._supervisor_pid, signal.SIGKILL):
            os._exit(CHILD_DIED)
        signal.signal(signal.SIGTERM, lambda _number, _frame: setattr(self, "is_asked_to_end", True))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.slot.tick(IDLE_SECONDS)

    def tell(self) -> bool:
        """Tell that work goes on, which is also this host's heartbeat; returns whether the work should end early."""
        self.watch_supervisor()
        self.beat()
        return self.is_asked_to_end

    def beat(self) -> None:
        """Write this host's heartbeat, at most every few seconds; a database that is away is waited for elsewhere."""
        if time.monotonic() - self._beat_at < BEAT_TRY_SECONDS:
            return
        try:
            hosts.beat(settings.HOST_NAME)
        except Error as error:
            logger.warning("no heartbeat could be written: %s", type(error).__name__)
            if not connection.in_atomic_block:
                connection.close()
        else:
            self._beat_at = time.monotonic()

    def watch_supervisor(self) -> None:
        """End where the supervisor is gone; wake it where it was stopped, and kill it where that does not help.

        Work goes on meanwhile, but nobody would replace a child that dies. Whoever keeps the worker starts it anew.
        """
        self._end_without_supervisor()
        silent = self._supervisor.look(self.board.supervisor.ticks)
        if silent < SUPERVISOR_SILENT:
            self._was_continued = False
        elif silent >= 2 * SUPERVISOR_SILENT:
            logger.error("the supervisor has been silent for %.0f s: it is ended", silent)
            self._signal_supervisor(signal.SIGKILL)
        elif not self._was_continued:
            self._was_continued = True
            self._signal_supervisor(signal.SIGCONT)

    def _signal_supervisor(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(self._supervisor_pid, number)

    def _end_without_supervisor(self) -> None:
        if os.getppid() != self._supervisor_pid:
            os._exit(CHILD_DIED)
