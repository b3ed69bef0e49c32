"""Benchmark of one line without webhooks: how late ends are seen, and calls an hour beside what the line allows.

A provider with one line places its next call only when the end of the one before was read. A real worker dials at the
simulator, whose calls have a length that is known beforehand, so that each end seen is compared with the true one.
"""

from __future__ import annotations

import itertools
import statistics
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

from benchmarks import common
from benchmarks.common import MANAGE, Goal
from benchmarks.dispatch import make_calls
from benchmarks.hosts import programs, wait

KINDS = {"calls of 10 s": (9.0, 11.0), "busy after 2 s": (0.0, 3.0), "all kinds": (0.0, 99.0)}
"""Calls by their length at the simulator, in seconds from the order to the last word."""
FIRST_SECONDS = 60.0


class Pace(NamedTuple):
    """What one line did."""

    calls: float
    late_half: float
    late_p95: float
    late_most: float
    next_order: float
    """Half of the next orders left within so many seconds of the end that was seen."""
    calls_an_hour: float
    share_of_ideal: float


def length_of(number: str) -> float:
    """Return the seconds after which the simulator says the last word of a call to this number."""
    from providers.sandbox.engine import script_for

    return script_for(number, magic=False).phases[-1][0]


def numbers(shortest: float, longest: float) -> Iterator[int]:
    """Yield numbers (see `common.phone`) whose calls last so long, never one twice in a run."""
    return (n for n in _left if shortest <= length_of(common.phone(n)) <= longest)


_left = itertools.count(1)


def run(vendor: str, origin: str, kind: str, seconds: float, workers: int) -> Pace:
    """Let a worker dial over one line for so long, and read what became of the calls."""
    from django.db import connections

    from campaigns.models import Call, Campaign, WorkerHost

    WorkerHost.objects.all().delete()
    shortest, longest = KINDS[kind]
    provider = common.make_provider(
        vendor, origin, name=f"{vendor}, {kind}", max_lines=1, calls_per_minute=600, reads_per_minute=600
    )
    campaign = make_calls(provider, int(seconds / max(shortest, 2.0)) + 20, numbers(shortest, longest))
    Campaign.objects.filter(pk=campaign.pk).update(max_attempts=1)
    over = Call.objects.filter(campaign=campaign, status__in=["completed", "busy", "no_answer", "failed"])
    connections.close_all()
    with programs([([*MANAGE, "worker"], {"WORKERS": str(workers)})]):
        wait(over.exists, FIRST_SECONDS)
        time.sleep(seconds)
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.STOPPED)
    return pace_of(list(over.exclude(placed_at=None).order_by("placing_at")))


def pace_of(calls: list[Any]) -> Pace:
    """Return what the calls that are over tell; each was written when its end was seen."""
    if len(calls) < 3:
        raise SystemExit(f"{len(calls)} calls ended: too few for a figure.")
    lengths = [length_of(call.to_number) for call in calls]
    late = [
        max((call.changed_at - call.placed_at).total_seconds() - length, 0.0)
        for call, length in zip(calls, lengths, strict=True)
    ]
    gaps = [(after.placing_at - call.changed_at).total_seconds() for call, after in itertools.pairwise(calls)]
    # From order to order: the last one's own end is left out.
    took = (calls[-1].placing_at - calls[0].placing_at).total_seconds()
    done = len(calls) - 1
    return Pace(
        len(calls), statistics.median(late), statistics.quantiles(late, n=20, method="inclusive")[-1], max(late),
        statistics.median(gaps), done / took * 3600, sum(lengths[:-1]) / took,
    )  # fmt: skip


def main() -> None:
    """Print, for vendors with and without a list, how late ends are seen and what the line did of what it could."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("--vendors", nargs="+", default=["bolna", "voicy"], help="one without a list, one with")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=["calls of 10 s", "busy after 2 s"])
    parser.add_argument("--seconds", type=float, default=240.0, help="of dialling, each")
    parser.add_argument("--workers", type=int, default=3, help="processes of the worker (WORKERS)")
    asked = parser.parse_args()
    rows: list[list[object]] = []
    found: dict[str, list[Pace]] = {kind: [] for kind in asked.kinds}
    with common.stage(asked.database), common.sandbox(delay_ms=50) as origin:
        from campaigns.models import DialingSwitch

        DialingSwitch.objects.get_or_create(pk=1)
        for vendor, kind in itertools.product(asked.vendors, asked.kinds):
            pace = run(vendor, origin, kind, asked.seconds, asked.workers)
            found[kind].append(pace)
            rows.append([f"{vendor}, {kind}", int(pace.calls), *pace[1:]])
        common.print_table(
            f"One line without webhooks, {asked.workers} processes, {common.engine()}; the ideal places the next call "
            "the moment the one before ends",
            [
                "",
                "calls",
                "seen late, half, s",
                "p95, s",
                "most, s",
                "next order after, half, s",
                "calls an hour",
                "of the ideal",
            ],
            rows,
        )
    common.print_goals(
        [
            goal
            for kind, paces in found.items()
            for goal in (
                Goal(f"{kind}: ends seen late, p95", max(p.late_p95 for p in paces), 8, " s", at_most=True),
                Goal(f"{kind}: share of the ideal pace", min(p.share_of_ideal for p in paces), SHARES[kind]),
            )
        ]
    )


SHARES = {"calls of 10 s": 0.7, "busy after 2 s": 0.4, "all kinds": 0.6}
"""Share of the ideal pace to reach: an open call is asked for every four seconds at most, two after its order."""


if __name__ == "__main__":
    main()
