"""Which calls are to be read now, and which providers have such calls or orders on their way."""

from __future__ import annotations

import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from campaigns.core.clock import span
from campaigns.core.sql.prepared import IdsAt
from campaigns.models import Call
from campaigns.models.calls import CallQuerySet
from campaigns.models.status_conditions import StatusIsOneOf
from providers.models import Provider
from providers.types import AT_VENDOR, CallHandle, CallStatus

BATCH_BY_LIST = 5000
"""Calls a read where the vendor is read by list: a list costs all its pages, however few calls are wanted."""


def batch_of(provider: Provider) -> int:
    """Return how many calls one read asks for: thousands by list, else what the read rate allows in five seconds."""
    if provider.backend_class.fetches_by_list:
        return BATCH_BY_LIST
    return max(1, min(500, provider.reads_per_minute // 12))


def due_handles(provider: Provider, now: datetime.datetime) -> list[tuple[int, CallHandle]]:
    """Return the ids and handles of the calls to read now, the longest due first."""
    return _handles(Call.objects.at_vendor().filter(provider=provider), now, batch_of(provider))


def rare_handles(provider: Provider, now: datetime.datetime) -> list[tuple[int, CallHandle]]:
    """Return the same of calls without news: a read of their own, because old calls make a list long."""
    return _handles(without_news().filter(provider=provider), now, batch_of(provider))


def _handles(calls: CallQuerySet, now: datetime.datetime, most: int) -> list[tuple[int, CallHandle]]:
    due = calls.filter(next_poll_at__lte=now).exclude(remote_id="")
    # Plain values instead of model instances: there may be thousands of rows.
    columns = (
        "pk",
        "reference",
        "remote_id",
        "to_number",
        "agent__remote_id",
        "caller_id__number",
        "placing_at",
        "vendor_options",
    )
    return [
        (
            pk,
            CallHandle(
                reference=reference,
                remote_id=remote_id,
                to_number=to_number,
                agent_id=agent_id or "",
                caller_id=caller_id or "",
                placed_at=placed_at,
                vendor_options=vendor_options,
            ),
        )
        for pk, reference, remote_id, to_number, agent_id, caller_id, placed_at, vendor_options in due.order_by(
            "next_poll_at"
        ).values_list(*columns)[:most]
    ]


def without_news() -> CallQuerySet:
    """Return the calls that were given up, or decided by a person, and are still read rarely: the end may be told."""
    return Call.objects.filter(no_news_at__isnull=False)


def postpone(provider_id: int, now: datetime.datetime, wait: float) -> None:
    """Postpone all due polls of a provider by `wait` seconds."""
    for due in (Call.objects.filter(_due(now)), without_news().filter(next_poll_at__lte=now)):
        due.filter(provider=provider_id).update(next_poll_at=now + span(wait))


def _due(at: datetime.datetime) -> Q:
    return Q(StatusIsOneOf(AT_VENDOR | {CallStatus.UNKNOWN}), next_poll_at__lte=at)


def _with_due(now: datetime.datetime) -> QuerySet[Provider, int]:
    due = Call.objects.filter(_due(now), provider=OuterRef("pk"))
    return Provider.objects.filter(Exists(due)).values_list("pk", flat=True)


def _with_rare(now: datetime.datetime) -> QuerySet[Provider, int]:
    # Apart from the open calls: joined by OR, both would be looked for without their small indexes.
    rare = without_news().filter(next_poll_at__lte=now, provider=OuterRef("pk"))
    return Provider.objects.filter(Exists(rare)).values_list("pk", flat=True)


_providers_with_due, _providers_with_rare = IdsAt(_with_due), IdsAt(_with_rare)


def providers_with_due(now: datetime.datetime) -> list[int]:
    """Return the ids of providers with open, unknown or given-up calls to read now."""
    return list(dict.fromkeys([*_providers_with_due(now), *_providers_with_rare(now)]))


def providers_with_orders_out() -> list[int]:
    """Return the ids of providers with orders on their way."""
    out = Call.objects.live().filter(status=CallStatus.PLACING)
    return list(out.order_by().values_list("provider", flat=True).distinct())


def has_due(at: datetime.datetime) -> bool:
    """Return whether any call is due for a read at or before this time."""
    return Call.objects.filter(_due(at)).exists() or without_news().filter(next_poll_at__lte=at).exists()
