"""The board: shared memory on which each process of a worker writes its own progress, without any lock.

Every word has one writer. A lock would die with the process that holds it, and stop all the others.
"""

from __future__ import annotations

import mmap
import struct
import time

WORD = struct.Struct("=Q")
SECONDS = struct.Struct("=d")
SLOT = 32
"""Bytes of a slot: ticks, seconds allowed until the next tick, whether it is idle, messages handled."""
STEP = 1.0
"""Most seconds that one look counts as silence: after a machine slept, nobody was silent meanwhile."""


class Slot:
    """The words of one process: it alone writes them, everybody reads them."""

    def __init__(self, memory: mmap.mmap, number: int) -> None:
        self._memory, self._at = memory, number * SLOT

    def _read(self, word: int) -> int:
        return int(WORD.unpack_from(self._memory, self._at + 8 * word)[0])

    def _write(self, word: int, value: int) -> None:
        WORD.pack_into(self._memory, self._at + 8 * word, value)

    def tick(self, allowed: float | None = None) -> None:
        """Tell that this process goes on, and, where given, for how many seconds it may be silent from now."""
        if allowed is not None:
            SECONDS.pack_into(self._memory, self._at + 8, allowed)
        self._write(0, self.ticks + 1)

    def count_message(self) -> None:
        """Tell that one more message was handled."""
        self._write(3, self.handled + 1)

    @property
    def ticks(self) -> int:
        """How often this process told that it goes on."""
        return self._read(0)

    @property
    def allowed(self) -> float:
        """How many seconds it may be silent."""
        return float(SECONDS.unpack_from(self._memory, self._at + 8)[0])

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a message."""
        return bool(self._read(2))

    @is_idle.setter
    def is_idle(self, value: bool) -> None:
        self._write(2, int(value))

    @property
    def handled(self) -> int:
        """How many messages it handled, together with its predecessors in this slot."""
        return self._read(3)


class Board:
    """Slot 0 is the supervisor's, slot 1 the clock's, the others are those of the children that take messages."""

    def __init__(self, children: int) -> None:
        self._memory = mmap.mmap(-1, SLOT * (children + 2))
        self.supervisor, self.clock, *self.children = [Slot(self._memory, number) for number in range(children + 2)]


class Silence:
    """Measures how long a number has not changed, counting only time during which this process looked."""

    def __init__(self, now: float | None = None) -> None:
        self._seen: int | None = None
        self._looked_at = time.monotonic() if now is None else now
        self.seconds = 0.0

    def look(self, value: int, now: float | None = None) -> float:
        """Return the seconds since the value last changed."""
        now = time.monotonic() if now is None else now
        if value != self._seen:
            self._seen, self.seconds = value, 0.0
        else:
            self.seconds += min(now - self._looked_at, STEP)
        self._looked_at = now
        return self.seconds
