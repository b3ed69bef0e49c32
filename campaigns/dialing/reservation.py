"""Reserves due calls for one dispatcher by a lease on the row; a lapsed lease has no other effect."""

from __future__ import annotations

import datetime
import random
from collections import Counter
from collections.abc import Sequence
from itertools import zip_longest
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.lookups import Exact

from campaigns.core.lines_in_use import lines_held, lines_of
from campaigns.core.sql.bulk import set_rows
from campaigns.core.sql.prepared import IdsAt
from campaigns.dialing import second_provider
from campaigns.lines import ORDER, Priority, Turns
from campaigns.models import Call, Campaign
from campaigns.models.calls import CallQuerySet
from campaigns.reasons import MoneyWait
from providers import pace
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
    return list(dict.fromkeys([*_providers_with_work(now), *second_provider.providers_with_work(now)]))


def reserve(provider_id: int, token: UUID, wanted: int, now: datetime.datetime) -> list[int]:
    """Lease up to `wanted` due calls: single calls first, then those of running campaigns in turn by priority.

    Returns their ids in the order in which they go. Within a priority the campaigns share equally and any of them
    begins. Of a campaign no more is leased than may leave now: what its own lines or pace hold up would else stand
    before all others at every commit point. The lease is `token` and lapses after `RESERVED`.
    """
    # Not a plain `provider=`: with it, SQLite would choose an index over all waiting calls of the provider's campaigns.
    single = Call.objects.filter(Exact(F("provider_id") + 0, provider_id), campaign__isnull=True)
    taken = _lease(single, token, wanted, now)
    running = Campaign.objects.filter(status=Campaign.Status.RUNNING, money_wait=MoneyWait.NONE)
    rows = list(running.filter(provider=provider_id).select_related("provider").only(*_READ))
    random.shuffle(rows)
    turns = Turns.read(rows[0].provider.turns) if rows else Turns()
    most = _most_of(rows, now)
    held_up = [row for row in rows if most.get(row.pk, 1) < 1]
    rows = [row for row in rows if most.get(row.pk, 1) > 0]
    leased: dict[Priority, list[list[int]]] = {}
    left, planned = wanted - len(taken), turns.copy()
    while rows and left > 0:
        # Those that have fewer than their part drop out, and the others share what they leave.
        slots, short = planned.ahead({Priority(row.priority) for row in rows}, left), set()
        places, got = Counter(row.priority for row in rows), Counter[Priority]()
        for row in rows:
            priority = Priority(row.priority)
            part = -(-slots[priority] // places[priority])
            places[priority] -= 1
            share = min(part, most.get(row.pk, part))
            found = _lease(Call.objects.filter(campaign=row.pk), token, share, now) if share else []
            leased.setdefault(priority, []).append(found)
            slots[priority] -= len(found)
            got[priority] += len(found)
            left -= len(found)
            if row.pk in most:
                most[row.pk] -= len(found)
            if len(found) < part:
                short.add(row.pk)
        if not short:
            break
        for priority in ORDER:
            for _call in range(got[priority]):
                planned.count(priority)
        rows = [row for row in rows if row.pk not in short]
    queues = {key: [one for turn in zip_longest(*parts) for one in turn if one] for key, parts in leased.items()}
    # Last, since only the commit point decides: alone at the front they would keep a batch of one from all others.
    last = [one for row in held_up for one in _lease(Call.objects.filter(campaign=row.pk), token, 1, now)]
    taken += [*turns.in_order(queues), *last]
    return taken + second_provider.reserve(provider_id, token, wanted - len(taken), now, _lease)


_READ = (
    "priority", "max_lines", "lines_percent", "calls_per_minute", "pace_tat", "provider__max_lines",
    "provider__single_call_lines", "provider__max_call_seconds", "provider__turns",
)  # fmt: skip


def _most_of(campaigns: Sequence[Campaign], now: datetime.datetime) -> dict[int, int]:
    """Return how many calls campaigns with limits of their own may make now, by id."""
    limited = [row for row in campaigns if row.max_lines or row.lines_percent or row.calls_per_minute]
    if not limited or len(campaigns) == 1:
        return {}
    provider = limited[0].provider
    held = lines_held(provider.pk, provider.max_call_seconds, now).by_campaign
    found = {}
    for row in limited:
        room = lines_of(row, provider) - held[row.pk]
        if cap := row.calls_per_minute:
            taken = pace.take(row.pace_tat, now.timestamp(), cap, cap)
            # A pace dated in the future, by a clock set back, is repaired by the commit point of its next call.
            room = min(room, taken.count or (1 if taken.tat < row.pace_tat else 0))
        found[row.pk] = room
    return found


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
