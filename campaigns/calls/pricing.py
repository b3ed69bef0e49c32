"""Guesses what one call will cost, from the provider's price and how long its last talks lasted."""

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
    """What a call through a provider costs: a minute, one of usual length, the longest one."""

    currency: str
    a_minute: Decimal
    longest_minutes: int
    at_most: Decimal
    usual_seconds: int | None = None
    """Median of the last talks; None where nobody talked yet."""
    usual: Decimal | None = None


def guess_price(provider: Provider) -> PriceGuess | None:
    """Return what a call through this provider may cost; None where no price is set.

    Reads a fixed number of the provider's last calls, however many there are.
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
    """Round up: a guess that is too low is the one that annoys."""
    return amount.quantize(Decimal(1) if currency in WITHOUT_CENTS else Decimal("0.01"), rounding=ROUND_UP)
