"""Benchmark of polling: one round over many open calls, against one GET and one save a call."""

from __future__ import annotations

import datetime
import itertools
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

from benchmarks import common, plain
from benchmarks.common import Goal, Meter

CHANGED = 0.3
"""Share of the calls whose state has changed at the vendor."""
READ = {"bolna": "/executions/{}", "voicy": "/call-get/{}"}
_numbers = itertools.count(0)


class Round(NamedTuple):
    """The cost of one round, scaled to all calls."""

    seconds: float
    cpu: float
    requests: float
    statements: float


def open_calls(vendor: str, origin: str, count: int) -> Any:
    """Place `count` calls at the vendor and create their rows."""
    from django.utils import timezone

    from campaigns.models import Call
    from campaigns.rules import RANK
    from providers import opening
    from providers.types import CallOrder, CallStatus

    provider = common.make_provider(vendor, origin)
    agent, caller_id = provider.agent_set.first(), provider.callerid_set.first()
    backend = opening.open_backend(provider)
    orders = [
        CallOrder(
            reference=uuid.uuid4(),
            to_number=common.phone(n),
            agent_id=agent.remote_id,
            caller_id=caller_id.number if caller_id else "",
        )
        for n in itertools.islice(_numbers, count)
    ]
    with ThreadPoolExecutor(64) as pool:
        placed = list(pool.map(lambda order: common.place(backend, order), orders))
    # Placed an hour ago, so that a call that was read is not due again within the round.
    now = timezone.now() - datetime.timedelta(hours=1)
    Call.objects.bulk_create(
        (
            Call(
                provider=provider,
                agent=agent,
                caller_id=caller_id,
                reference=order.reference,
                to_number=order.to_number,
                remote_id=answer.remote_id,
                status=CallStatus.QUEUED,
                rank=RANK[CallStatus.QUEUED],
                placing_at=now,
                placed_at=now,
                next_poll_at=now,
            )
            for order, answer in zip(orders, placed, strict=True)
        ),
        batch_size=500,
    )
    return provider


def set_back(provider: Any, share: float) -> int:
    """Make all calls due, and set `share` of them back to an earlier state; returns how many calls are due."""
    from django.db.models import F
    from django.db.models.functions import Mod
    from django.utils import timezone

    from campaigns.models import Call
    from campaigns.rules import RANK
    from providers.types import CallStatus

    Call.objects.exclude(provider=provider).update(next_poll_at=timezone.now() + datetime.timedelta(days=1))
    calls = Call.objects.filter(provider=provider)
    calls.annotate(part=Mod(F("pk"), 100)).filter(part__lt=round(share * 100)).update(
        status=CallStatus.QUEUED, rank=RANK[CallStatus.QUEUED], raw_status="queued"
    )
    return int(calls.update(next_poll_at=timezone.now() - datetime.timedelta(seconds=1)))


def ours(provider: Any) -> Round:
    """Run the poll slice until no call is due."""
    from django.db import connection
    from django.utils import timezone

    from campaigns.models import Call
    from campaigns.tracking import polling
    from providers import opening

    requests, statements = Counter[str](), Counter[str]()

    class CountingClient(opening.PacedClient):
        def read(self, request: Any) -> Any:
            requests["all"] += 1
            return super().read(request)

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements["all"] += 1
        return execute(sql, *rest)

    due = Call.objects.filter(provider=provider, next_poll_at__lte=timezone.now())
    paced, opening.PacedClient = opening.PacedClient, CountingClient  # type: ignore[misc]
    try:
        current = polling.PollSlice(600)
        with Meter() as meter, connection.execute_wrapper(note):
            while due.exists():
                current.round()
            current.finish()
    finally:
        opening.PacedClient = paced  # type: ignore[misc]
    return Round(meter.cost.seconds, meter.cost.cpu, requests["all"], statements["all"])


def one_by_one(provider: Any, sample: int, count: int) -> Round:
    """Read a sample of the calls with the plain design; the cost is scaled to all `count` calls."""
    from django.db import connection

    from campaigns.models import Call

    statements = Counter[str]()

    def note(execute: Any, sql: str, *rest: Any) -> Any:
        statements["all"] += 1
        return execute(sql, *rest)

    headers = provider.backend_class.auth_headers(provider.secrets.open(), provider.options)
    base = provider.options["base_url"]
    calls = list(Call.objects.filter(provider=provider).order_by("pk").values_list("pk", "remote_id")[:sample])
    with Meter() as meter, connection.execute_wrapper(note):
        for pk, remote_id in calls:
            plain.read_back(pk, base + READ[provider.vendor].format(remote_id), headers)
    scale = count / len(calls)
    return Round(meter.cost.seconds * scale, meter.cost.cpu * scale, count, statements["all"] * scale)


def main() -> None:
    """Print requests, statements, wall-clock and CPU seconds of one round of each design."""
    parser = common.parser(__doc__ or "")
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--plain-calls", type=int, default=300, help="calls of the plain design; scaled to all")
    parser.add_argument("--single-calls", type=int, default=300, help="calls at the vendor that is asked one by one")
    parser.add_argument("--delay-ms", type=int, default=50)
    asked = parser.parse_args()
    # So slow that the calls stay open and unchanged while the benchmark runs.
    with common.stage(asked.database), common.sandbox(delay_ms=asked.delay_ms, speed=0.001) as origin:
        listed, single = open_calls("voicy", origin, asked.calls), open_calls("bolna", origin, asked.single_calls)
        for provider in (listed, single):
            set_back(provider, 1.0)
            ours(provider)
        rounds: dict[str, list[Round]] = {"plain": [], "ours": [], "single": []}
        for _round in range(asked.rounds):
            set_back(listed, CHANGED)
            rounds["plain"].append(one_by_one(listed, asked.plain_calls, asked.calls))
            set_back(listed, CHANGED)
            rounds["ours"].append(ours(listed))
            set_back(single, CHANGED)
            rounds["single"].append(ours(single))
            time.sleep(0.1)
        middle = {name: common.median(found) for name, found in rounds.items()}
        report(asked, common.engine(), middle)


def report(asked: Any, engine: str, middle: dict[str, Round]) -> None:
    """Print the table and the goals."""
    base, full = middle["plain"], middle["ours"]
    scale = asked.calls / asked.single_calls
    single = Round(*(value * scale for value in middle["single"]))
    rows = [
        [name, one.requests, one.statements, one.seconds, one.cpu, f"1/{base.cpu / one.cpu:.1f}"]
        for name, one in (
            ("plain: one GET and one save a call", base),
            ("ours: a vendor with lists (Voicy)", full),
            ("ours: a vendor asked one by one (Bolna)", single),
        )
    ]
    common.print_table(
        f"One round over {asked.calls:,} open calls, {CHANGED:.0%} with news, "
        f"the vendor answers in {asked.delay_ms} ms, {engine}, medians of {asked.rounds} rounds",
        ["design", "requests", "statements", "seconds", "CPU s", "of the plain CPU"],
        rows,
    )
    common.print_goals([Goal("times less CPU than the plain design", base.cpu / full.cpu, 20)])


if __name__ == "__main__":
    main()
