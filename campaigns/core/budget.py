"""What a campaign's budget keeps for its calls: the worst case of each while its phone may ring, then the real cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import F

from campaigns.models import Campaign
from providers.types import LIVE

NOTHING: Mapping[int, Decimal] = {}


def shift(source: str, target: str) -> int:
    """Return what a change of status does to a call's reserve: -1 gives it back, 1 takes it (again), 0 leaves it.

    A call keeps its reserve while it is live, so whatever leads out of that gives it back, once; and one that turns
    out to have been placed after all takes it again.
    """
    return (target in LIVE) - (source in LIVE)


def book(reserved: Mapping[int, Decimal], spent: Mapping[int, Decimal] = NOTHING) -> None:
    """Add to what campaigns (by id) keep and have spent, in the order of their ids, a statement for each."""
    for campaign_id in sorted({*reserved, *spent}):
        kept, paid = reserved.get(campaign_id, Decimal(0)), spent.get(campaign_id, Decimal(0))
        if kept or paid:
            Campaign.objects.filter(pk=campaign_id).update(
                reserved_cost=F("reserved_cost") + kept, spent_cost=F("spent_cost") + paid
            )
