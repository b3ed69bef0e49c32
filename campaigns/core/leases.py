"""Who serves a provider now: one dispatcher and one poller each, by a lease that lapses when its holder dies."""

from __future__ import annotations

import datetime
from typing import Literal
from uuid import UUID

from django.conf import settings
from django.db.models import Max, Q

from providers.models import Provider

Kind = Literal["dispatch", "poll"]
LEASE_SECONDS = 12
RENEW_SECONDS = 4


def take(kind: Kind, provider_id: int, token: UUID, now: datetime.datetime) -> bool:
    """Take or renew the lease by compare-and-set; returns whether it is ours now."""
    lease, until = f"{kind}_lease", f"{kind}_lease_until"
    free = Q(**{f"{lease}__isnull": True}) | Q(**{f"{until}__lt": now}) | Q(**{lease: token})
    changed = Provider.objects.filter(free, pk=provider_id).update(
        **{lease: token, until: now + datetime.timedelta(seconds=LEASE_SECONDS)}
    )
    return changed == 1


class Others:
    """The other slices of one kind: who lives, and whether there is room for one more.

    A slice that only waits takes a place among the queue's processes all the same. Three dispatchers that wait would
    leave nobody to read the states of calls.
    """

    def __init__(self, kind: Kind, token: UUID) -> None:
        self._kind, self._token = kind, token
        self._first_seen: dict[UUID, datetime.datetime] = {}

    def leave_room(self, now: datetime.datetime) -> bool:
        """Tell whether fewer slices than `SLICES` hold leases."""
        return len(self._held(now)) < settings.SLICES

    def take_care(self, now: datetime.datetime) -> bool:
        """Tell whether another slice renewed a lease since we first asked: it lives, and looks after all that is due.

        That of a dead one is not renewed, and lapses.
        """
        return any(until > self._first_seen.setdefault(token, until) for token, until in self._held(now).items())

    def _held(self, now: datetime.datetime) -> dict[UUID, datetime.datetime]:
        lease, until = f"{self._kind}_lease", f"{self._kind}_lease_until"
        held = Provider.objects.filter(**{f"{lease}__isnull": False, f"{until}__gte": now}).exclude(
            **{lease: self._token}
        )
        return dict(held.values(lease).annotate(last=Max(until)).order_by().values_list(lease, "last"))


def release(kind: Kind, provider_id: int, token: UUID) -> None:
    """Give the lease back; a lease that somebody else took meanwhile stays theirs."""
    Provider.objects.filter(pk=provider_id, **{f"{kind}_lease": token}).update(
        **{f"{kind}_lease": None, f"{kind}_lease_until": None}
    )
