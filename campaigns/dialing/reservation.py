"""Reserves due calls for one dispatcher by a lease on the row; a lapsed lease has no other effect."""

from __future__ import annotations

import datetime
import random
from itertools import zip_longest
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.lookups import Exact

from campaigns.core.sql.bulk import set_rows
from campaigns.core.sql.prepared import IdsAt
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.reasons import MoneyWait
from providers.models import Provider
from providers.types import CallStatus

RESERVED = datetime.timedelta(seconds=30)
"""How long a reservation holds before other dispatchers may take the call."""


def _with_work(now: datetime.datetime) -> QuerySet[Provider, int]:
    due = Call.objects.due(now).order_by()
    # Query from the calls to the providers; the other way round every waiting call of a provider would be read.
    single = due.filter(campaign__isnull=True).values("provider_id")
    running = Campaign.objects.filter(status=Campaign.Status.RUNNING, money_wait=MoneyWait.NONE).order_by()
    campaign = running.filter(Exists(due.filter(campaign=OuterRef("pk")))).values("provider_id")
    found = Provider.objects.callable().filter(Q(pk__in=single) | Q(pk__in=campaign))
    return found.values_list("pk", flat=True)


_providers_with_work = IdsAt(_with_work)


def providers_with_work(now: datetime.datetime) -> list[int]:
    """Return the ids of providers that may call and have a due single call, or a due call of a running campaign."""
    return _providers_with_work(now)


def reserve(provider_id: int, token: UUID, wanted: int, now: datetime.datetime) -> list[int]:
    """Lease up to `wanted` due calls; single calls first, then in equal shares from each running campaign.

    Returns their ids, campaigns in turn and beginning with any of them: one whose own pace or lines are used up would
    else stand before all others at every commit point. The lease is `token` and lapses after `RESERVED`.
    """
    # Not a plain `provider=`: with it, SQLite would choose an index over all waiting calls of the provider's campaigns.
    single = Call.objects.filter(Exact(F("provider_id") + 0, provider_id), campaign__isnull=True)
    taken = _lease(single, token, wanted, now)
    running = Campaign.objects.filter(status=Campaign.Status.RUNNING, money_wait=MoneyWait.NONE)
    campaigns = list(running.filter(provider=provider_id).values_list("pk", flat=True))
    random.shuffle(campaigns)
    left, shares = wanted - len(taken), []
    for position, campaign_id in enumerate(campaigns):
        share = -(-left // (len(campaigns) - position))
        if share > 0:
            shares.append(_lease(Call.objects.filter(campaign=campaign_id), token, share, now))
            left -= len(shares[-1])
    return taken + [call_id for turn in zip_longest(*shares) for call_id in turn if call_id is not None]


def _lease(calls: CallQuerySet, token: UUID, wanted: int, now: datetime.datetime) -> list[int]:
    with transaction.atomic():
        candidates = calls.due(now).unleased(now, RESERVED).order_by("due_at", "id")
        # Skipping locked rows only avoids waiting; the commit point is what prevents a call from being taken twice.
        ids = list(candidates.select_for_update(skip_locked=True).values_list("pk", flat=True)[:wanted])
        until = now + RESERVED
        set_rows(Call, ids, {"lease": token, "lease_until": until}, guard="c.status = 'pending'")
    return ids


def release(token: UUID) -> None:
    """Release all calls that this token reserved and did not commit."""
    Call.objects.filter(lease=token, status=CallStatus.PENDING).update(lease=None, lease_until=None)


def release_some(token: UUID, ids: list[int]) -> None:
    """Release some of the calls that this token reserved, so that another dispatcher may take them."""
    Call.objects.filter(pk__in=ids, lease=token, status=CallStatus.PENDING).update(lease=None, lease_until=None)
