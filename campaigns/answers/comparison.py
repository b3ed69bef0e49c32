"""The variants of a campaign, compared: who was called, who talked, who reached the goal, how long and at what cost.

What is counted is people, each once, by all their attempts; so nothing is gained by calling somebody more often.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations
from typing import Any

from django.db.models import Avg, Count, Q, Sum

from campaigns import proportions
from campaigns.answers.questions import meets_goal
from campaigns.core.conditions import talked
from campaigns.core.variants import Variant, variants_of
from campaigns.models import Answer, Call, Campaign, Question
from campaigns.models.status_conditions import HasVariant
from campaigns.proportions import Interval


@dataclass(frozen=True, slots=True)
class Share:
    """How many of so many people, as a share with its interval."""

    hits: int
    of: int

    @property
    def share(self) -> float:
        """From 0 to 1; 0 where nobody was called."""
        return self.hits / self.of if self.of else 0.0

    @property
    def interval(self) -> Interval:
        """Where the true share lies, with a certainty of 95 %."""
        return proportions.wilson(self.hits, self.of)


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantFigures:
    """What the calls of one variant came to."""

    variant: Variant
    people: int
    """People with a first attempt, sent or not."""
    called: int
    """People to whom a call was sent."""
    talked: Share
    """Of those called, who talked in any of their calls."""
    goal: Share | None
    """Of those called, who reached the goal; None where the campaign has none."""
    talk_seconds: float | None
    """On average of the calls in which somebody talked."""
    costs: Sequence[tuple[str, Decimal, Decimal]] = field(default_factory=tuple)
    """By currency: what the calls cost in all, and on average for each person called."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """The best variant against the one after it, by the goal, or by talks where there is none."""

    first: VariantFigures
    second: VariantFigures
    is_goal: bool
    chance: float
    """How often chance alone makes such a difference, given how many pairs were looked at."""
    is_large_enough: bool
    """Whether there are enough people to ask that at all."""
    more_needed: int | None
    """How many more people show the difference, if it is real; None where there is no difference."""

    @property
    def points(self) -> float:
        """By how many percentage points the first is ahead."""
        return 100 * (_rate(self.first, self.is_goal).share - _rate(self.second, self.is_goal).share)

    @property
    def people(self) -> int:
        """People called of both."""
        return self.first.called + self.second.called

    @property
    def is_sure(self) -> bool:
        """Whether chance hardly makes such a difference: less than 1 time in 20."""
        return self.is_large_enough and self.chance < 1 - proportions.SURE


def compare(campaign: Campaign, goal: Question | None) -> list[VariantFigures]:
    """Return the figures of each variant, in their order; of two variants or more, a comparison."""
    calls = Call.objects.filter(HasVariant(), campaign=campaign).order_by()
    counted = {
        row["variant"]: row
        for row in calls.values("variant").annotate(
            people=Count("pk", filter=Q(attempt=1)),
            # Whoever was called at all was called with one of their attempts; the first may have been skipped.
            called=Count("contact", filter=Q(placing_at__isnull=False), distinct=True),
            talked=Count("contact", filter=talked(), distinct=True),
            talk_seconds=Avg("talk_seconds", filter=talked()),
        )
    }
    reached: dict[str, int] = {}
    if goal is not None:
        met = Answer.objects.filter(question=goal, **meets_goal(goal)).order_by()
        by_variant = met.values("call__variant").annotate(n=Count("call__contact", distinct=True))
        reached = {row["call__variant"]: row["n"] for row in by_variant}
    costs = _costs(campaign)
    found = []
    for variant in variants_of(campaign):
        row: Mapping[str, Any] = counted.get(variant.key, {})
        called = row.get("called", 0)
        found.append(
            VariantFigures(
                variant=variant,
                people=row.get("people", 0),
                called=called,
                talked=Share(row.get("talked", 0), called),
                # An answer that a person entered may be of a call that was never sent.
                goal=Share(min(reached.get(variant.key, 0), called), called) if goal is not None else None,
                talk_seconds=row.get("talk_seconds"),
                costs=[(currency, total, total / called) for currency, total in costs[variant.key] if called],
            )
        )
    return found


def _costs(campaign: Campaign) -> dict[str, list[tuple[str, Decimal]]]:
    """Return by variant what its calls cost in each currency; two currencies are never added."""
    priced = Call.objects.filter(HasVariant(), campaign=campaign, cost__isnull=False).order_by()
    found: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for row in priced.values("variant", "currency").annotate(total=Sum("cost")).order_by("variant", "currency"):
        found[row["variant"]].append((row["currency"], Decimal(row["total"])))
    return found


def lead_of(figures: Sequence[VariantFigures]) -> Lead | None:
    """Return the best variant against the one after it; None before two of them have called anybody.

    Of three variants three pairs are looked at, and one of them differs by chance more easily: the chance is counted
    for as many pairs (Bonferroni).
    """
    known = [one for one in figures if one.called]
    if len(known) < 2:
        return None
    is_goal = all(one.goal is not None for one in known)
    first, second, *_others = sorted(known, key=lambda one: -_rate(one, is_goal).share)
    ahead, behind = _rate(first, is_goal), _rate(second, is_goal)
    pairs = len(list(combinations(known, 2)))
    once = proportions.chance(ahead.hits, ahead.of, behind.hits, behind.of)
    needed = proportions.people_needed(
        ahead.share, behind.share, ahead.of / (ahead.of + behind.of), chance_at_most=(1 - proportions.SURE) / pairs
    )
    return Lead(
        first=first,
        second=second,
        is_goal=is_goal,
        chance=min(1.0, once * pairs),
        is_large_enough=proportions.is_large_enough(ahead.hits, ahead.of, behind.hits, behind.of),
        more_needed=None if needed is None else max(0, needed - ahead.of - behind.of),
    )


def _rate(figures: VariantFigures, is_goal: bool) -> Share:
    return figures.goal if is_goal and figures.goal is not None else figures.talked
