"""Database reads that end in time: a figure for a board must never weigh on the calls."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.db import connection, transaction

_STEPS = 10_000
"""SQLite looks at the clock after so many steps of its virtual machine: under a millisecond."""


@contextmanager
def bounded(seconds: float) -> Iterator[None]:
    """Context manager in which the database breaks off what takes longer; raises OperationalError there.

    SQLite: `seconds` for all statements together. PostgreSQL: for each of them, in one transaction.
    """
    if connection.vendor != "sqlite":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT set_config('statement_timeout', %s, true)", [str(max(round(seconds * 1000), 1))])
            yield
        return
    # No transaction: ours begin as IMMEDIATE, and would wait for, and then keep out, those who write.
    connection.ensure_connection()
    until = time.monotonic() + seconds
    driver: Any = connection.connection
    driver.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
    try:
        yield
    finally:
        # The queue's broker closes the connection before it reads.
        with suppress(sqlite3.ProgrammingError):
            driver.set_progress_handler(None, 0)
