"""Progress of long tasks: each of their rounds tells that work goes on, and hears whether to end early.

Outside a worker nobody listens.
"""

from __future__ import annotations

from collections.abc import Callable

Listener = Callable[[], bool]


def _nobody() -> bool:
    return False


_listener: Listener = _nobody


def connect(listener: Listener) -> None:
    """Let `listener` be called at every round of this process; it returns whether the work should end early."""
    global _listener
    _listener = listener


def disconnect() -> None:
    """Let nobody listen any more."""
    connect(_nobody)


def tell() -> bool:
    """Tell that a round is done; returns whether the worker was asked to end, so that the task should leave off."""
    return _listener()
