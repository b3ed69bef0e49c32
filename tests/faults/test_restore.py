"""A backup is restored in the middle of a campaign: nobody who was called since is dialled again."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from campaigns import rules
from tests.faults.backups import KINDS, Copies, Kind
from tests.faults.conftest import scaled
from tests.faults.firing import demand
from tests.faults.stage import Stage
from tests.faults.verdict import Verdict
from tests.waiting import PATIENCE

pytestmark = [pytest.mark.faults]
SHORT = {("folder", False, True), ("snapshot", True, False)}
"""The cells of the short form: kind, with Redis, with SQLite's log."""
LATER = 20
"""Calls that leave after the backup, and are forgotten by it."""


def let_some_be_known(stage: Stage) -> int:
    """End the crew where each vendor took a call that we know, and enough people wait; returns the calls that we know.

    A freeze ends by itself only where the vendor's list shows a call that the restored database knows. Enough wait for
    calls after the backup, however many left before.
    """
    known = "SELECT count(DISTINCT provider_id) FROM campaigns_call WHERE remote_id <> ''"
    stage.wait(lambda: stage.rows(known)[0][0] == 4, 60, "every vendor took a call")
    stage.dismiss()
    stage.add_people(max(0, 3 * LATER - stage.count("status = 'pending'")))
    return stage.count("status <> 'pending'")


def test_a_restored_backup_freezes_until_the_lists_were_compared(
    start_stage: Callable[..., Stage], tell: Callable[[Verdict], Verdict], figure: Callable[[str], None]
) -> None:
    stage = start_stage(scale=120, speed=200)
    stage.lay_out(scaled(800, 120), a_second=scaled(60, 25), max_lines=scaled(50, 20))
    stage.hire(dispatchers=2, pollers=2)
    stage.wait(lambda: len(stage.journal()) > 0.3 * stage.people, 60, "calls leave")
    known = let_some_be_known(stage)
    stage.back_up()
    stage.hire(dispatchers=2, pollers=2)
    stage.wait(lambda: len(stage.journal()) > known + LATER, 60, "more calls leave")
    stage.dismiss()
    dialled = len(stage.journal())
    stage.restore()
    waiting = stage.count("status = 'pending'")
    assert stage.people - waiting < dialled, "nothing was forgotten: the test proves nothing"
    began = time.monotonic()
    stage.hire(dispatchers=2, pollers=2)
    frozen = "SELECT count(*) FROM providers_provider WHERE frozen_at IS NOT NULL"
    stage.wait(lambda: stage.rows(frozen)[0][0] == 4, 60, "the restore is noticed")
    while thawing := stage.rows(frozen)[0][0]:
        # Each provider thaws by itself; while all are frozen nothing leaves at all.
        assert thawing < 4 or len(stage.journal()) == dialled, "an order left while everything was frozen"
        sweeps = "SELECT * FROM campaigns_vendorsweep"
        assert time.monotonic() - began < 90 * PATIENCE, f"still frozen: {stage.rows(sweeps)}"
        stage.inside("sweep_lists")
        time.sleep(0.5)
    thawed = time.monotonic() - began
    assert thawed >= rules.SETTLE / stage.scale, "it thawed before a lagging list had its time"
    stage.settle(scaled(300, 90))
    verdict = tell(stage.verdict("a backup is restored"))
    figure(
        f"{stage.engine}: a backup restored after {stage.people - waiting} of {stage.people} calls,"
        f" {dialled} had left: {verdict.dialled_twice} dialled twice, frozen for {thawed * stage.scale / 60:.0f} min"
        f" (at default timers; here they ran {stage.scale:g} times as fast)"
    )
    demand(verdict)


CELLS = [
    pytest.param(
        kind,
        has_redis,
        with_wal,
        id=f"{kind}, {'with' if has_redis else 'without'} Redis, {'with' if with_wal else 'without'} log",
        marks=[] if (kind, has_redis, with_wal) in SHORT else [pytest.mark.full],
    )
    for kind in KINDS
    for has_redis in (False, True)
    for with_wal in (False, True)
]


@pytest.mark.parametrize(("kind", "has_redis", "with_wal"), CELLS)
def test_whatever_is_put_back_nobody_is_dialled_twice(
    start_stage: Callable[..., Stage],
    tell: Callable[[Verdict], Verdict],
    request: pytest.FixtureRequest,
    engine: str,
    kind: Kind,
    has_redis: bool,
    with_wal: bool,
) -> None:
    """Nothing but the vendors' journal tells: database, marks and Redis may all be as old as the backup."""
    if engine == "postgres" and with_wal:
        pytest.skip("PostgreSQL keeps its log inside: one state of it is put back as a whole")
    redis_url = request.getfixturevalue("redis").url if has_redis else ""
    stage = start_stage(scale=120, speed=200, redis_url=redis_url)
    stage.lay_out(120, a_second=25, max_lines=20)
    assert stage.inside("start")
    stage.hire(dispatchers=2, pollers=2)
    stage.wait(lambda: len(stage.journal()) > 0.3 * stage.people, 60, "calls leave")
    known_then = let_some_be_known(stage)
    copies = Copies(stage, redis_url)
    copies.make(with_wal=with_wal)
    assert copies.has_wal is (with_wal and engine == "sqlite")
    # A start after a death, with nothing put back: it freezes nobody, and calls leave.
    stage.inside("start")
    stage.hire(dispatchers=2, pollers=2)
    later = known_then + LATER
    stage.wait(lambda: len(stage.journal()) > later, 60, "more calls leave after a plain start")
    frozen = "SELECT count(*) FROM providers_provider WHERE frozen_at IS NOT NULL"
    reasons = "SELECT name, frozen_reason FROM providers_provider WHERE frozen_at IS NOT NULL"
    assert stage.rows(reasons) == [], "a start with nothing put back froze calling"
    stage.dismiss()
    dialled = len(stage.journal())
    copies.put_back(kind)
    if kind == "database" and not with_wal and engine == "sqlite":
        # The log still lies there. One of another state lets nothing start; one that fits brings all back, and proves
        # nothing here. A person puts the file back without it.
        copies.leave_the_log_out()
    elif refusal := stage.inside("refusal"):
        pytest.fail(refusal)
    assert stage.inside("refusal") == ""
    waiting = stage.count("status = 'pending'")
    assert stage.people - waiting < dialled, "nothing was forgotten: the cell proves nothing"
    stage.inside("start")
    stage.hire(dispatchers=2, pollers=2)
    stage.wait(lambda: stage.rows(frozen)[0][0], 60, "the restore is noticed")
    began = time.monotonic()
    waiting_providers = (
        "SELECT name, frozen_reason, compare_problem FROM providers_provider WHERE frozen_at IS NOT NULL"
    )
    while left := stage.rows(f"{waiting_providers} OR uncompared_since IS NOT NULL"):
        assert time.monotonic() - began < 90 * PATIENCE, f"{left}: {stage.rows('SELECT * FROM campaigns_vendorsweep')}"
        stage.inside("sweep_lists")
        time.sleep(0.5)
    stage.settle(120)
    demand(tell(stage.verdict(f"put back: {kind}, Redis {has_redis}, log {with_wal}")))
