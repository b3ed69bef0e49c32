"""Benchmark of placing calls: the dispatch slice, against one task a call and against the client alone."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
import uuid
from collections.abc import Iterable
from queue import SimpleQueue
from typing import Any, NamedTuple

from benchmarks import common
from benchmarks.common import MANAGE, ROOT, Cost, Goal, Meter, median

LINES = 64
PLAIN_SECONDS = 45
"""Seconds after which the plain design is stopped: enough to measure its rate."""
_numbers = itertools.count(0)


def make_calls(provider: Any, count: int, numbers: Iterable[int] | None = None) -> Any:
    """Create a running campaign with `count` pending calls; `numbers` are those of `common.phone`, else new ones."""
    import datetime

    from django.utils import timezone

    from campaigns.launch.enqueue import fill_campaign
    from campaigns.models import Call, Campaign, Contact, ContactList, ListMembership

    made = ContactList.objects.create(name=uuid.uuid4().hex)
    people = Contact.objects.bulk_create(
        (
            Contact(name=f"Person {n}", phone=common.phone(n), region="IR", variables={"appointment": "Monday 10:30"})
            for n in itertools.islice(numbers or _numbers, count)
        ),
        batch_size=500,
    )
    ListMembership.objects.bulk_create(
        (ListMembership(contact_list=made, contact=person) for person in people), batch_size=500
    )
    campaign = Campaign.objects.create(
        name=made.name,
        provider=provider,
        agent=provider.agent_set.first(),
        caller_id=provider.callerid_set.first() if provider.backend_class.needs_caller_id else None,
        variables={"greeting": "Hello {name}"},
        status=Campaign.Status.RUNNING,
        launched_at=timezone.now(),
        hours_start=datetime.time(0, 0),
        hours_end=datetime.time(0, 0),
    )
    campaign.lists.add(made)
    fill_campaign(campaign.pk)
    assert Call.objects.filter(campaign=campaign, status="pending").count() == count
    return campaign


def clear(campaign: Any) -> None:
    """End a round's calls and vacuum the tables, so that every round starts from the same state."""
    from django.db import connection

    from campaigns.models import Call, Campaign

    Call.objects.filter(campaign=campaign).update(status="completed", rank=90, next_poll_at=None)
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.FINISHED)
    if connection.vendor == "postgresql":
        # Autovacuum does this between campaigns, but not between rounds of a few seconds.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def ours(provider: Any, count: int) -> Cost:
    """Run the real dispatch slice until every call is placed."""
    from campaigns import time_zones
    from campaigns.dialing import dispatcher
    from campaigns.models import Call

    campaign = make_calls(provider, count)
    time_zones.forget_zones()
    with Meter() as meter:
        dispatcher.run_slice(on_placed=lambda: None, on_remaining=lambda: None, seconds=300)
    placed = Call.objects.filter(campaign=campaign, status="queued")
    assert placed.count() == count, "not every call was placed"
    first, last = placed.order_by("placing_at").first(), placed.order_by("-placed_at").first()
    assert first is not None
    assert last is not None
    # The slice looks for work for a moment after the last answer: that time is not part of the rate.
    seconds = (last.placed_at - first.placing_at).total_seconds()
    clear(campaign)
    return Cost(seconds, meter.cost.cpu)


class Sent(NamedTuple):
    """An order in the form that an order loop takes (`CommittedOrder`)."""

    call_id: int
    order: Any
    committed_at: float


def without_database(provider: Any, count: int) -> Cost:
    """Send the same orders through the same client over as many lines, without a database."""
    from campaigns.core.clock import boottime
    from providers.exceptions import NotSent
    from providers.opening import open_order_loop
    from providers.types import CallOrder, PlacedCall

    agent = provider.agent_set.first()
    orders = [
        CallOrder(
            reference=uuid.uuid4(),
            to_number=common.phone(n),
            agent_id=agent.remote_id,
            variables={"name": f"Person {n}", "appointment": "Monday 10:30", "greeting": f"Hello Person {n}"},
        )
        for n in itertools.islice(_numbers, count)
    ]
    done: SimpleQueue[Any] = SimpleQueue()
    loop = open_order_loop(provider, LINES, done.put)
    waiting, placed = iter(orders), []
    with Meter() as meter:
        # Queued as lines become free: an order that waits for seconds would be too late to leave.
        loop.send(Sent(0, order, boottime()) for order in itertools.islice(waiting, 2 * LINES))
        while len(placed) < count:
            back = done.get()
            placed += [one.result for one in back if isinstance(one.result, PlacedCall)]
            late = [one.order.order for one in back if isinstance(one.result, NotSent)]
            assert len(late) + sum(isinstance(one.result, PlacedCall) for one in back) == len(back)
            loop.send(
                Sent(0, order, boottime()) for order in itertools.islice(itertools.chain(late, waiting), len(back))
            )
    loop.close()
    assert len({one.remote_id for one in placed}) == count
    return meter.cost


def plain(provider: Any, count: int, workers: int) -> Cost:
    """Run the plain design (django-q2, one task a call), measured from the first placed call to the last."""
    from django.db import connections
    from django_q.tasks import async_task

    from campaigns.models import Call

    campaign = make_calls(provider, count)
    for pk in Call.objects.filter(campaign=campaign).values_list("pk", flat=True):
        async_task("benchmarks.plain.place", pk)
    connections.close_all()
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "benchmarks.plain_settings", "PLAIN_WORKERS": str(workers)}
    # A process group of its own, so that the whole cluster can be ended; its log is discarded.
    cluster = subprocess.Popen(
        [*MANAGE, "qcluster"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    placed = Call.objects.filter(campaign=campaign, status="queued")
    try:
        begin = _wait(lambda: placed.count() >= count // 10, cluster, 90)
        before, had = common.tree_cpu(cluster.pid), placed.count()
        # Failed tasks are retried after minutes; counting only the others favours the plain design.
        end = _wait(lambda: placed.count() >= count * 19 // 20, cluster, PLAIN_SECONDS)
        used, did = common.tree_cpu(cluster.pid) - before, placed.count() - had
    finally:
        # SIGKILL to the whole group: calls that are not placed yet are not needed.
        os.killpg(cluster.pid, signal.SIGKILL)
        cluster.wait()
    clear(campaign)
    if did < count // 20:
        raise SystemExit(f"The plain design's cluster placed {had + did} of {count} calls: too few for a rate.")
    # Scaled to all calls; leaving out the processes' start favours the plain design.
    return Cost((end - begin) * count / did, used * count / did)


def _wait(is_done: Any, process: subprocess.Popen[bytes], seconds: float) -> float:
    """Wait until `is_done`, the end of the process, or at most `seconds`."""
    until = time.monotonic() + seconds
    while not is_done() and time.monotonic() < until:
        if process.poll() is not None:
            raise SystemExit("The plain design's cluster ended before it placed its calls.")
        time.sleep(0.1)
    return time.monotonic()


def main() -> None:
    """Print calls a second and CPU seconds for 1,000 calls of each design."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--plain-calls", type=int, default=400, help="calls of the plain design; it is a rate")
    parser.add_argument("--workers", type=int, default=4, help="workers of the plain design")
    parser.add_argument("--delay-ms", type=int, default=50)
    parser.add_argument("--no-plain", action="store_true", help="leave the plain design out")
    parser.add_argument("--scheme", choices=["http", "https"], default="http", help="how the vendor is spoken to")
    parser.add_argument("--json", action="store_true", help="print the figures for another program")
    asked = parser.parse_args()
    with contextlib.ExitStack() as stack:
        directory = stack.enter_context(common.stage(asked.database, scheme=asked.scheme))
        certificate = common.make_certificate(directory) if asked.scheme == "https" else ""
        origin = stack.enter_context(common.vendor(delay_ms=asked.delay_ms, certificate=certificate))
        from campaigns.models import DialingSwitch

        DialingSwitch.objects.get_or_create(pk=1)
        provider = common.make_provider("bolna", origin)
        bare, full, simple = [], [], []
        for _round in range(asked.rounds):
            bare.append(without_database(provider, asked.calls))
            full.append(ours(provider, asked.calls))
            if not asked.no_plain:
                simple.append(plain(provider, asked.plain_calls, asked.workers))
        if asked.json:
            figures = [median(full), median(bare)]
            rates = [
                figure for cost in figures for figure in (asked.calls / cost.seconds, cost.cpu / asked.calls * 1000)
            ]
            print(json.dumps(dict(zip(("rate", "cpu", "bare_rate", "bare_cpu"), rates, strict=True))))
            return
        report(asked, common.engine(), median(full), median(bare), median(simple) if simple else None)


def report(asked: Any, engine: str, full: Cost, bare: Cost, simple: Cost | None) -> None:
    """Print the table and the goals."""
    rate = asked.calls / full.seconds
    rows: list[list[object]] = []
    if simple:
        simple_rate, simple_cpu = asked.plain_calls / simple.seconds, simple.cpu / asked.plain_calls * 1000
        rows.append(
            [
                f"plain: one task a call, {asked.workers} workers, up to {asked.plain_calls}",
                simple_rate,
                simple_cpu,
                1.0,
                "baseline",
            ]
        )
    rows.append([f"ours: dispatch slice, {LINES} lines", rate, full.cpu / asked.calls * 1000])
    rows.append(
        [f"limit: same client, {LINES} lines, no database", asked.calls / bare.seconds, bare.cpu / asked.calls * 1000]
    )
    for row in rows[-2:]:
        row += [row[1] / simple_rate, f"{row[2] / simple_cpu:.3f}"] if simple else ["", ""]  # type: ignore[operator]
    common.print_table(
        f"Placing {asked.calls:,} calls, the vendor answers over {asked.scheme} in {asked.delay_ms} ms, {engine}, "
        f"medians of {asked.rounds} rounds",
        ["design", "calls/s", "CPU s per 1,000", "times the plain rate", "of the plain CPU"],
        rows,
    )
    goals = [
        Goal("of the client without a database", 100 * bare.seconds / full.seconds, 80, " %"),
        Goal("CPU seconds per 1,000 calls", full.cpu / asked.calls * 1000, 1.5, at_most=True),
    ]
    if simple:
        goals.insert(0, Goal("times the plain design", rate / simple_rate, 10))
    common.print_goals(goals)


if __name__ == "__main__":
    main()
