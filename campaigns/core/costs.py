"""What a call costs: at most, likely by the provider's last calls, and really once it has ended.

All amounts are in the provider's currency. Minutes are counted as begun, because that is how calls are billed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal

from campaigns.models import Call
from providers.models import Provider
from providers.types import ENDED

LAST_CALLS = 200
LEAST_CALLS = 20
"""Fewer ended calls than this say too little of what a call costs."""
LIKELY_PERCENT = 95
END_SECONDS = 10
"""How much later than its limit a vendor may end a call."""
_SMALLEST = Decimal("0.0001")


def longest_minutes(provider: Provider, agent_longest: int | None = None) -> int:
    """Return the minutes of the longest possible call, begun ones counted whole.

    `agent_longest` are the seconds after which the vendor ends the agent's calls, None where it does not tell: then
    what an admin set for the provider holds.
    """
    seconds = provider.max_call_seconds if agent_longest is None else agent_longest + END_SECONDS
    return -(-seconds // 60)


def worst_cost(provider: Provider, agent_longest: int | None = None) -> Decimal:
    """Return what the longest possible call costs at the provider's price; 0 without a price."""
    # A price that was just assigned may be a whole number or a text still.
    price = Decimal(provider.price_per_minute)
    return (price * longest_minutes(provider, agent_longest)).quantize(_SMALLEST, ROUND_UP)


def real_cost(provider: Provider, talk_seconds: int | None, cost: Decimal | None, currency: str) -> Decimal:
    """Return what an ended call cost, as budgets and caps count it.

    That is what the vendor reported, else the talk time at the provider's price. A cost in another currency than the
    provider's cannot be added to its amounts, so it is not counted; reports show it by itself.
    """
    if cost is not None and (not currency or not provider.currency or currency == provider.currency):
        return cost
    return provider.price_per_minute * Decimal(talk_seconds or 0) / 60


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentCosts:
    """What the provider's last calls cost, those that nobody answered too."""

    calls: int
    """How many ended calls were read."""
    mean: Decimal
    likely: Decimal
    """The 95th percentile, and at least a minute."""

    @property
    def is_telling(self) -> bool:
        """Whether there were enough calls to estimate by."""
        return self.calls >= LEAST_CALLS


def recent_costs(provider: Provider) -> RecentCosts:
    """Return what the last `LAST_CALLS` ended calls of a provider cost."""
    ended = Call.objects.filter(provider=provider, status__in=sorted(ENDED), placing_at__isnull=False)
    rows = ended.order_by("-id").values_list("talk_seconds", "cost", "currency")[:LAST_CALLS]
    costs = sorted(real_cost(provider, *row) for row in rows)
    return RecentCosts(
        calls=len(costs),
        mean=sum(costs, Decimal(0)) / len(costs) if costs else Decimal(0),
        likely=max(provider.price_per_minute, _percentile(costs, LIKELY_PERCENT)),
    )


def _percentile(found: Sequence[Decimal], percent: int) -> Decimal:
    """Return the smallest of the sorted amounts that at least so many percent do not exceed; 0 of none."""
    return found[-(-len(found) * percent // 100) - 1] if found else Decimal(0)
