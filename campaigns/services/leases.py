"""Who serves a provider now: one dispatcher and one poller each, by a lease that lapses when its holder dies."""

from __future__ import annotations

import datetime
from typing import Literal
from uuid import UUID

from django.db.models import Q

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


def release(kind: Kind, provider_id: int, token: UUID) -> None:
    """Give the lease back; a lease that somebody else took meanwhile stays theirs."""
    Provider.objects.filter(pk=provider_id, **{f"{kind}_lease": token}).update(
        **{f"{kind}_lease": None, f"{kind}_lease_until": None}
    )
