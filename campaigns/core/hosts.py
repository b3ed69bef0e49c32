"""Hosts: who runs a worker now, by the heartbeats that their work leaves behind."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from campaigns.core.clock import DatabaseClock
from campaigns.models import WorkerHost

BEAT_SECONDS = 5
"""Seconds between two heartbeats of a host."""
SILENT_SECONDS = 20
"""A host whose last heartbeat is older than this counts as dead."""
FORGET_DAYS = 7
"""Hosts that were silent this long are deleted."""


@dataclass(frozen=True, slots=True)
class HostStanding:
    """How one host stands."""

    name: str
    version: str
    silent_for: float
    """Seconds since its last heartbeat; negative where a clock was put back."""
    has_ended: bool

    @property
    def is_alive(self) -> bool:
        """Whether its worker runs: work passed through it a moment ago."""
        return not self.has_ended and abs(self.silent_for) < SILENT_SECONDS


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether background work is alive, as page, `doctor`, `/readyz` and the alert all read it."""

    hosts: tuple[HostStanding, ...]

    @property
    def is_alive(self) -> bool:
        """Whether a worker runs anywhere."""
        return any(host.is_alive for host in self.hosts)

    @property
    def silent_for(self) -> float | None:
        """Seconds since the last heartbeat of any host; None where no worker ever ran."""
        return min((abs(host.silent_for) for host in self.hosts), default=None)


def standing() -> Standing:
    """Read how all hosts stand now, by the database's clock, in one statement."""
    rows = WorkerHost.objects.annotate(now=Now()).values_list("name", "version", "now", "beat_at", "ended_at")
    return Standing(
        tuple(
            HostStanding(name, version, (now - beat_at).total_seconds(), has_ended=ended_at is not None)
            for name, version, now, beat_at, ended_at in rows
        )
    )


def living(now: datetime.datetime) -> QuerySet[WorkerHost]:
    """Return the hosts whose worker runs now; a heartbeat from the future, after a clock was put back, is none."""
    silent = datetime.timedelta(seconds=SILENT_SECONDS)
    return WorkerHost.objects.filter(ended_at=None, beat_at__gt=now - silent, beat_at__lt=now + silent)


def begin(name: str) -> bool:
    """Write down that a worker starts on this host; returns whether no other host is alive: it starts alone.

    A start is no heartbeat: where the work of each start stands still, the host must not look alive.
    """
    now = DatabaseClock().now()
    WorkerHost.objects.filter(beat_at__lt=now - datetime.timedelta(days=FORGET_DAYS)).exclude(name=name).delete()
    is_alone = not living(now).exclude(name=name).exists()
    started = {"started_at": now, "ended_at": None, "version": settings.VERSION}
    WorkerHost.objects.update_or_create(name=name, defaults=started, create_defaults={"beat_at": now, **started})
    return is_alone


def beat(name: str) -> None:
    """Write a heartbeat of this host, at most one in `BEAT_SECONDS`; it runs again where another start of it ended."""
    now = DatabaseClock().now()
    is_old = Q(beat_at__lte=now - datetime.timedelta(seconds=BEAT_SECONDS)) | Q(beat_at__gt=now)
    due = is_old | Q(ended_at__isnull=False)
    written = WorkerHost.objects.filter(due, name=name).update(beat_at=now, ended_at=None)
    if not written and not WorkerHost.objects.filter(name=name).exists():
        # The row went with a restored backup.
        begin(name)


def end(name: str) -> None:
    """Write down that this host's worker ended in order."""
    now = DatabaseClock().now()
    WorkerHost.objects.filter(name=name, ended_at=None).update(ended_at=now)


def seconds_since_work(name: str) -> float:
    """Return how long ago this host's last heartbeat or start was, by the database's clock; 0 where it has no row."""
    row = WorkerHost.objects.filter(name=name).annotate(now=Now()).values_list("now", "beat_at", "started_at").first()
    if row is None:
        return 0.0
    now, beat_at, started_at = row
    return float((now - max(beat_at, started_at)).total_seconds())
