"""The clock: the child that starts what is scheduled, asks for heartbeats, and notices when the work stands still."""

from __future__ import annotations

import datetime
import logging
import time

from django.conf import settings
from django.db import close_old_connections, connections
from django.utils import timezone
from django_q.brokers import Broker, get_broker
from django_q.brokers.orm import ORM
from django_q.models import OrmQ

from callcenter.worker.board import Silence
from callcenter.worker.life import IDLE_SECONDS, Life
from campaigns import minute_job, queue, schedules
from campaigns.core import hosts

logger = logging.getLogger(__name__)

SCHEDULE_SECONDS = 15.0
LOOK_SECONDS = 0.5
UNSERVED_SECONDS = 5.0
"""Seconds between two looks for due work that nobody serves."""
STANDS_STILL = 3
"""Exit code of a clock that saw the work stand still."""


class OldestMessage:
    """How long the message that is next in the queue has been waiting, without reading it."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._head = Silence()

    def waits(self) -> bool:
        """Tell whether a message has waited longer than a worker at work would let it."""
        if isinstance(self._broker, ORM):
            late = timezone.now() - datetime.timedelta(seconds=hosts.SILENT_SECONDS)
            return bool(OrmQ.objects.filter(key=self._broker.list_key, lock__lt=late).exists())
        head = self._broker.connection.lindex(self._broker.list_key, 0)
        # A list in Redis keeps no times: the same message at its head for so long is one that waits.
        return bool(head is not None and self._head.look(hash(head)) > hosts.SILENT_SECONDS)


class Clock:
    """One look of the clock after the other."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._broker = get_broker()
        self._oldest = OldestMessage(self._broker)
        self._scheduled_at = -SCHEDULE_SECONDS
        self._unserved_at = -UNSERVED_SECONDS
        self._idle_for = Silence()
        self._busy_looks = 0

    def look(self) -> bool:
        """Start what is due and ask for a heartbeat; returns whether the work stands still."""
        close_old_connections()
        if time.monotonic() - self._scheduled_at >= SCHEDULE_SECONDS:
            self._scheduled_at = time.monotonic()
            schedules.ring_due(self._broker)
        if time.monotonic() - self._unserved_at >= UNSERVED_SECONDS:
            self._unserved_at = time.monotonic()
            minute_job.ring_for_unserved()
        age = hosts.seconds_since_work(settings.HOST_NAME)
        if age > hosts.BEAT_SECONDS and not self._broker.queue_size():
            # Any message that is handled writes the heartbeat: one is sent only where none waits.
            queue.nudge_beat()
        waits = self._oldest.waits()
        return self._is_idle() and (age > hosts.SILENT_SECONDS or waits)

    def _is_idle(self) -> bool:
        """Tell whether children have been idle for so long, at every look, and none of them handled a message.

        Where all are busy, or messages pass, the work does not stand still, however many messages wait.
        """
        children = self._life.board.children
        if not any(child.is_idle for child in children):
            self._busy_looks += 1
        handled = sum(child.handled for child in children)
        return self._idle_for.look(handled + self._busy_looks) > hosts.SILENT_SECONDS


def run(life: Life) -> int:
    """Look until asked to end, or until the work stands still; returns the exit code."""
    clock = Clock(life)
    is_away = False
    while not life.is_asked_to_end:
        life.slot.tick(IDLE_SECONDS)
        life.watch_supervisor()
        try:
            if clock.look():
                return STANDS_STILL
            is_away = False
        except Exception:
            # Broker or database is away: said once. A new start would not bring them back.
            logger.log(logging.DEBUG if is_away else logging.ERROR, "the clock cannot look", exc_info=True)
            is_away = True
            connections.close_all()
        time.sleep(LOOK_SECONDS)
    return 0
