"""Estimates before and during a campaign: how long it takes, what it costs, and what the money leaves undone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from decimal import Decimal

from callcenter.formats.amounts import rounded_up
from campaigns.core import costs
from campaigns.core.hours import week_of
from campaigns.core.lines_in_use import lines_of
from campaigns.core.variants import versions_of
from campaigns.models import Campaign

ASSUMED_TALK_SECONDS = (40, 60)
"""Length of a conversation, at least and at most, where the provider's last calls do not tell what one costs."""
ASSUMED_LINE_SECONDS = 75
"""How long one call uses a line, ringing and talking."""
ASSUMED_ATTEMPTS = Decimal("1.5")
SPREAD = Decimal("0.2")
"""By how much the mean cost of further calls may differ from that of the last ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What calling a number of people takes and costs, each at least and at most."""

    minutes: tuple[int, int] = (0, 0)
    """Minutes of calling, within calling hours."""
    cost: tuple[Decimal, Decimal] | None = None
    """In the provider's currency, no more than the budget allows; None without a price."""
    uncalled: int = 0
    """About how many people the budget leaves uncalled."""
    lines: int | None = None
    """How many calls the budget lets out at the same time, where that is fewer than the lines; None otherwise."""
    unpriced: int = 0
    """How many people have numbers whose price is not known: their calls are in no cost."""


def estimate(campaign: Campaign, people: int, unpriced: int = 0) -> Estimate:
    """Estimate what calling so many more people takes, given pace, lines, price and what is left of the budget.

    `unpriced` of them have numbers to which the provider's price a minute does not apply: they take time, and a cost
    that is not known.
    """
    if unpriced:
        found = estimate(campaign, people - unpriced)
        return replace(
            found,
            minutes=estimate(campaign, people).minutes,
            cost=found.cost if people > unpriced else None,
            unpriced=unpriced,
        )
    if not people:
        return Estimate(cost=(Decimal(0), Decimal(0)) if campaign.provider.price_per_minute else None)
    most_attempts = people * min(Decimal(campaign.max_attempts), ASSUMED_ATTEMPTS)
    if not campaign.provider.price_per_minute:
        return Estimate(minutes=(_minutes(campaign, people), _minutes(campaign, most_attempts)))
    least, most = _cost_of_a_call(campaign)
    money = _Money.of(campaign, most)
    within = min(most_attempts, money.attempts) if money else most_attempts
    lines = money.lines(within) if money else None
    dearest = min(most_attempts * most, money.left) if money else most_attempts * most
    currency = campaign.provider.currency
    return Estimate(
        minutes=(_minutes(campaign, min(Decimal(people), within)), _minutes(campaign, within, lines)),
        cost=(rounded_up(min(people * least, dearest), currency), rounded_up(dearest, currency)),
        uncalled=max(0, people - int(within * people / most_attempts)) if within < most_attempts else 0,
        lines=lines if lines is not None and lines < _lines(campaign) else None,
    )


def worst_cost_of(campaign: Campaign) -> Decimal:
    """Return the cost of the dearest call that a campaign may place, in any of its variants."""
    agents = [said.agent for said in versions_of(campaign)]
    longest = [agent.longest_seconds if agent is not None else None for agent in agents]
    return max(costs.worst_cost(campaign.provider, seconds) for seconds in longest)


@dataclass(frozen=True, slots=True)
class _Money:
    """What a budget allows: how many attempts in all, and how many calls at the same time."""

    left: Decimal
    worst: Decimal
    a_call: Decimal
    is_soft: bool

    @classmethod
    def of(cls, campaign: Campaign, a_call: Decimal) -> _Money | None:
        if campaign.budget is None:
            return None
        left = max(campaign.budget - campaign.spent_cost, Decimal(0))
        return cls(left, worst_cost_of(campaign), a_call, campaign.budget_is_soft)

    @property
    def attempts(self) -> Decimal:
        """How many calls can be made: under a hard budget the last one needs room for its worst cost."""
        if self.is_soft:
            return Decimal(math.ceil(self.left / self.a_call))
        return Decimal((self.left - self.worst) // self.a_call + 1) if self.left >= self.worst else Decimal(0)

    def lines(self, attempts: Decimal) -> int | None:
        """How many calls are out at once when half of the attempts are made; None under a soft budget."""
        if self.is_soft:
            return None
        return max(1, int((self.left - attempts * self.a_call / 2) // self.worst))


def _cost_of_a_call(campaign: Campaign) -> tuple[Decimal, Decimal]:
    recent = costs.recent_costs(campaign.provider)
    if recent.is_telling and recent.mean:
        return recent.mean * (1 - SPREAD), recent.mean * (1 + SPREAD)
    least, most = ASSUMED_TALK_SECONDS
    return campaign.provider.price_per_minute * least / 60, campaign.provider.price_per_minute * most / 60


def _lines(campaign: Campaign) -> int:
    return lines_of(campaign, campaign.provider)


def _minutes(campaign: Campaign, attempts: Decimal | int, most_lines: int | None = None) -> int:
    provider = campaign.provider
    pace = min(provider.calls_per_minute, campaign.calls_per_minute or provider.calls_per_minute)
    lines = min(_lines(campaign), most_lines or _lines(campaign))
    per_minute = min(Decimal(pace), Decimal(lines) * 60 / ASSUMED_LINE_SECONDS)
    return math.ceil(attempts / per_minute)


def estimate_days(campaign: Campaign, minutes: int) -> int:
    """Return on how many days this many minutes of calling are called, given the campaign's hours a day."""
    return math.ceil(minutes / week_of(campaign).minutes_a_day)
