"""A child that takes messages itself, straight from the broker, and runs them one after the other.

django-q2's own pusher, workers and monitor hand messages to each other through queues with a common lock, and a worker
that is killed while it waits dies with that lock (its issues 23 and 339). Here a process holds nothing that another
waits for: it takes a message, runs it with django-q2's own `worker`, and saves and acknowledges the result.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Mapping
from typing import Any

from django.db import close_old_connections, connections
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
from django_q.models import Task
from django_q.signals import post_execute
from django_q.worker import worker

from callcenter.worker.life import IDLE_SECONDS, Life
from campaigns import queue
from campaigns.core import progress

logger = logging.getLogger(__name__)

STOP = "STOP"
"""What `django_q.worker` takes for the end."""
AWAY_SECONDS = 5.0
"""Longest pause between two tries where the broker cannot be reached."""
KILL_AFTER = 5.0
"""Seconds after a task's time-out, which is raised inside it, before the process is killed from outside."""


class Messages:
    """The queue as `django_q.worker` sees it: `get` waits for a message and returns it."""

    def __init__(self, life: Life, broker: Broker) -> None:
        self._life, self._broker = life, broker

    def get(self) -> dict[str, Any] | str:
        """Return the next message, or `STOP` where this process is asked to end."""
        pause = 0.0
        self._life.slot.is_idle = True
        while not self._life.is_asked_to_end:
            self._life.slot.tick(IDLE_SECONDS)
            self._life.watch_supervisor()
            try:
                task = self._take()
                pause = 0.0
            except Exception:
                # Broker or database is away: said once, then tried again until it is back.
                logger.log(logging.DEBUG if pause else logging.ERROR, "no message can be taken", exc_info=True)
                connections.close_all()
                pause = min(pause * 2 or 0.2, AWAY_SECONDS)
                time.sleep(pause)
                continue
            if task is not None:
                self._life.slot.is_idle = False
                return task
        return STOP

    def _take(self) -> dict[str, Any] | None:
        # With `bulk` 1, which a system check holds, there is at most one.
        for ack_id, package in self._broker.dequeue() or ():
            try:
                task = queue.opened(package)
            except queue.NotOurs as why:
                logger.error("%s is dropped", why)
                self._broker.fail(ack_id)
                continue
            return task | {"ack_id": ack_id}
        return None


class Results:
    """What `django_q.worker` puts results into: each is saved and acknowledged at once, as its monitor does."""

    def __init__(self, life: Life, broker: Broker) -> None:
        self._life, self._broker = life, broker

    def put(self, task: dict[str, Any]) -> None:
        """Save what became of a message, acknowledge it, and write this host's heartbeat."""
        close_old_connections()
        if not task["success"]:
            logger.error("task %s failed: %s", task["func"], task["result"])
        try:
            if not task["success"]:
                save_failure(task)
            if ack_id := task.pop("ack_id", None):
                self._broker.acknowledge(ack_id)
        except Exception:
            # The message comes again after a while, which changes nothing: the rows are the work.
            logger.exception("the result of task %s could not be saved", task["func"])
        post_execute.send(sender="django_q", task=task)
        self._life.slot.count_message()
        self._life.beat()


def save_failure(task: Mapping[str, Any]) -> None:
    """Keep a failed task's row for a person to look at.

    Not by django-q2's `save_task`: it loads a row of the same id first, and what such a row holds is unpickled.
    """
    row = {
        "func": task["func"], "args": task["args"], "kwargs": {}, "result": task["result"], "name": task["name"],
        "started": task["started"], "stopped": task["stopped"], "success": False, "cluster": Conf.CLUSTER_NAME,
    }  # fmt: skip
    if not Task.objects.filter(pk=task["id"]).update(**row):
        Task.objects.create(pk=task["id"], **row)


class Timer:
    """What `django_q.worker` tells its guard by: the seconds that a task may take, or -1 where there is none."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._value = -1.0

    @property
    def value(self) -> float:
        """The value last told."""
        return self._value

    @value.setter
    def value(self, value: float) -> None:
        self._value = value
        self._life.slot.tick(value + KILL_AFTER if value > 0 else IDLE_SECONDS)

    def get_lock(self) -> contextlib.AbstractContextManager[None]:
        """Return no lock: nobody else writes."""
        return contextlib.nullcontext()


def run(life: Life) -> None:
    """Take and run messages until asked to end, until a time-out, or until this process has run `recycle` of them."""
    broker = get_broker()
    progress.connect(life.tell)
    if life.follows_a_death:
        # Its slice and the message for it are gone, and nobody else would be woken before the minute is over.
        queue.nudge_dispatch()
        queue.nudge_poll()
    worker(Messages(life, broker), Results(life, broker), Timer(life))
