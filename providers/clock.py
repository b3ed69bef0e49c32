"""Clocks: the database's time, on which all hosts agree; a monotonic clock; and the scale of timers in tests.

A clock may be put back. So a stored time is never believed longer than it can mean: one that is further ahead than its
longest meaning was stored before the change, and counts as past (`has_passed`, `still_holds`, `is_ahead`).
"""

from __future__ import annotations

import datetime
import time

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone


def seconds(real: float) -> float:
    """Return a timer's length in seconds, divided by the test-only TIME_SCALE."""
    return real / float(settings.TIME_SCALE)


def span(real: float) -> datetime.timedelta:
    """Return a timer's length (`real` seconds) as a timedelta, divided by the test-only TIME_SCALE."""
    return datetime.timedelta(seconds=seconds(real))


def boottime() -> float:
    """Return seconds of the clock that cannot be set and also runs while the machine is suspended (CLOCK_BOOTTIME)."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


APART = datetime.timedelta(seconds=10)
"""How far the clocks of two processes may be apart; it is added to every longest meaning."""


def has_passed(column: str, now: datetime.datetime, longest: datetime.timedelta) -> Q:
    """Return the condition that a stored time is past; `longest` is how far ahead it can be. NULL is not past."""
    return Q(**{f"{column}__lte": now}) | Q(**{f"{column}__gt": now + longest + APART})


def still_holds(column: str, now: datetime.datetime, longest: datetime.timedelta) -> Q:
    """Return the condition that a stored time lies ahead, and no further than `longest`."""
    return Q(**{f"{column}__gt": now, f"{column}__lte": now + longest + APART})


def is_ahead(at: datetime.datetime | None, now: datetime.datetime, longest: datetime.timedelta) -> bool:
    """Tell the same of one time: whether it lies ahead, and no further than `longest`."""
    return at is not None and now < at <= now + longest + APART


class DatabaseClock:
    """The database's time without a query each time: the offset to the local clock is measured every 30 s."""

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
