"""Whether a launch needs another person's approval, and who takes over a campaign whose owner was switched off."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from callcenter.access.roles import Person, may
from campaigns.core import launch_limits
from campaigns.core.installation import Installation, current
from campaigns.launch.estimates import estimate
from campaigns.models import Campaign


def why_approval(
    people: int, person: Person, campaign: Campaign | None = None, at: datetime.datetime | None = None
) -> str:
    """Return why a launch of this many people by this person needs another's approval; empty if it needs none.

    All that the person launches on the day of `at` (None: now) counts, in people and in money.
    """
    now = at or timezone.now()
    if may(person, launch_limits.WITHOUT_LIMIT):
        return ""
    if campaign is None:
        return launch_limits.why_approval(person, people, Decimal(0), "", now)
    limits, currency = current(), campaign.provider.currency
    cost = most_cost(campaign, people, limits)
    return launch_limits.why_approval(person, people, cost, currency, now, campaign.pk, limits)


def needs_approval(people: int, person: Person, campaign: Campaign | None = None) -> bool:
    """Return whether a launch of this many people by this person needs another person's approval."""
    return bool(why_approval(people, person, campaign))


def most_cost(campaign: Campaign, people: int, limits: Installation) -> Decimal | None:
    """Return what calling so many people costs at most, as estimated; None where the price is not known.

    It is estimated only where there is a limit in its currency.
    """
    if campaign.provider.currency not in limits.caller_launch_prices:
        return Decimal(0) if campaign.provider.price_per_minute else None
    cost = estimate(campaign, people).cost
    return cost[1] if cost is not None else None


def taken_over_by(campaign: Campaign, person: Person) -> dict[str, Any]:
    """Return what changes if this person lets a campaign go on whose owner was switched off: they take it over."""
    owner = campaign.owner
    if owner is None or owner.is_active or owner.pk == person.pk:
        return {}
    return {"owner_id": person.pk, "launched_by_id": person.pk}
