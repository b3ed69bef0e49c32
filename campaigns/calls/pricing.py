"""Cost estimate of one call, from the provider's price and the length of its last conversations."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from statistics import median

from callcenter.formats.amounts import WITHOUT_CENTS
from campaigns.models import Call
from providers.models import Provider

LAST_CALLS = 200


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


def guess_price(provider: Provider) -> PriceGuess | None:
    """Return the cost estimate of a call through this provider; None if it has no price.

    Reads the provider's last `LAST_CALLS` calls.
    """
    price = provider.price_per_minute
    if not price:
        return None
    last = Call.objects.filter(provider=provider).order_by("-id").values_list("talk_seconds", flat=True)[:LAST_CALLS]
    talks = [seconds for seconds in last if seconds]
    seconds = round(median(talks)) if talks else None
    return PriceGuess(
        currency=provider.currency,
        a_minute=price,
        longest_minutes=-(-provider.max_call_seconds // 60),
        at_most=_rounded(price * provider.max_call_seconds / 60, provider.currency),
        usual_seconds=seconds,
        usual=_rounded(price * seconds / 60, provider.currency) if seconds else None,
    )


def _rounded(amount: Decimal, currency: str) -> Decimal:
    """Return an amount rounded up, so that the estimate is not too low."""
    return amount.quantize(Decimal(1) if currency in WITHOUT_CENTS else Decimal("0.01"), rounding=ROUND_UP)
