"""Reads the counts of reports: from the stored sums, and for later times from the calls themselves."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Case, F, QuerySet, Sum, Value, When
from django.db.models.fields import IntegerField
from django.utils import timezone

from callcenter.access.reach import sight_of
from callcenter.access.roles import Person
from campaigns.models import CallTally, CostTally
from campaigns.models.calls import CallQuerySet
from campaigns.reports.rollups import COSTS, COUNTS, QUARTER, moment, quarter_of, sum_of, summed_through

DAY, HOUR, WEEK_HOURS = 86_400, 3_600, 168
MONDAY = 72
"""Hours from the Monday before to the first of January 1970, a Thursday."""
EPOCH = datetime.date(1970, 1, 1)

Key = tuple[Any, ...]


@dataclass(slots=True)
class RollupCounts:
    """Sums by day, hour and attempt, each in the order of `COUNTS` or `COSTS`."""

    parts: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(COUNTS)))
    """By day, campaign (None are the single calls) and provider."""
    hours: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(COUNTS)))
    """By weekday (1 is Monday) and hour."""
    attempts: dict[Key, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0] * len(COUNTS)))
    costs: dict[Key, list[Any]] = field(default_factory=lambda: defaultdict(lambda: [Decimal(0), 0, 0, 0, 0]))
    """By day, campaign, provider and currency."""


class LocalClock:
    """Converts quarter-hours into local days and hours, in Python and in SQL, for a span from `first` to `end`."""

    def __init__(self, zone: datetime.tzinfo, first: int, end: int) -> None:
        self._zone = zone
        self._steps = list(self._changes(first, end))

    def _changes(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """Yield pairs of quarter and UTC offset: the first of the span, then each change of the clocks."""
        known = self._offset_at(first)
        yield first, known
        for start in range(first, end, DAY // QUARTER):
            low, high = start, min(start + DAY // QUARTER, end)
            if (after := self._offset_at(high)) == known:
                continue
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if self._offset_at(middle) == known else (low, middle)
            yield high, after
            known = after

    def _offset_at(self, quarter: int) -> int:
        offset = moment(quarter).astimezone(self._zone).utcoffset()
        return int(offset.total_seconds()) if offset else 0

    def seconds(self) -> Any:
        """Return the SQL expression for a quarter's local seconds since 1970."""
        (_first, offset), *changes = self._steps
        found: Any = Value(offset)
        if changes:
            ends = [at for at, _offset in changes]
            held = [offset for _at, offset in self._steps]
            whens = [When(quarter__lt=at, then=Value(one)) for at, one in zip(ends, held, strict=False)]
            found = Case(*whens, default=Value(held[-1]), output_field=IntegerField())
        return F("quarter") * QUARTER + found

    def seconds_of(self, quarter: int) -> int:
        """Return a quarter's local seconds since 1970."""
        offset = next(offset for at, offset in reversed(self._steps) if at <= quarter)
        return quarter * QUARTER + offset


def day_of(number: int) -> datetime.date:
    """Return the date of a number of days since 1970."""
    return EPOCH + datetime.timedelta(days=number)


def week_hour(number: int) -> tuple[int, int]:
    """Return weekday (1 is Monday) and hour for a number of hours since the beginning of a week."""
    return number // 24 + 1, number % 24


def read_counts(
    calls_from: Callable[[datetime.datetime], CallQuerySet],
    start: datetime.datetime,
    end: datetime.datetime,
    narrowed: dict[str, Any],
    person: Person,
    *,
    by_attempt: bool = True,
) -> RollupCounts:
    """Count the calls sent between `start` and `end`.

    `calls_from` returns the calls of the scope from a time on; `narrowed` are the scope's filters. The stored sums hold
    everybody's calls, so for a person who does not see all of them, the calls themselves are read.
    """
    first, after = quarter_of(start), quarter_of(end)
    clock, counts = LocalClock(timezone.get_current_timezone(), first, after), RollupCounts()
    through = min(summed_through(), after) if sight_of(person).is_everything else 0
    if first < through:
        _read_sums(counts, clock, {"quarter__gte": first, "quarter__lt": through, **narrowed}, by_attempt)
    # One lower bound only: given two, SQLite seeks to the first and reads all rows up to the other.
    _read_calls(counts, clock, calls_from(max(start, moment(through))))
    return counts


def _read_sums(counts: RollupCounts, clock: LocalClock, span: dict[str, Any], by_attempt: bool) -> None:
    rows = CallTally.objects.filter(**span)
    day, hour = clock.seconds() / DAY, (clock.seconds() / HOUR + MONDAY) % WEEK_HOURS
    for number, campaign, provider, *sums in _grouped(rows, COUNTS, day, "campaign", "provider"):
        _add(counts.parts[day_of(number), campaign, provider], sums)
    for number, *sums in _grouped(rows, COUNTS, hour):
        _add(counts.hours[week_hour(number)], sums)
    for attempt, *sums in _grouped(rows, COUNTS, F("attempt")) if by_attempt else ():
        _add(counts.attempts[attempt,], sums)
    costs = CostTally.objects.filter(**span)
    for number, campaign, provider, currency, *sums in _grouped(costs, COSTS, day, "campaign", "provider", "currency"):
        _add(counts.costs[day_of(number), campaign, provider, currency], sums)


def _grouped(rows: QuerySet[Any], names: Iterable[str], by: Any, *columns: str) -> Any:
    """Sum columns of rows, grouped by one expression and some columns."""
    sums = {f"sum_{name}": Sum(name) for name in names}
    return rows.order_by().annotate(by=by).values_list("by", *columns).annotate(**sums)


def _read_calls(counts: RollupCounts, clock: LocalClock, calls: CallQuerySet) -> None:
    sums = sum_of(calls)
    for (quarter, campaign, provider, attempt), row in sums.calls.items():
        seconds = clock.seconds_of(quarter)
        _add(counts.parts[day_of(seconds // DAY), campaign, provider], row)
        _add(counts.hours[week_hour((seconds // HOUR + MONDAY) % WEEK_HOURS)], row)
        _add(counts.attempts[attempt,], row)
    for (quarter, campaign, provider, currency), costs in sums.costs.items():
        _add(counts.costs[day_of(clock.seconds_of(quarter) // DAY), campaign, provider, currency], costs)


def _add(sums: list[Any], more: Iterable[Any]) -> None:
    for place, value in enumerate(more):
        sums[place] += value
