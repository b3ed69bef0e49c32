"""Runs of commands at the server: which one, by which user of the operating system, and how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError

from callcenter.audit.context import at_the_server
from callcenter.audit.models import record
from callcenter.commands import PlainCommand

logger = logging.getLogger(__name__)


def record_stock(name: str) -> None:
    """Record that one of Django's own commands is about to run; a shell could do anything."""
    with at_the_server(name):
        try:
            record(None, "command.run", None, command=name, outcome="begun")
        except DatabaseError as error:
            logger.warning("the run of %s could not be recorded (%s)", name, type(error).__name__)


@contextmanager
def around_command(command: PlainCommand) -> Iterator[None]:
    """Let a command's events name it, and record that it ran where it is one that changes or hands out something.

    A database that cannot be written must not stop a command that repairs it: then a line of the log stands for it.
    """
    began = time.monotonic()
    with at_the_server(command.name):
        outcome = "failed"
        try:
            yield
            outcome = "done"
        except CommandError:
            outcome = "refused"
            raise
        finally:
            if command.is_recorded:
                try:
                    seconds = round(time.monotonic() - began)
                    record(None, "command.run", None, command=command.name, outcome=outcome, seconds=seconds)
                except DatabaseError as error:
                    logger.warning("the run of %s could not be recorded (%s)", command.name, type(error).__name__)
