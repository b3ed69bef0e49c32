"""Counts of a campaign's attempts by result and by hour, cached for a while if counting takes long."""

from __future__ import annotations

import datetime
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import Count, Func, IntegerField
from django.utils import timezone

from campaigns.calls import call_log, call_log_filters
from campaigns.core import conditions, results
from campaigns.models import Call, Campaign, DoNotCall
from campaigns.reports.figures import Cell
from campaigns.reports.rollups import QUARTER, moment
from providers.types import ENDED, CallStatus

QUICK = 0.1
"""Counts that take fewer seconds than this are not cached."""
KEPT_TIMES = 20
KEPT_MOST = 120
"""Slower counts are cached for `KEPT_TIMES` times as long as they took, at most `KEPT_MOST` seconds."""

Counted = TypeVar("Counted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """Numbers of a campaign's attempts by state and by result."""

    at: datetime.datetime
    """The time just before the count."""
    by_status: Mapping[str, int] = field(default_factory=dict)
    """All attempts at that time, by state."""
    ended: int = 0
    talked: int = 0
    machine: int = 0
    no_answer: int = 0
    busy: int = 0
    failed: int = 0
    canceled: int = 0
    silent: int = 0
    """Ended, but nobody talked."""
    refused: int = 0
    """Of those in `talked`: the person hung up immediately or opted out."""
    held: int = 0
    taken_back: int = 0
    """Canceled because a person or a stopped campaign asked the vendor to."""

    @property
    def results(self) -> dict[str, int]:
        """Ended attempts by result."""
        return {key: getattr(self, key) for key in results.COUNTED}

    @property
    def answer_rate(self) -> float | None:
        """Conversations in percent of the ended attempts; None if none has ended."""
        return round(100 * self.talked / self.ended, 1) if self.ended else None


def count_outcomes(campaign: Campaign) -> Outcomes:
    """Count a campaign's attempts by result; may be cached."""
    return kept(f"campaign-outcomes:{campaign.pk}", lambda: _count(campaign))


def count_states(campaign: Campaign) -> dict[str, int]:
    """Count a campaign's attempts by state, now."""
    calls = Call.objects.filter(campaign=campaign).order_by()
    return {row["status"]: row["n"] for row in calls.values("status").annotate(n=Count("pk"))}


def _count(campaign: Campaign) -> Outcomes:
    now = timezone.now()
    # Grouped by state alone, so that one index answers the query; any further column would have to read the rows.
    groups: Iterable[Any] = Call.objects.filter(campaign=campaign).order_by().values("status").annotate(
        n=Count("pk"),
        **results.AMONG,
        refused=Count("pk", filter=conditions.hung_up_at_once()),
        held=Count("held_at"),
        stopped=Count("stop_asked_at"),
    )  # fmt: skip
    counted = dict.fromkeys(("ended", "refused", "held", "taken_back", *results.COUNTED), 0)
    by_status: dict[str, int] = {}
    for group in groups:
        status = group["status"]
        by_status[status] = group["n"]
        if status not in ENDED:
            continue
        counted["ended"] += group["n"]
        counted["refused"] += group["refused"]
        counted["held"] += group["held"]
        for key, number in results.split(status, group["n"], group["machine"], group["talked"]).items():
            counted[key] += number
        if status == CallStatus.CANCELED:
            counted["taken_back"] += group["stopped"]
    counted["refused"] += _opted_out(campaign)
    return Outcomes(at=now, by_status=by_status, **counted)


def _opted_out(campaign: Campaign) -> int:
    """Count the calls that led to an opt-out, without those hung up immediately, starting from the few opt-outs."""
    if campaign.launched_at is None:
        return 0
    wishes = DoNotCall.objects.filter(added_at__gte=campaign.launched_at)
    wished = wishes.filter(source__in=[DoNotCall.Source.VENDOR, DoNotCall.Source.PERSON]).values("phone")
    calls = Call.objects.filter(campaign=campaign, to_number__in=wished, status__in=sorted(ENDED))
    return calls.filter(call_log.of_which(call_log_filters.OPTED_OUT)).exclude(conditions.hung_up_at_once()).count()


def count_queued(campaign: Campaign) -> int:
    """Count the people of a fully queued campaign, by their first attempts."""
    key = f"campaign-people:{campaign.pk}:{campaign.filled_through}:{campaign.people_joined}"
    return kept(key, lambda: Call.objects.filter(campaign=campaign, attempt=1).count())


def count_skips(campaign: Campaign) -> list[tuple[str, int]]:
    """Count the skipped people by reason, the commonest first."""
    skipped = Call.objects.filter(campaign=campaign, status=CallStatus.SKIPPED).order_by()
    rows = skipped.values_list("skip_reason").annotate(n=Count("pk"))
    return kept(
        f"campaign-skips:{campaign.pk}", lambda: sorted(((reason, n) for reason, n in rows), key=lambda row: -row[1])
    )


@dataclass(frozen=True, slots=True)
class Hours:
    """Ended calls and conversations by weekday (1 is Monday) and hour of the viewer's time zone."""

    at: datetime.datetime
    cells: Mapping[tuple[int, int], Cell] = field(default_factory=dict)


def count_hours(campaign: Campaign) -> Hours:
    """Count a campaign's calls and conversations by the hour they were sent, in the viewer's zone; may be cached."""
    zone = timezone.get_current_timezone_name()
    return kept(f"campaign-hours:{campaign.pk}:{zone}", lambda: _count_hours(campaign))


class QuarterOf(Func):
    """SQL expression for the number of the quarter-hour since 1970 that contains a time.

    Every zone's hours begin with a quarter. Grouping by it is cheaper a row than converting time zones in SQL.
    """

    output_field = IntegerField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        """Return the division in the SQL of the engine in use, with its parameters."""
        column, parameters = compiler.compile(self.source_expressions[0])
        if connection.vendor == "postgresql":
            return f"(FLOOR(DATE_PART('epoch', {column}) / {QUARTER})::integer)", parameters
        return f"(CAST(STRFTIME('%%s', {column}) AS integer) / {QUARTER})", parameters


def _count_hours(campaign: Campaign) -> Hours:
    calls = Call.objects.filter(campaign=campaign, status__in=sorted(ENDED), placing_at__isnull=False).order_by()
    rows = calls.annotate(quarter=QuarterOf("placing_at")).values("quarter").annotate(
        ended=Count("*"), talked=Count("pk", filter=conditions.talked())
    )  # fmt: skip
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for row in rows:
        there = timezone.localtime(moment(row["quarter"]))
        cell = sums[there.isoweekday(), there.hour]
        cell[0] += row["ended"]
        cell[1] += row["talked"]
    cells = {key: Cell(ended, ended, talked) for key, (ended, talked) in sums.items()}
    return Hours(timezone.now(), cells)


def kept(key: str, count: Callable[[], Counted]) -> Counted:
    """Return the result of `count`, from the cache if there; slow results are cached under `key` for all users."""
    known: Counted | None = cache.get(key)
    if known is not None:
        return known
    began = time.monotonic()
    counted = count()
    took = time.monotonic() - began
    if took > QUICK:
        cache.set(key, counted, min(KEPT_MOST, KEPT_TIMES * took))
    return counted
