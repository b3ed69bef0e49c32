"""Benchmark of many browsers beside a campaign: how long pages take, and what the campaign's rate loses.

An installation as `make demo` lays it out, in a folder of its own: web server (one process, eight threads), worker and
simulator as processes. In one run: browsers while nothing is dialled (the baseline), the same browsers beside the
campaign, then the campaign alone. Needs the dependency group `benchmarks` (locust).
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import common, visits
from benchmarks.common import MANAGE, Goal
from benchmarks.dispatch import make_calls
from benchmarks.hosts import programs, wait

WEB_PORT = common.SANDBOX_PORT + 1
ORIGIN = f"http://127.0.0.1:{WEB_PORT}"
SETTLE_SECONDS = 10.0
"""Left out after each change: browsers log in, a campaign begins."""
QUICK_MS = 1000.0
LOG_IN = "log in"
FIRST_NUMBER = 1_000_000
"""Beyond those of the demo's own people."""


class Request(NamedTuple):
    """One answer that a browser got."""

    at: float
    page: str
    ms: float
    error: str


class Phase(NamedTuple):
    """A stretch of the run: its requests, its placed calls a second, and CPU seconds a second by process."""

    requests: list[Request]
    rate: float
    cpu: dict[str, float]


def make_people(count: int) -> None:
    """Make the accounts that the browsers log in with, in the demo's team."""
    from django.contrib.auth.models import Group, User

    from callcenter.access.models import Membership, Team
    from callcenter.access.rights import ADMIN, CALLER, MANAGER

    groups = {"caller": CALLER, "manager": MANAGER, "admin": ADMIN}
    team = Team.objects.get(name="Front desk")
    for number in range(count):
        role = visits.role_of(number)
        person = User.objects.create_user(
            visits.USERNAME.format(number), password=visits.PASSWORD, is_staff=role == "admin"
        )
        person.groups.add(Group.objects.get(name=groups[role]))
        Membership.objects.create(user=person, team=team)


def make_campaign(people: int, pace: int) -> Any:
    """Make the campaign of so many people, paused, at a provider that may place `pace` calls a minute."""
    from callcenter.access.models import Team
    from campaigns.models import Campaign
    from providers.models import Provider

    provider = Provider.objects.get(vendor="bolna")
    # A call lasts eight seconds on average: lines enough for the pace.
    provider.max_lines, provider.calls_per_minute, provider.reads_per_minute = max(10, pace // 5), pace, 6000
    provider.save()
    campaign = make_calls(provider, people, itertools.count(FIRST_NUMBER))
    Campaign.objects.filter(pk=campaign.pk).update(
        status=Campaign.Status.PAUSED, name="Remind many people", team=Team.objects.get(name="Front desk")
    )
    return campaign


def set_status(campaign: Any, status: str) -> None:
    """Let the campaign run, or pause it, and tell the worker."""
    from django.db import connections

    from campaigns import queue
    from campaigns.models import Campaign

    Campaign.objects.filter(pk=campaign.pk).update(status=status)
    queue.nudge_dispatch()
    connections.close_all()


@contextmanager
def installation(directory: Path, browsers: int, *, has_news: bool) -> Iterator[dict[str, int]]:
    """Context manager: lays out the demo and starts web server and worker; yields their process ids by name."""
    from django.conf import settings
    from django.db import connections

    from callcenter.demo import have_news_sent, lay_out
    from callcenter.supervision import wait_for_port, web_server
    from campaigns.models import DialingSwitch

    DialingSwitch.objects.get_or_create(pk=1)
    for _sentence in lay_out():
        pass
    make_people(browsers)
    if has_news:
        have_news_sent(ORIGIN)
    connections.close_all()
    environment = {"DJANGO_SETTINGS_MODULE": os.environ["DJANGO_SETTINGS_MODULE"], "WORKERS": str(settings.WORKERS)}
    web, worker = list(web_server("127.0.0.1", WEB_PORT).command), [*MANAGE, "worker"]
    with programs([(web, environment), (worker, environment)]) as (web_pid, worker_pid):
        if not wait_for_port(WEB_PORT, seconds=60):
            raise SystemExit(f"The web server does not answer on {ORIGIN}.")
        yield {"web": web_pid, "worker": worker_pid}


@contextmanager
def locust(browsers: int, campaign: Any, log: Path) -> Iterator[int]:
    """Context manager: opens so many browsers, and closes them; yields the process id."""
    command = [
        *(sys.executable, "-m", "locust", "-f", "benchmarks/locustfile.py", "--headless", "--host", ORIGIN),
        *("--users", str(browsers), "--spawn-rate", "5", "--skip-log", "--only-summary"),
    ]
    with programs([(command, {"BROWSERS_LOG": str(log), "BROWSERS_CAMPAIGN": str(campaign.pk)})]) as (pid,):
        yield pid


def read_log(log: Path) -> list[Request]:
    """Return the requests so far; a line that is not whole yet is left out."""
    lines = log.read_bytes().splitlines(keepends=True) if log.exists() else []
    return [Request(**json.loads(line)) for line in lines if line.endswith(b"\n")]


def measure(seconds: float, pids: dict[str, int], campaign: Any, log: Path) -> Phase:
    """Let some seconds pass, and return what happened in them."""
    from campaigns.models import Call

    time.sleep(SETTLE_SECONDS)
    before = {name: common.tree_cpu(pid) for name, pid in pids.items()}
    began, clock = time.time(), datetime.datetime.now(datetime.UTC)
    time.sleep(seconds)
    until, took = datetime.datetime.now(datetime.UTC), time.time() - began
    used = {name: (common.tree_cpu(pid) - before[name]) / took for name, pid in pids.items()}
    placed = Call.objects.filter(campaign=campaign, placed_at__range=(clock, until)).count()
    requests = [request for request in read_log(log) if began <= request.at <= began + took]
    return Phase(requests, placed / took, used)


def percentile(times: list[float], percent: int) -> float:
    """Return a percentile of some milliseconds; of one value, that value."""
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1] if len(times) > 1 else times[0]


def report(asked: argparse.Namespace, alone: Phase, beside: Phase, without: Phase, load: tuple[float, float]) -> None:
    """Print the tables and the goals."""
    by_page: dict[str, list[list[float]]] = defaultdict(lambda: [[], []])
    for position, phase in enumerate((alone, beside)):
        for request in phase.requests:
            if request.page != LOG_IN:
                by_page[request.page][position].append(request.ms)
                by_page["all"][position].append(request.ms)
    errors = [request for request in (*alone.requests, *beside.requests) if request.error]
    rows: list[list[object]] = []
    slowest = 0.0
    for page, (base, times) in sorted(by_page.items(), key=lambda item: (item[0] == "all", item[0])):
        if not times:
            continue
        wrong = sum(1 for request in beside.requests if request.error and page in {request.page, "all"})
        of_base = percentile(times, 95) / percentile(base, 95) if base else float("nan")
        slowest = max(slowest, percentile(times, 95))
        figures = [percentile(times, percent) for percent in (50, 95, 99)]
        rows.append([page, len(times), wrong, *figures, max(times), percentile(base, 95) if base else "-", of_base])
    common.print_table(
        f"{asked.browsers} browsers beside a campaign of {asked.people:,} people at {asked.pace} calls a minute, "
        f"{common.engine()}; milliseconds; load of the machine {load[0]:.1f} before, {load[1]:.1f} after",
        ["page", "requests", "errors", "p50", "p95", "p99", "most", "p95 without the campaign", "ratio of p95"],
        rows,
    )
    common.print_table(
        "The campaign, and CPU seconds a second",
        ["", "requests/s", "calls/s", *beside.cpu],
        [
            [words, len(phase.requests) / seconds, phase.rate, *(phase.cpu.get(name, 0.0) for name in beside.cpu)]
            for words, phase, seconds in (
                ("browsers alone", alone, asked.seconds / 2),
                ("browsers beside the campaign", beside, asked.seconds),
                ("campaign alone", without, asked.seconds / 2),
            )
        ],
    )
    for request in errors[:10]:
        print(f"  error: {request.page}: {request.error[:200]}")
    common.print_goals(
        [
            Goal("errors", len(errors), 0, at_most=True),
            Goal("p95 of the slowest page", slowest, QUICK_MS, " ms", at_most=True),
            Goal("p95 of all requests", percentile(by_page["all"][1], 95), QUICK_MS, " ms", at_most=True),
            Goal("the campaign's rate beside browsers, of its rate alone", beside.rate / without.rate, 0.9),
        ]
    )


def main() -> None:
    """Run the three phases and print what they were like."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("--browsers", type=int, default=50)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--pace", type=int, default=900, help="calls a minute that the provider may place")
    parser.add_argument("--seconds", type=float, default=180.0, help="beside the campaign; half of it before and after")
    parser.add_argument("--webhooks", action="store_true", help="the simulator sends its news, as in the demo")
    asked = parser.parse_args()
    with common.stage(asked.database) as directory, common.sandbox(delay_ms=50) as _origin:
        before, log = os.getloadavg()[0], directory / "requests.jsonl"
        with installation(directory, asked.browsers, has_news=asked.webhooks) as pids:
            campaign = make_campaign(asked.people, asked.pace)
            with locust(asked.browsers, campaign, log) as locust_pid:
                with_browsers = pids | {"browsers": locust_pid}
                wait(lambda: sum(r.page == LOG_IN for r in read_log(log)) >= 2 * asked.browsers, 120)
                alone = measure(asked.seconds / 2, with_browsers, campaign, log)
                set_status(campaign, "running")
                beside = measure(asked.seconds, with_browsers, campaign, log)
            without = measure(asked.seconds / 2, pids, campaign, log)
        report(asked, alone, beside, without, (before, os.getloadavg()[0]))


if __name__ == "__main__":
    main()
