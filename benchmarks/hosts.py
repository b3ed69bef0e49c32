"""Benchmark of hosts: the rate of one worker and of two workers at several providers, beside the plain design.

A second host can only add where one host alone does not already make most of what the lines allow: at 64 lines a
provider and an answer in half a second that is 128 calls a second each, and four providers are what one host carries
alone. So the same is done at eight. All of it stands on one machine, so that two hosts have no more processors than
one: what of them is in use is printed, and so is the share of what the lines allow. Needs PostgreSQL and Redis:
`.ci/services .venv/bin/python -m benchmarks.hosts`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import common
from benchmarks.common import MANAGE, ROOT, Goal
from benchmarks.dispatch import clear, make_calls

LINES = 64
"""Most lines of a provider that a dispatch slice uses."""
STARTED, ENDED = 0.25, 0.95
"""Shares of the calls between which the rate is measured: hosts that have just started do not share yet."""
PLAIN_SECONDS = 60.0
ALONE = 0.75
"""Share of what the lines allow from which on one host leaves a second nothing to add."""
WAIT_SECONDS = 300.0


class Rate(NamedTuple):
    """What a design did."""

    calls_a_second: float
    cpu_per_thousand: float
    hosts_that_served: float
    busy_cores: float
    """Processors of the machine in use meanwhile, whoever used them: hosts, vendor, PostgreSQL, Redis, others."""


def busy_seconds() -> float:
    """Return the seconds that all processors of the machine have worked since it started (Linux)."""
    user, nice, system, _idle, _waits, *others = map(int, Path("/proc/stat").read_text().split("\n")[0].split()[1:8])
    return (user + nice + system + sum(others)) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def programs(commands: list[tuple[list[str], dict[str, str]]]) -> Iterator[list[int]]:
    """Context manager: runs programs, each in a process group of its own, and kills them; yields their ids."""
    running = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for command, environment in commands
    ]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def measure(placed: Callable[[], int], count: int, pids: list[int], seconds: float) -> Rate:
    """Return the rate between the two shares of all calls, or until the time is over; and how many hosts serve."""
    wait(lambda: placed() >= count * STARTED, WAIT_SECONDS)
    began, had, cpu, busy = time.monotonic(), placed(), sum(map(common.tree_cpu, pids)), busy_seconds()
    served = hosts_that_serve()
    wait(lambda: placed() >= count * ENDED, seconds)
    took, did = time.monotonic() - began, placed() - had
    used, busy = sum(map(common.tree_cpu, pids)) - cpu, busy_seconds() - busy
    if did < count // 50:
        raise SystemExit(f"{had + did} of {count} calls were placed: too few for a rate.")
    return Rate(did / took, used / did * 1000, max(served, hosts_that_serve()), busy / took)


def wait(is_done: Callable[[], bool], seconds: float) -> None:
    """Wait until something has come about, or the time is over."""
    until = time.monotonic() + seconds
    while not is_done() and time.monotonic() < until:
        time.sleep(0.2)


def hosts_that_serve() -> int:
    """Return how many hosts hold a dispatch lease now; 1 where there is but one."""
    from campaigns.models import RunningSlice
    from providers.models import Provider

    held = Provider.objects.exclude(dispatch_lease=None).values("dispatch_lease")
    return max(1, RunningSlice.objects.filter(token__in=held).values("host").distinct().count())


def counter(campaigns: list[Any]) -> Callable[[], int]:
    """Return a counter of the placed calls of some campaigns."""
    from campaigns.models import Call

    return Call.objects.filter(campaign__in=campaigns).exclude(remote_id="").count


def ours(providers: list[Any], calls: int, hosts: int, directory: Path) -> Rate:
    """Let so many hosts, each with a worker and a folder of its own, place the calls."""
    from django.db import connections

    from campaigns.models import RunningSlice, WorkerHost
    from providers.models import Provider

    WorkerHost.objects.all().delete()
    RunningSlice.objects.all().delete()
    Provider.objects.update(dispatch_lease=None, poll_lease=None)
    campaigns = [make_calls(provider, calls // len(providers)) for provider in providers]
    connections.close_all()
    commands = []
    for number in range(hosts):
        folder = directory / f"host{number}"
        folder.mkdir(exist_ok=True)
        commands.append(([*MANAGE, "worker"], {"HOST_NAME": folder.name, "VAR_DIR": str(folder), "WORKERS": "3"}))
    with programs(commands) as pids:
        rate = measure(counter(campaigns), calls, pids, WAIT_SECONDS)
    for campaign in campaigns:
        clear(campaign)
    return rate


def plain(providers: list[Any], calls: int, hosts: int, workers: int) -> Rate:
    """Let so many clusters of the plain design (django-q2, one task a call) place the calls."""
    from django.db import connections
    from django_q.models import OrmQ
    from django_q.tasks import async_task

    from campaigns.models import Call

    campaigns = [make_calls(provider, calls // len(providers)) for provider in providers]
    for pk in Call.objects.filter(campaign__in=campaigns).order_by("?").values_list("pk", flat=True):
        async_task("benchmarks.plain.place", pk)
    connections.close_all()
    environment = {
        "DJANGO_SETTINGS_MODULE": "benchmarks.plain_settings", "PLAIN_WORKERS": str(workers), "REDIS_URL": "",
    }  # fmt: skip
    with programs([([*MANAGE, "qcluster"], environment)] * hosts) as pids:
        rate = measure(counter(campaigns), calls, pids, PLAIN_SECONDS)
    OrmQ.objects.all().delete()
    for campaign in campaigns:
        clear(campaign)
    return rate


def main() -> None:
    """Print calls a second of one and of two hosts, of our design and of the plain one."""
    parser = common.parser(__doc__ or "")
    parser.set_defaults(database=os.environ.get("BENCH_DATABASE_URL") or os.environ.get("TEST_DATABASE_URL", ""))
    parser.add_argument(
        "--redis", default=os.environ.get("BENCH_REDIS_URL") or os.environ.get("TEST_REDIS_URL", ""), help="a Redis"
    )
    parser.add_argument("--calls", type=int, default=4000, help="of each provider")
    parser.add_argument("--plain-calls", type=int, default=400)
    parser.add_argument("--workers", type=int, default=4, help="workers of a cluster of the plain design")
    parser.add_argument("--providers", type=int, nargs="+", default=[4, 8], help="how many there are; one table each")
    parser.add_argument("--delay-ms", type=int, default=500)
    asked = parser.parse_args()
    if not asked.database or not asked.redis:
        raise SystemExit("Two hosts need PostgreSQL and Redis: .ci/services .venv/bin/python -m benchmarks.hosts")
    for count in asked.providers:
        load = os.getloadavg()[0]
        with common.stage(asked.database) as directory, common.vendor(delay_ms=asked.delay_ms) as origin:
            report(asked, count, compare(asked, count, origin, directory), load)


def compare(asked: Any, count: int, origin: str, directory: Path) -> dict[str, Rate]:
    """Return the rates of one and of two hosts of both designs at so many providers, by design and hosts."""
    from campaigns.models import DialingSwitch

    DialingSwitch.objects.get_or_create(pk=1)
    providers = [
        # Few reads: the vendor only takes orders, and what is measured is placing.
        common.make_provider("bolna", origin, name=f"Provider {number}", reads_per_minute=1)
        for number in range(count)
    ]
    found: dict[str, list[Rate]] = {}
    for _round in range(asked.rounds):
        for hosts in (1, 2):
            os.environ["REDIS_URL"] = ""
            rate = plain(providers, asked.plain_calls * hosts, hosts, asked.workers)
            found.setdefault(f"plain, {hosts}", []).append(rate)
            os.environ["REDIS_URL"] = asked.redis
            found.setdefault(f"ours, {hosts}", []).append(ours(providers, asked.calls * count, hosts, directory))
    return {name: common.median(rates) for name, rates in found.items()}


def report(asked: Any, count: int, rates: dict[str, Rate], load: float) -> None:
    """Print the table and the goals of so many providers."""
    base = rates["plain, 1"].calls_a_second
    allowed = count * LINES / (asked.delay_ms / 1000)
    rows: list[list[object]] = []
    designs = {"plain": f"plain: one task a call, {asked.workers} workers a host", "ours": "ours: a worker a host"}
    for design, words in designs.items():
        one = rates[f"{design}, 1"].calls_a_second
        for hosts in (1, 2):
            rate = rates[f"{design}, {hosts}"]
            rows.append(
                [
                    f"{words}, {hosts} {'host' if hosts == 1 else 'hosts'}",
                    rate.calls_a_second,
                    rate.calls_a_second / base,
                    rate.calls_a_second / one,
                    rate.calls_a_second / allowed,
                    rate.cpu_per_thousand,
                    rate.busy_cores,
                ]
            )
    common.print_table(
        f"Placing {asked.calls * count:,} calls at {count} providers, the vendor answers in {asked.delay_ms} ms, "
        f"{common.engine()} and Redis, medians of {asked.rounds} rounds; {LINES} lines a provider allow {allowed:.0f} "
        f"calls a second; {os.cpu_count()} cores for all, load {load:.1f} before",
        ["design", "calls/s", "times plain", "times one host", "of the lines", "CPU s per 1,000", "cores in use"],
        rows,
    )
    one_host, two_hosts = rates["ours, 1"].calls_a_second, rates["ours, 2"].calls_a_second
    goals = [
        Goal("times the plain design, one host", one_host / base, 10),
        Goal("times the plain design, two hosts each", two_hosts / rates["plain, 2"].calls_a_second, 10),
        Goal("hosts that serve, of two", rates["ours, 2"].hosts_that_served, 2),
    ]
    if one_host < ALONE * allowed:
        goals.append(Goal("two hosts, times one", two_hosts / one_host, 1.1))
    else:
        print(
            f"\n  One host alone makes {one_host / allowed:.0%} of what the lines allow: a second has nothing to add."
        )
        goals.append(Goal("two hosts, of what the lines allow", two_hosts / allowed, ALONE))
    common.print_goals(goals)


if __name__ == "__main__":
    main()
