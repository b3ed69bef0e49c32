"""The stores go away in the middle of a campaign: the database crashes, Redis forgets or dies, bells ring ten times."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import HAS_POSTGRES, IS_FULL, scaled
from tests.faults.firing import demand
from tests.faults.servers import OwnPostgres, Redis
from tests.faults.stage import HOSTILE, Stage
from tests.faults.verdict import Verdict
from tests.migrated import ROOT

pytestmark = [pytest.mark.faults]

Start = Callable[..., Stage]
Tell = Callable[[Verdict], Verdict]
AWAY = 10.0
RESUMES_WITHIN = 15.0
TAKEN = {mode: share for mode, share in HOSTILE.items() if mode.startswith("accept")}
"""Faults after the order was taken: they settle as soon as somebody looks."""


@pytest.mark.parametrize("engine", ["postgres"], indirect=True)
@pytest.mark.skipif(not HAS_POSTGRES, reason="checked with PostgreSQL")
def test_the_database_crashes(
    start_stage: Start, own_postgres: OwnPostgres, tell: Tell, figure: Callable[[str], None]
) -> None:
    stage = start_stage(speed=20, server=own_postgres)
    stage.be_hostile(TAKEN)
    # Few lines, so that calls are left when the database comes back.
    stage.lay_out(scaled(3000, 500), max_lines=4)
    stage.hire(dispatchers=2, pollers=2)
    for _crash in range(scaled(8, 1)):
        before = len(stage.journal())
        stage.wait(lambda before=before: len(stage.journal()) >= before + 30, 60, "calls leave")
        own_postgres.restart()
        stage.restarts += 1
    stage.wait(lambda: len(stage.journal()) >= 60, 60, "calls leave")
    own_postgres.crash()
    time.sleep(AWAY)
    during = len(stage.journal())
    time.sleep(0.5)
    assert len(stage.journal()) == during, "an order left without a commit"
    own_postgres.start()
    stage.restarts += 1
    back_at = time.monotonic()
    waiting = stage.count("status = 'pending'")
    assert waiting, "nobody was left to dial: the test proves nothing"
    while len(stage.journal()) == during:
        assert time.monotonic() - back_at < RESUMES_WITHIN, f"no call after the restart\n{stage.log()}"
        time.sleep(0.05)
    figure(f"postgres: away for {AWAY:.0f} s, dialling again {time.monotonic() - back_at:.1f} s after it came back")
    stage.be_kind()
    stage.settle(300)
    verdict = tell(stage.verdict("the database crashes"))
    demand(verdict)


@pytest.mark.skipif(not IS_FULL and not os.environ.get("TEST_REDIS_URL"), reason="checked with Redis")
def test_redis_forgets_and_every_nudge_comes_ten_times(start_stage: Start, redis: Redis, tell: Tell) -> None:
    """Two real workers (two clusters, two schedulers) on one broker that is flushed, killed and flooded."""
    stage = start_stage(scale=40)
    stage.be_hostile(TAKEN)
    stage.lay_out(scaled(1500, 200), max_lines=6)
    environment = os.environ | stage.environment | {"REDIS_URL": redis.url, "WORKERS": "3"}
    stage.manage("sync_schedules")
    workers = [
        subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=ROOT, env=environment, start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=stage._log,
        )
        for _number in range(2)
    ]  # fmt: skip
    try:
        for nudge in range(scaled(30, 12)):
            time.sleep(1.0)
            _ring(environment, times=10)
            if nudge % 4 == 1:
                redis.flush()
            if nudge == 6:
                redis.kill()
                time.sleep(1.0)
                redis.start()
        stage.be_kind()
        until = time.monotonic() + scaled(600, 240)
        while stage.count("status IN ('pending', 'placing', 'queued', 'dialing', 'ringing', 'in_progress', 'unknown')"):
            assert time.monotonic() < until, f"not settled: {stage.counts()}\n{stage.log()}"
            assert all(worker.poll() is None for worker in workers), f"a worker died\n{stage.log()}"
            time.sleep(1.0)
    finally:
        for worker in workers:
            worker.terminate()
        for worker in workers:
            try:
                worker.wait(45)
            except subprocess.TimeoutExpired:
                os.killpg(worker.pid, 9)
    demand(tell(stage.verdict("Redis flushed and killed, bells rung tenfold")))


def _ring(environment: dict[str, str], times: int) -> None:
    ring = "queue._ring(queue.DISPATCH); queue._ring(queue.POLL)"
    code = f"from campaigns import queue\nfor _ in range({times}):\n    {ring}"
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code], cwd=ROOT, env=environment, check=False,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def test_three_campaigns_want_the_same_people_at_once(start_stage: Start, tell: Tell) -> None:
    """Four dispatchers, four providers with two campaigns each, the same people in all eight."""
    stage = start_stage(speed=200)
    stage.lay_out(scaled(150, 25), copies=2)
    stage.hire(dispatchers=4, pollers=2)
    stage.settle(scaled(400, 120))
    verdict = tell(stage.verdict("eight campaigns, the same people"))
    demand(verdict)
    # By the order in which our events were written, the last commit point's among them: a commit point bears the time
    # at which it began to wait for its locks, and after one whose order did not leave, the number was free again.
    spans = stage.rows(
        "SELECT c.to_number, MAX(CASE WHEN e.code = 'commit_point' THEN e.id END),"
        " MIN(CASE WHEN e.to_status IN ('completed', 'no_answer', 'busy', 'failed') THEN e.id END)"
        " FROM campaigns_call c JOIN campaigns_callevent e ON e.call_id = c.id"
        " GROUP BY c.id, c.to_number ORDER BY 1, 2"
    )
    assert len(spans) == 8 * stage.people
    for (number, _begins, ends), (other, begins, _ends) in itertools.pairwise(spans):
        assert number != other or ends <= begins, "two calls to one person at the same time"
