"""Schedules of django-q: each minute dispatch, poll, sweep, webhooks, in case a nudge was lost; each hour lists."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.utils import timezone
from django_q.brokers import Broker
from django_q.conf import Conf
from django_q.models import OrmQ, Schedule

from campaigns import queue
from campaigns.core.clock import APART

SCHEDULES: dict[str, tuple[str, int]] = {
    "dispatch every minute": (queue.DISPATCH, 1),
    "poll every minute": (queue.POLL, 1),
    "sweep every minute": (queue.SWEEP, 1),
    "send webhooks every minute": (queue.SEND_WEBHOOKS, 1),
    "compare lists every hour": (queue.SWEEP_LISTS, 60),
}
"""Schedule name to (task path, interval in minutes)."""


def sync_schedules() -> int:
    """Make the stored schedules equal to `SCHEDULES` and return their number; idempotent."""
    Schedule.objects.exclude(name__in=SCHEDULES).delete()
    undo_clock_change()
    for name, (path, minutes) in SCHEDULES.items():
        found, is_new = Schedule.objects.get_or_create(
            name=name, defaults={"func": path, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
        )
        if not is_new and (found.func, found.minutes, found.repeats) != (path, minutes, -1):
            Schedule.objects.filter(pk=found.pk).update(
                func=path, schedule_type=Schedule.MINUTES, minutes=minutes, repeats=-1
            )
    return len(SCHEDULES)


def ring_due(broker: Broker) -> int:
    """Queue what is due, and return how much; schedules that are not declared are deleted unread.

    django-q2's own scheduler would run whatever function and options a stored schedule names.
    """
    Schedule.objects.exclude(name__in=SCHEDULES).delete()
    now, rung = timezone.now(), 0
    with transaction.atomic():
        due = Schedule.objects.select_for_update().filter(name__in=SCHEDULES, next_run__lt=now)
        for pk, name, at in due.values_list("pk", "name", "next_run"):
            path, minutes = SCHEDULES[name]
            step = datetime.timedelta(minutes=minutes)
            # The next of its times; those that were missed are not made up for.
            Schedule.objects.filter(pk=pk).update(next_run=at + step * ((now - at) // step + 1))
            queue.send(path, broker=broker)
            rung += 1
    return rung


def undo_clock_change() -> int:
    """Let schedules and messages run now whose time was stored before the clock was put back; returns how many.

    A schedule is at most its interval ahead, and a message that a worker took at most the queue's time to retry.
    """
    now = timezone.now()
    moved: int = 0
    for name, (_path, minutes) in SCHEDULES.items():
        latest = now + datetime.timedelta(minutes=minutes) + APART
        moved += Schedule.objects.filter(name=name, next_run__gt=latest).update(next_run=now)
    latest = now + datetime.timedelta(seconds=Conf.RETRY) + APART
    moved += OrmQ.objects.filter(lock__gt=latest).update(lock=now)
    return moved
