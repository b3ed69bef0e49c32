"""The web process's lookout: a thread that tells people by mail where no worker runs, since then no worker can."""

from __future__ import annotations

import threading

from django.db import connections

from campaigns.core.clock import DatabaseClock
from campaigns.notices import alerts

LOOK_SECONDS = 15.0


def look() -> int:
    """Look once, and send what is to be told; returns how many alerts were sent."""
    try:
        return alerts.tell_of_silence(DatabaseClock().now())
    finally:
        connections.close_all()


def watch(ended: threading.Event, seconds: float = LOOK_SECONDS) -> None:
    """Look every so many seconds, until `ended` is set."""
    while not ended.wait(seconds):
        look()


def start() -> threading.Event:
    """Start the thread, which ends with the process; returns the event that ends it sooner."""
    ended = threading.Event()
    threading.Thread(target=watch, args=(ended,), name="lookout", daemon=True).start()
    return ended
