"""The clocks: the database's time, so that several hosts agree; seconds that nobody can set; a scale for tests."""

from __future__ import annotations

import datetime
import time

from django.conf import settings
from django.db import connection
from django.utils import timezone


def seconds(real: float) -> float:
    """Return a timer's seconds, divided by the test-only TIME_SCALE."""
    return real / float(settings.TIME_SCALE)


def span(real: float) -> datetime.timedelta:
    """Return a timer as a time span, divided by the test-only TIME_SCALE."""
    return datetime.timedelta(seconds=seconds(real))


def boottime() -> float:
    """Return seconds on the clock that also counts while the machine is suspended, and that nobody can set."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class DatabaseClock:
    """Tells the database's time without asking it each time: the offset is measured every 30 s."""

    def __init__(self) -> None:
        self._offset = datetime.timedelta(0)
        self._measured_at: float | None = None

    def now(self) -> datetime.datetime:
        """Return the database's time now."""
        if connection.vendor == "sqlite":
            return timezone.now()
        if self._measured_at is None or time.monotonic() - self._measured_at > 30:
            with connection.cursor() as cursor:
                cursor.execute("SELECT clock_timestamp()")
                self._offset = cursor.fetchone()[0] - timezone.now()
            self._measured_at = time.monotonic()
        return timezone.now() + self._offset
