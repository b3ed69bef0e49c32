"""Pause, stop-all and opt-out hold from their commit: no commit point passes after it, however the instants fall."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.faults.conftest import scaled
from tests.faults.stage import Stage

pytestmark = [pytest.mark.faults]


def test_nothing_passes_after_a_stop(start_stage: Callable[..., Stage], figure: Callable[[str], None]) -> None:
    stage = start_stage(speed=600)
    times = scaled(1000, 50)
    stage.lay_out(scaled(12_000, 1500), max_lines=8)
    stage.hire(dispatchers=2, pollers=1)
    for kind, share in (("pause", times), ("stop_all", times // 2), ("opt_out", times // 2)):
        if stage.count("status = 'pending'") < 300:
            stage.people += stage.inside("add_people", people=2000)
        found = stage.inside("press_stops", kind=kind, times=share)
        figure(
            f"{stage.engine}: {kind}: {found['passed_after']} commit points after the commit in {found['pressed']}"
            f" random presses ({found['while_dialing']} of them while calls left)"
        )
        assert found["passed_after"] == 0, found
        assert found["while_dialing"] > 0.8 * share, found
    verdict = stage.verdict("stops")
    assert verdict.dialled_twice == 0
