"""Hosts: who runs a worker now, by the heartbeats that their work leaves behind."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.db.models import Q, QuerySet

from campaigns.core.clock import DatabaseClock
from campaigns.models import WorkerHost

BEAT_SECONDS = 5
"""Seconds between two heartbeats of a host."""
SILENT_SECONDS = 20
"""A host whose last heartbeat is older than this counts as dead."""
FORGET_DAYS = 7
"""Hosts that were silent this long are deleted."""


def living(now: datetime.datetime) -> QuerySet[WorkerHost]:
    """Return the hosts whose worker runs now; a heartbeat from the future, after a clock was put back, is none."""
    silent = datetime.timedelta(seconds=SILENT_SECONDS)
    return WorkerHost.objects.filter(ended_at=None, beat_at__gt=now - silent, beat_at__lt=now + silent)


def begin(name: str) -> bool:
    """Write down that a worker starts on this host; returns whether no other host is alive: it starts alone."""
    now = DatabaseClock().now()
    WorkerHost.objects.filter(beat_at__lt=now - datetime.timedelta(days=FORGET_DAYS)).delete()
    is_alone = not living(now).exclude(name=name).exists()
    started = {"started_at": now, "beat_at": now, "ended_at": None, "version": settings.VERSION}
    WorkerHost.objects.update_or_create(name=name, defaults=started)
    return is_alone


def beat(name: str) -> None:
    """Write a heartbeat of this host, at most one in `BEAT_SECONDS`."""
    now = DatabaseClock().now()
    due = Q(beat_at__lte=now - datetime.timedelta(seconds=BEAT_SECONDS)) | Q(beat_at__gt=now)
    WorkerHost.objects.filter(due, name=name).update(beat_at=now)


def end(name: str) -> None:
    """Write down that this host's worker ended in order."""
    now = DatabaseClock().now()
    WorkerHost.objects.filter(name=name, ended_at=None).update(ended_at=now)
