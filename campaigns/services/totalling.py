"""Adds up a filtered set of calls: exact to ten thousand, beyond that the newest ten thousand, and said so."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, Sum

from campaigns.models import Call
from campaigns.querysets import CallQuerySet
from campaigns.services.browsing import COUNT_UP_TO


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """What a set of calls comes to."""

    count: int
    """Calls; where there are more than can be counted in time, the newest so many."""
    is_more: bool
    """Whether there are more calls than the figures are of."""
    conversations: int
    talk_seconds: int
    costs: tuple[tuple[str, Decimal], ...]
    """Currency and amount, as vendors told them."""
    unpriced: int
    """Conversations of which no vendor told a cost."""


def totals_of(calls: CallQuerySet, limit: int = COUNT_UP_TO) -> Totals:
    """Add up calls, newest first, up to a limit; one query more than finding them takes."""
    newest = calls.order_by("-pk").values("pk")
    found = newest[: limit + 1].count()
    is_more = found > limit
    counted = Call.objects.filter(pk__in=newest[:limit]) if is_more else calls
    talked = Q(status="completed", talk_seconds__gt=0) & ~Q(answered_by="machine")
    rows = list(
        counted.order_by()
        .values("currency")
        .annotate(
            conversations=Count("pk", filter=talked),
            seconds=Sum("talk_seconds"),
            amount=Sum("cost"),
            unpriced=Count("pk", filter=talked & Q(cost__isnull=True)),
        )
        .order_by("currency")
    )
    return Totals(
        count=min(found, limit),
        is_more=is_more,
        conversations=sum(row["conversations"] for row in rows),
        talk_seconds=sum(row["seconds"] or 0 for row in rows),
        costs=tuple((row["currency"], row["amount"]) for row in rows if row["amount"] is not None),
        unpriced=sum(row["unpriced"] for row in rows),
    )
