"""Budget reserves: a live call reserves its worst-case cost in its campaign, an ended one spends its real cost."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from django.db.models import F

from campaigns.models import Campaign
from providers.types import LIVE

NOTHING: Mapping[int, Decimal] = {}


def shift(source: str, target: str) -> int:
    """Return the effect of a status change on a call's reserve: -1 releases it, 1 reserves it (again), 0 keeps it.

    A call has a reserve exactly while its status is live. A call that was believed never placed and turns out to be
    live reserves it again.
    """
    return (target in LIVE) - (source in LIVE)


def book(reserved: Mapping[int, Decimal], spent: Mapping[int, Decimal] = NOTHING) -> None:
    """Add amounts by campaign id to the campaigns' reserved and spent budget; one UPDATE each, in the order of ids."""
    for campaign_id in sorted({*reserved, *spent}):
        kept, paid = reserved.get(campaign_id, Decimal(0)), spent.get(campaign_id, Decimal(0))
        if kept or paid:
            Campaign.objects.filter(pk=campaign_id).update(
                reserved_cost=F("reserved_cost") + kept, spent_cost=F("spent_cost") + paid
            )
