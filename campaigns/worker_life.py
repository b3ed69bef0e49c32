"""What happens when a host's worker starts, before it takes up any work, and after it ended in order."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError, connections

from callcenter import sqlite_files
from campaigns import queue
from campaigns.core.clock import DatabaseClock
from campaigns.tracking import restore_guard, start_comparison

logger = logging.getLogger(__name__)


def refusal() -> str:
    """Return why no worker may start on this database, or an empty text; opens a damaged SQLite file only to read."""
    path = sqlite_files.file_of(settings.DATABASES["default"])
    return (sqlite_files.misfit(path) or sqlite_files.damage(path)) if path else ""


def starts(*, is_alone: bool) -> None:
    """Have the vendors' lists compared before the first order; `is_alone` is whether no other host is alive."""
    restore_guard.worker_starts(is_alone=is_alone)
    for provider_id in start_comparison.due(DatabaseClock().now()):
        queue.nudge_comparison(provider_id)


def ends() -> None:
    """Write down the orderly end, by which the next start tells it from a death, and empty SQLite's log.

    A failure is logged: the next start then looks as after a death.
    """
    try:
        restore_guard.worker_ends()
        connections.close_all()
        if path := sqlite_files.file_of(settings.DATABASES["default"]):
            sqlite_files.finish(path)
    except DatabaseError as error:
        logger.warning("the orderly end could not be written down: %s", type(error).__name__)
