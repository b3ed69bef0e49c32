"""Leases on providers: at most one dispatcher and one poller serve a provider at a time.

A holder renews its lease every `RENEW_SECONDS`; the lease of a dead holder expires after `LEASE`. What several
hosts serve is evened out in `sharing`.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Q

from campaigns.core.clock import has_passed, still_holds
from campaigns.models import RunningSlice
from providers.models import Provider

Kind = Literal["dispatch", "poll"]
LEASE = datetime.timedelta(seconds=12)
RENEW_SECONDS = 4


def take(kind: Kind, provider_id: int, token: UUID, now: datetime.datetime) -> bool:
    """Take or renew the lease for the slice `token` by compare-and-set; returns whether this slice holds it now."""
    lease, until = f"{kind}_lease", f"{kind}_lease_until"
    free = Q(**{f"{lease}__isnull": True}) | has_passed(until, now, LEASE) | Q(**{lease: token})
    changed = Provider.objects.filter(free, pk=provider_id).update(**{lease: token, until: now + LEASE})
    return changed == 1


class Others:
    """The other running slices of one kind, seen through their leases; tells a slice whether it should end early.

    A slice occupies a worker process even while it only waits, and three waiting dispatchers would leave no process
    for polling.
    """

    def __init__(self, kind: Kind, token: UUID) -> None:
        self._kind, self._token, self._host = kind, token, settings.HOST_NAME
        self._first_seen: dict[UUID, datetime.datetime] = {}

    def leave_room(self, now: datetime.datetime) -> bool:
        """Tell whether fewer than `SLICES` other slices of this host hold leases, so that this one may run."""
        elsewhere = RunningSlice.objects.filter(kind=self._kind).exclude(host=self._host).values("token")
        return len(self._held(now, ~Q(**{f"{self._kind}_lease__in": elsewhere}))) < settings.SLICES

    def take_care(self, now: datetime.datetime) -> bool:
        """Tell whether another slice renewed a lease since the first call: it is alive and handles all that is due.

        A lease that was only held and not renewed may be that of a dead process.
        """
        return any(until > self._first_seen.setdefault(token, until) for token, until in self._held(now).items())

    def _held(self, now: datetime.datetime, which: Q | None = None) -> dict[UUID, datetime.datetime]:
        lease, until = f"{self._kind}_lease", f"{self._kind}_lease_until"
        held = Provider.objects.filter(
            still_holds(until, now, LEASE), which or Q(), **{f"{lease}__isnull": False}
        ).exclude(**{lease: self._token})
        return dict(held.values(lease).annotate(last=Max(until)).order_by().values_list(lease, "last"))


def release(kind: Kind, provider_id: int, token: UUID) -> None:
    """Release the lease if the slice `token` still holds it."""
    Provider.objects.filter(pk=provider_id, **{f"{kind}_lease": token}).update(
        **{f"{kind}_lease": None, f"{kind}_lease_until": None}
    )


def release_all(kind: Kind, token: UUID) -> None:
    """Release every lease that names the slice `token`, also those that it was given and did not find yet."""
    Provider.objects.filter(**{f"{kind}_lease": token}).update(**{f"{kind}_lease": None, f"{kind}_lease_until": None})


def has_unheld(kind: Kind, provider_ids: Collection[int], now: datetime.datetime) -> bool:
    """Tell whether nobody holds the lease of one of these providers: its holder has ended, or died."""
    if not provider_ids:
        return False
    free = Q(**{f"{kind}_lease": None}) | Q(**{f"{kind}_lease_until__lt": now})
    return Provider.objects.filter(free, pk__in=provider_ids).exists()
