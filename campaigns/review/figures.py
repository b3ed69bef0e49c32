"""What reviews by one scorecard came to: by agent, by campaign, by week, by point."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, QuerySet
from django.db.models.functions import TruncWeek

from callcenter.access.roles import Person
from callcenter.formats.zones import start_of
from campaigns.core.scope import seen_by
from campaigns.models import Scorecard, ScorecardReview

MOST_READ = 5_000
"""Reviews, the newest, from which the means of single points are made."""


@dataclass(frozen=True, slots=True)
class Mean:
    """The mean score of some reviews."""

    name: Any
    """What they have in common: a name (None: none), or the first day of a week."""
    reviews: int
    percent: Decimal


def reviews_in(
    card: Scorecard, person: Person, since: datetime.date, until: datetime.date
) -> QuerySet[ScorecardReview]:
    """Return the reviews by a scorecard between two days, both included, of calls that a person may see."""
    end = start_of(until + datetime.timedelta(days=1))
    found = ScorecardReview.objects.filter(scorecard=card, reviewed_at__gte=start_of(since), reviewed_at__lt=end)
    return seen_by(person, found)


def means_by(reviews: QuerySet[ScorecardReview], column: str) -> list[Mean]:
    """Return the mean by the name of an agent or campaign of the calls, the best first."""
    rows = reviews.order_by().values(column).annotate(n=Count("pk"), mean=Avg("percent"))
    found = [Mean(row[column], row["n"], _rounded(row["mean"])) for row in rows]
    return sorted(found, key=lambda one: (-one.percent, str(one.name)))


def means_by_week(reviews: QuerySet[ScorecardReview]) -> list[Mean]:
    """Return the mean by week, the earliest first."""
    weeks = reviews.order_by().annotate(week=TruncWeek("reviewed_at")).values("week")
    rows = weeks.annotate(n=Count("pk"), mean=Avg("percent")).order_by("week")
    return [Mean(row["week"].date(), row["n"], _rounded(row["mean"])) for row in rows]


def means_by_point(reviews: QuerySet[ScorecardReview]) -> list[Mean]:
    """Return the mean of each point in percent of what it can get, the weakest first."""
    by_text: dict[str, list[Decimal]] = defaultdict(list)
    for given in reviews.order_by("-reviewed_at").values_list("given", flat=True)[:MOST_READ]:
        for one in given:
            by_text[one["text"]].append(Decimal(100 * one["value"]) / one["most"])
    found = [Mean(text, len(values), _rounded(sum(values) / len(values))) for text, values in by_text.items()]
    return sorted(found, key=lambda one: (one.percent, one.name))


def _rounded(value: Any) -> Decimal:
    return Decimal(value).quantize(Decimal("0.1"))


def whole_mean(reviews: Sequence[Mean]) -> Decimal | None:
    """Return the mean over all reviews of a breakdown; None for none."""
    count = sum(one.reviews for one in reviews)
    return _rounded(sum(one.percent * one.reviews for one in reviews) / count) if count else None
