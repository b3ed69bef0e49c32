"""Totals of filtered calls: count, cost and talk time, up to a number that can be summed within a request."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from campaigns.core.conditions import talked
from campaigns.core.paging import COUNT_UP_TO
from campaigns.models.calls import CallQuerySet


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The totals of a set of calls; if there are more than the limit, only that there are more."""

    count: int
    is_more: bool
    conversations: int = 0
    talk_seconds: int = 0
    costs: tuple[tuple[str, Decimal], ...] = ()
    """Pairs of currency and amount, as reported by vendors."""
    unpriced: int = 0
    """Calls with talk time for which the vendor reported no cost."""


def totals_of(calls: CallQuerySet, limit: int = COUNT_UP_TO) -> Totals:
    """Return the totals of unordered calls, in two queries."""
    found = calls.order_by()[: limit + 1].count()
    if found > limit:
        return Totals(count=limit, is_more=True)
    rows = list(
        calls.order_by()
        .values("currency")
        .annotate(
            conversations=Count("pk", filter=talked()),
            seconds=Sum("talk_seconds", filter=talked()),
            amount=Sum("cost"),
            unpriced=Count("pk", filter=talked() & Q(cost__isnull=True)),
        )
        .order_by("currency")
    )
    return Totals(
        count=found,
        is_more=False,
        conversations=sum(row["conversations"] for row in rows),
        talk_seconds=sum(row["seconds"] or 0 for row in rows),
        costs=tuple((row["currency"], row["amount"]) for row in rows if row["amount"] is not None),
        unpriced=sum(row["unpriced"] for row in rows),
    )
