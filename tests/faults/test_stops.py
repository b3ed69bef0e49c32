"""Pause, stop-all and opt-out hold from their commit: no commit point passes after it, however the instants fall."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.conftest import scaled
from tests.faults.stage import Stage

pytestmark = [pytest.mark.faults]


def test_nothing_passes_after_a_stop(start_stage: Callable[..., Stage], figure: Callable[[str], None]) -> None:
    stage = start_stage(speed=600)
    times = scaled(1000, 20)
    # Lines enough and a steady pace: some call is always about to leave, and nobody waits for a line.
    stage.lay_out(scaled(3000, 800), max_lines=100, a_second=20)
    stage.hire(dispatchers=2, pollers=1)
    for kind, share in (("pause", times), ("stop_all", max(times // 10, 10)), ("opt_out", max(times // 10, 10))):
        found = stage.inside("press_stops", kind=kind, times=share)
        figure(
            f"{stage.engine}: {kind}: {found['passed_after']} commit points after the commit in {found['pressed']}"
            f" random presses ({found['while_dialing']} of them while calls left)"
        )
        assert found["passed_after"] == 0, found
        assert found["while_dialing"] > 0.8 * share, found
    verdict = stage.verdict("stops")
    assert verdict.dialled_twice == 0


def test_pace_and_lines_hold_with_many_dispatchers(start_stage: Callable[..., Stage]) -> None:
    stage = start_stage(speed=60)
    # Two a second, at most five lines; every third order is lost after it was taken, so that unknowns hold lines too.
    stage.be_hostile({"accept_500": 0.3}, late=0.0)
    stage.lay_out(60, vendors=["bolna"], max_lines=5, a_second=4)
    stage.hire(dispatchers=6, pollers=2)
    most = 0
    while stage.count("status = 'pending'"):
        most = max(most, stage.count("status IN ('placing', 'queued', 'dialing', 'ringing', 'in_progress', 'unknown')"))
        assert most <= 5
    instants = sorted(entry["at"] for entry in stage.journal())
    assert most >= 3
    cap = 4 * 60
    for begin in instants:
        assert sum(begin <= instant < begin + 5 for instant in instants) <= cap // 20 + 5 * 4 + 1
