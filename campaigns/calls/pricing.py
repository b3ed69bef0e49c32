"""Cost estimate of one call, from the provider's price and the length of its last conversations."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from callcenter.formats.amounts import rounded_up
from campaigns.core.costs import LAST_CALLS, longest_minutes, worst_cost
from campaigns.models import Call
from campaigns.number_types import has_usual_price
from providers.models import Provider


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceGuess:
    """The estimated cost of a call: per minute, of median length, of maximum length."""

    currency: str
    a_minute: Decimal
    longest_minutes: int
    at_most: Decimal
    usual_seconds: int | None = None
    """Median talk time of the last conversations; None if there were none."""
    usual: Decimal | None = None


def guess_price(provider: Provider, number: str = "") -> PriceGuess | None:
    """Return the cost estimate of a call through this provider; None if it has no price, or not for such a number.

    Reads the provider's last `LAST_CALLS` calls.
    """
    price = provider.price_per_minute
    if not price or (number and not has_usual_price(number)):
        return None
    last = Call.objects.filter(provider=provider).order_by("-id").values_list("talk_seconds", flat=True)[:LAST_CALLS]
    talks = [seconds for seconds in last if seconds]
    seconds = round(median(talks)) if talks else None
    return PriceGuess(
        currency=provider.currency,
        a_minute=price,
        longest_minutes=longest_minutes(provider),
        at_most=rounded_up(worst_cost(provider), provider.currency),
        usual_seconds=seconds,
        usual=rounded_up(price * seconds / 60, provider.currency) if seconds else None,
    )
