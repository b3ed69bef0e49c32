"""The one wait of the tests: it gives up late, for ten processes may share two slow cores."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 4
"""How many times as long a machine that others slow down may take as a quiet one; it is no figure of anything."""
A_MINUTE = 60.0 * PATIENCE
"""Seconds until a test gives up waiting: a minute of a quiet machine. A shorter one is for what is to be quick."""


def wait_until(
    holds: Callable[[], object],
    what: str | Callable[[], str] = "it did not happen in time",
    *,
    step: Callable[[], object] | None = None,
    seconds: float = A_MINUTE,
    every: float = 0.02,
) -> None:
    """Wait until something holds, looking again every so many seconds, or after each step of what brings it about."""
    gives_up = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > gives_up:
            raise AssertionError(what if isinstance(what, str) else what())
        if step is None:
            time.sleep(every)
        else:
            step()
