"""The `worker` command: runs django-q2's cluster, which dispatches, polls, reconciles and imports."""

from __future__ import annotations

import ctypes
import logging
import os
import signal
import sys
import threading
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from campaigns import worker_life
from campaigns.core import hosts
from campaigns.queue import nudge_dispatch, nudge_poll
from campaigns.schedules import sync_schedules

logger = logging.getLogger("callcenter")

STOP_SECONDS = 35.0
PR_SET_PDEATHSIG = 1


def end_forks_with_us() -> None:
    """Make every process forked from this one end when its parent does, even by SIGKILL (Linux only).

    Otherwise the orphans of a killed worker would go on dialling beside the next worker.
    """
    if sys.platform != "linux":
        return
    prctl = ctypes.CDLL(None).prctl
    parent = [0]

    def remember() -> None:
        parent[0] = os.getpid()

    def bind() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent[0]:
            os._exit(1)  # the parent died before the call above took effect

    os.register_at_fork(before=remember, after_in_child=bind)


class Command(BaseCommand):
    """Runs the cluster so that a signal to the process, a signal to its group and Ctrl-C all end it cleanly."""

    help = "Run the background work until SIGTERM or Ctrl-C."

    def handle(self, *args: Any, **options: Any) -> None:
        """Start the cluster, queue one nudge, and wait; the exit code is 1 where the cluster ended by itself."""
        if sentence := worker_life.refusal():
            raise CommandError(sentence)
        if MigrationExecutor(connection).migration_plan(MigrationExecutor(connection).loader.graph.leaf_nodes()):
            raise CommandError("The database is not up to date. Run `manage.py migrate`, then start the worker again.")
        logger.info("Callcenter %s: the worker starts on %s.", settings.VERSION, settings.HOST_NAME)
        sync_schedules()
        worker_life.starts(is_alone=hosts.begin(settings.HOST_NAME))
        nudge_dispatch()
        nudge_poll()
        # The cluster forks: a database connection open here would be shared by its processes.
        connections.close_all()
        # Imported late: the module reads its settings and opens the broker at import.
        from django_q.cluster import Cluster

        # With DEBUG a connection formats and keeps every statement, and one slice runs thousands.
        settings.DEBUG = False
        end_forks_with_us()
        cluster = Cluster()
        asked: list[int] = []
        for number in (signal.SIGTERM, signal.SIGINT):
            # After Cluster(): it installs handlers of its own, which hang when the whole group is signalled.
            signal.signal(number, lambda received, _frame: asked.append(received))
        cluster.start()
        self.stdout.write("The worker runs.")
        while not asked and cluster.sentinel.is_alive():
            time.sleep(0.2)
        # Where the whole process group was signalled, django-q2's sentinel is already ending.
        time.sleep(0.3)
        if cluster.sentinel.is_alive():
            stopping = threading.Thread(target=cluster.stop, daemon=True)
            stopping.start()
            stopping.join(STOP_SECONDS)
            if stopping.is_alive():
                cluster.sentinel.kill()
        if asked:
            hosts.end(settings.HOST_NAME)
            worker_life.ends()
        self.stdout.write("The worker ended." if asked else "The worker's processes are gone: it ends.")
        sys.stdout.flush()
        sys.stderr.flush()
        # Not sys.exit: it would wait for threads that wait for a dead process.
        os._exit(0 if asked else 1)
