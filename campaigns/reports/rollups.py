"""Rollups: stored sums by quarter of an hour that reports read, counted again for quarters in which a call changed."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaigns.core import results
from campaigns.core.sql.bulk import insert_rows
from campaigns.models import Call, CallTally, CostTally, TallyMark
from campaigns.models.calls import CallQuerySet

QUARTER = 900
SETTLE = 2 * QUARTER
"""Seconds before a quarter is summed, because most of its calls are still changing."""
SLACK = datetime.timedelta(minutes=5)
"""Overlap of two searches for changed calls: a change is dated when made, but visible only after its commit."""
CALLS_A_ROUND = 100_000
"""About how many calls one run sums at most."""
READ = (
    "placing_at", "campaign", "provider", "attempt", "status", "answered_by", "talk_seconds", "cost", "currency",
)  # fmt: skip
COUNTS = ("sent", *results.COUNTED)
"""The counts of a `CallTally`: calls sent, and ended calls by result."""
PLACES = {key: place for place, key in enumerate(COUNTS)}
COSTS = ("told", "priced", "priced_seconds", "unpriced", "unpriced_seconds")

Key = tuple[int, int | None, int, Any]
"""Quarter, campaign, provider, and attempt or currency."""


class QuarterSums:
    """Counts of calls and costs by quarter, as stored in the two tables."""

    def __init__(self) -> None:
        self.calls: dict[Key, list[int]] = defaultdict(lambda: [0] * len(COUNTS))
        self.costs: dict[Key, list[Any]] = defaultdict(lambda: [Decimal(0), 0, 0, 0, 0])

    def add(self, rows: Iterable[tuple[Any, ...]]) -> QuarterSums:
        """Add calls, given as rows with the columns of `READ`; returns the object itself."""
        for placing_at, campaign, provider, attempt, status, answered_by, talked, cost, currency in rows:
            quarter = int(placing_at.timestamp()) // QUARTER
            counts = self.calls[quarter, campaign, provider, attempt]
            counts[0] += 1
            if place := PLACES.get(results.key_of(status, answered_by, talked)):
                counts[place] += 1
            if cost is not None:
                costs = self.costs[quarter, campaign, provider, currency]
                costs[0] += cost
                costs[1] += 1
                costs[2] += talked or 0
            elif talked:
                costs = self.costs[quarter, campaign, provider, currency]
                costs[3] += 1
                costs[4] += talked
        return self


def sum_of(calls: CallQuerySet) -> QuarterSums:
    """Return the sums of some sent calls."""
    return QuarterSums().add(calls.order_by().values_list(*READ).iterator(chunk_size=5000))


def moment(quarter: int) -> datetime.datetime:
    """Return the time at which a quarter begins."""
    return datetime.datetime.fromtimestamp(quarter * QUARTER, datetime.UTC)


def quarter_of(instant: datetime.datetime) -> int:
    """Return the number of the quarter that contains a time."""
    return int(instant.timestamp()) // QUARTER


def summed_through() -> int:
    """Return the first quarter that is not summed yet."""
    return TallyMark.objects.filter(pk=1).values_list("through", flat=True).first() or 0


def keep_sums(now: datetime.datetime | None = None) -> int:
    """Sum again the quarters changed since the last run, and sum further ones; returns how many were written."""
    now = now or timezone.now()
    mark = TallyMark.objects.get_or_create(pk=1)[0]
    done = 0
    if mark.through and mark.looked_at:
        changed = Call.objects.filter(
            changed_at__gte=min(mark.looked_at, now) - SLACK, placing_at__lt=moment(mark.through)
        )
        dirty = {quarter_of(at) for at in changed.order_by().values_list("placing_at", flat=True) if at is not None}
        # The calls of earlier ones are cleared: what was summed stays as it is.
        dirty = {quarter for quarter in dirty if quarter >= mark.cleared_through}
        for first, end in _spans(dirty):
            _write(first, end)
            done += end - first
    start, end = _next_span(mark.through, now)
    if start < end:
        _write(start, end)
        done += end - start
    TallyMark.objects.filter(pk=1).update(through=max(mark.through, end), looked_at=now)
    return done


def rebuild(now: datetime.datetime | None = None) -> int:
    """Delete sums and build them again from the calls; returns how many quarters were written.

    Meanwhile reports read the calls themselves. Sums of quarters whose calls were cleared stay.
    """
    with transaction.atomic():
        mark = TallyMark.objects.select_for_update().get_or_create(pk=1)[0]
        kept = mark.cleared_through
        TallyMark.objects.filter(pk=1).update(through=kept, looked_at=None)
        for model in (CallTally, CostTally):
            rows = model._default_manager.filter(quarter__gte=kept)
            rows._raw_delete(rows.db)
    done, now = 0, now or timezone.now()
    while written := keep_sums(now):
        done += written
        if summed_through() >= quarter_of(now - datetime.timedelta(seconds=SETTLE)):
            break
    return done


def _next_span(through: int, now: datetime.datetime) -> tuple[int, int]:
    """Return the quarters to sum next (first, and one after the last): only settled ones, of `CALLS_A_ROUND` calls."""
    last = quarter_of(now - datetime.timedelta(seconds=SETTLE))
    left = Call.objects.filter(placing_at__gte=moment(through)).order_by("placing_at")
    times = left.values_list("placing_at", flat=True)
    first = times.first()
    if first is None:
        return through, max(through, last)
    beyond = times[CALLS_A_ROUND : CALLS_A_ROUND + 1].first()
    start = max(through, quarter_of(first))
    end = last if beyond is None else min(last, max(quarter_of(beyond), start + 1))
    return start, max(start, end)


def _spans(quarters: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Join consecutive quarters; yields the first of each run and the one after its last."""
    first = end = None
    for quarter in sorted(quarters):
        if quarter != end:
            if first is not None and end is not None:
                yield first, end
            first = quarter
        end = quarter + 1
    if first is not None and end is not None:
        yield first, end


def _write(first: int, end: int) -> None:
    """Sum some quarters again, then replace their rows; the counting is outside the transaction."""
    sums = sum_of(Call.objects.filter(placing_at__gte=moment(first), placing_at__lt=moment(end)))
    with transaction.atomic():
        # Lock out other writers: two that delete and insert concurrently would leave every row twice.
        TallyMark.objects.select_for_update().get(pk=1)
        for model in (CallTally, CostTally):
            rows = model._default_manager.filter(quarter__gte=first, quarter__lt=end)
            rows._raw_delete(rows.db)
        keys = ("quarter", "campaign", "provider")
        insert_rows(CallTally, (*keys, "attempt", *COUNTS), [(*key, *row) for key, row in sums.calls.items()])
        insert_rows(CostTally, (*keys, "currency", *COSTS), [(*key, *row) for key, row in sums.costs.items()])
