"""What a campaign's attempts came to, and when people answered; kept a while where counting takes long."""

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

from campaigns.calls import call_log
from campaigns.core import conditions, results
from campaigns.models import Call, Campaign, DoNotCall
from campaigns.reports.figures import Cell
from campaigns.reports.rollups import QUARTER, moment
from providers.types import ENDED, CallStatus

QUICK = 0.1
"""Seconds: what is counted faster is counted each time."""
KEPT_TIMES = 20
KEPT_MOST = 120
"""What takes longer is kept for twenty times as long, at most so many seconds."""

Counted = TypeVar("Counted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How many of a campaign's attempts came to what."""

    at: datetime.datetime
    """Just before they were counted."""
    by_status: Mapping[str, int] = field(default_factory=dict)
    """All attempts at that instant, by state."""
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
    """Among those talked: hung up at once, or asked not to be called again."""
    held: int = 0
    taken_back: int = 0
    """Canceled because somebody here asked the vendor for it."""

    @property
    def results(self) -> dict[str, int]:
        """Attempts that are over by what came of them."""
        return {key: getattr(self, key) for key in results.COUNTED}

    @property
    def answer_rate(self) -> float | None:
        """Conversations among the attempts that are over, in percent; None before the first."""
        return round(100 * self.talked / self.ended, 1) if self.ended else None


def count_outcomes(campaign: Campaign) -> Outcomes:
    """Count what a campaign's attempts came to."""
    return kept(f"campaign-outcomes:{campaign.pk}", lambda: _count(campaign))


def count_states(campaign: Campaign) -> dict[str, int]:
    """Count a campaign's attempts by state."""
    calls = Call.objects.filter(campaign=campaign).order_by()
    return {row["status"]: row["n"] for row in calls.values("status").annotate(n=Count("pk"))}


def _count(campaign: Campaign) -> Outcomes:
    now = timezone.now()
    # By the state alone, in the order of the index that holds these columns: any other group has to be looked up.
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
    """Count the calls that ended in a wish, but those that were hung up at once; found by the few wishes."""
    if campaign.launched_at is None:
        return 0
    wishes = DoNotCall.objects.filter(added_at__gte=campaign.launched_at)
    wished = wishes.filter(source__in=[DoNotCall.Source.VENDOR, DoNotCall.Source.PERSON]).values("phone")
    calls = Call.objects.filter(campaign=campaign, to_number__in=wished, status__in=sorted(ENDED))
    return calls.filter(call_log.of_which(call_log.OPTED_OUT)).exclude(conditions.hung_up_at_once()).count()


def count_queued(campaign: Campaign) -> int:
    """Count the people of a campaign whose queueing is over: everybody has one first attempt."""
    key = f"campaign-people:{campaign.pk}:{campaign.filled_through}"
    return kept(key, lambda: Call.objects.filter(campaign=campaign, attempt=1).count())


def count_skips(campaign: Campaign) -> list[tuple[str, int]]:
    """Count who was not called by the reason, the commonest first."""
    skipped = Call.objects.filter(campaign=campaign, status=CallStatus.SKIPPED).order_by()
    rows = skipped.values_list("skip_reason").annotate(n=Count("pk"))
    return kept(
        f"campaign-skips:{campaign.pk}", lambda: sorted(((reason, n) for reason, n in rows), key=lambda row: -row[1])
    )


@dataclass(frozen=True, slots=True)
class Hours:
    """Calls that are over and conversations by weekday (1 is Monday) and hour of the viewer's clock."""

    at: datetime.datetime
    cells: Mapping[tuple[int, int], Cell] = field(default_factory=dict)


def count_hours(campaign: Campaign) -> Hours:
    """Count when a campaign's calls left and how many of them somebody answered, on the viewer's clock."""
    zone = timezone.get_current_timezone_name()
    return kept(f"campaign-hours:{campaign.pk}:{zone}", lambda: _count_hours(campaign))


class QuarterOf(Func):
    """The quarter of an hour since 1970 in which an instant lies: every zone's hours begin with one.

    Cheaper for each row than a zone's own functions, and few groups come of it.
    """

    output_field = IntegerField()

    def as_sql(self, compiler: Any, connection: Any, *args: Any, **extra: Any) -> Any:
        """Return the division in the words of the database."""
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
    """Return what `count` counts; what takes long is kept a while, for everybody who asks."""
    known: Counted | None = cache.get(key)
    if known is not None:
        return known
    began = time.monotonic()
    counted = count()
    took = time.monotonic() - began
    if took > QUICK:
        cache.set(key, counted, min(KEPT_MOST, KEPT_TIMES * took))
    return counted
