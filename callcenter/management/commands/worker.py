"""The `worker` command: the background work, which dispatches, polls, reconciles, imports and exports."""

from __future__ import annotations

import contextlib
import logging
import os
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from callcenter.commands import PlainCommand
from callcenter.worker import orphans
from callcenter.worker.supervisor import Supervisor, flush
from campaigns import worker_life
from campaigns.core import hosts
from campaigns.queue import nudge_dispatch, nudge_poll
from campaigns.schedules import sync_schedules

logger = logging.getLogger("callcenter")


class Command(PlainCommand):
    """Runs the worker so that a signal to the process, a signal to its group and Ctrl-C all end it in order."""

    is_recorded = False
    help = "Run the background work until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the work, queue one nudge, and wait; the exit code is 1 where a new start is needed."""
        if sentence := worker_life.refusal():
            raise CommandError(sentence)
        if MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run `manage.py migrate`, then start the worker again.")
        logger.info("Callcenter %s: the worker starts on %s.", settings.VERSION, settings.HOST_NAME)
        if ended := orphans.end_orphans():
            self.stdout.write(f"{ended} processes of a worker that died were still there: they are ended.")
        sync_schedules()
        worker_life.starts(is_alone=hosts.begin(settings.HOST_NAME))
        nudge_dispatch()
        nudge_poll()
        # A database connection that is open at a fork would be shared by the processes.
        connections.close_all()
        # With DEBUG a connection formats and keeps every statement, and one slice runs thousands.
        settings.DEBUG = False
        supervisor = Supervisor(settings.WORKERS, self.say)
        self.say("The worker runs.")
        is_well = supervisor.run()
        if is_well:
            hosts.end(settings.HOST_NAME)
            worker_life.ends()
            connections.close_all()
        self.say("The worker ended." if is_well else "The worker needs a new start.")
        # Not sys.exit: it would wait for what the libraries' threads wait for.
        os._exit(0 if is_well else 1)

    def say(self, sentence: str) -> None:
        """Print a sentence at once."""
        # Whoever read it may be gone: the work goes on without.
        with contextlib.suppress(OSError):
            self.stdout.write(sentence)
        flush()
