"""A backup is restored in the middle of a campaign: nobody who was called since is dialled again."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from campaigns import rules
from tests.faults.conftest import scaled
from tests.faults.firing import demand
from tests.faults.stage import Stage
from tests.faults.verdict import Verdict

pytestmark = [pytest.mark.faults]


def test_a_restored_backup_freezes_until_the_lists_were_compared(
    start_stage: Callable[..., Stage], tell: Callable[[Verdict], Verdict], figure: Callable[[str], None]
) -> None:
    stage = start_stage(scale=120, speed=200)
    stage.lay_out(scaled(800, 120), a_second=scaled(60, 25), max_lines=scaled(50, 20))
    stage.hire(dispatchers=2, pollers=2)
    stage.wait(lambda: len(stage.journal()) > 0.3 * stage.people, 60, "calls leave")
    stage.dismiss()
    stage.back_up()
    stage.hire(dispatchers=2, pollers=2)
    stage.wait(lambda: len(stage.journal()) > 0.7 * stage.people, 60, "more calls leave")
    stage.dismiss()
    dialled = len(stage.journal())
    stage.restore()
    waiting = stage.count("status = 'pending'")
    assert stage.people - waiting < dialled, "nothing was forgotten: the test proves nothing"
    began = time.monotonic()
    stage.hire(dispatchers=2, pollers=2)
    frozen = "SELECT count(*) FROM providers_provider WHERE frozen_at IS NOT NULL"
    stage.wait(lambda: stage.rows(frozen)[0][0] == 4, 30, "the restore is noticed")
    while thawing := stage.rows(frozen)[0][0]:
        # Each provider thaws by itself; while all are frozen nothing leaves at all.
        assert thawing < 4 or len(stage.journal()) == dialled, "an order left while everything was frozen"
        assert time.monotonic() - began < 90, f"still frozen: {stage.rows('SELECT * FROM campaigns_vendorsweep')}"
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
