"""A worker that is killed in the middle of its work, three times: nobody is dialled twice, nobody is lost."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest

from tests.end_to_end.conftest import Stack

pytestmark = [pytest.mark.end_to_end]

VENDORS = ("unleashx", "bolna", "voicy", "vocode")
PEOPLE = 500
KILLS_AT = (180, 280, 380)
"""Calls dialled at each kill: after the first 120, so that every vendor has known calls beside the lost ones."""


def kill(stack: Stack) -> None:
    """Kill the worker as a power cut would: no process of it gets to do anything any more."""
    worker = stack.workers.pop()
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()


def test_nobody_twice_and_nobody_lost(start_stack: Callable[..., Stack]) -> None:
    # Slow answers, so that orders are out at the moment of each kill.
    stack = start_stack(workers=0, limits=False, delay_ms=150, time_scale=120)
    stack.control("switches", magic=False)
    stack.inside("open_limits(30)")
    for position, vendor in enumerate(VENDORS):
        share = PEOPLE // len(VENDORS)
        stack.inside(f"launch_at_new_people({vendor!r}, {share}, {10_000 + position * share})")

    lost = 0
    stack.start_worker()
    for dialled in KILLS_AT:
        stack.wait(lambda dialled=dialled: len(stack.journal()) >= dialled, 60, f"{dialled} calls", every=0.02)
        kill(stack)
        counts = stack.counts()
        lost += counts.get("placing", 0)
        # What was on its way arrives; after that a dead worker dials nobody.
        time.sleep(0.5)
        before = len(stack.journal())
        time.sleep(0.5)
        assert len(stack.journal()) == before
        stack.start_worker()

    stack.wait(lambda: is_over(stack), 180, "every call at its end")

    assert lost, "no order was out at any kill: the test proved nothing"
    dialled_numbers = Counter(entry["to_number"] for entry in stack.journal())
    assert [number for number, times in dialled_numbers.items() if times > 1] == []
    rows = stack.rows("SELECT to_number, status, failure_reason, remote_id, attempt FROM campaigns_call")
    assert len(rows) == PEOPLE
    assert len({row[0] for row in rows}) == PEOPLE
    # Whom the vendors dialled, our rows know by the vendor's id; whom they did not, our rows say so.
    ids = {entry["to_number"]: entry["remote_id"] for entry in stack.journal()}
    assert {number: remote_id for number, _status, _why, remote_id, _attempt in rows if remote_id} == ids
    not_dialled = [(status, why) for number, status, why, _id, _attempt in rows if number not in ids]
    assert set(not_dialled) <= {("failed", "not_placed")}
    assert {status for _number, status, *_ in rows} <= {"completed", "no_answer", "busy", "failed"}


def is_over(stack: Stack) -> bool:
    """Tell whether no call waits, is out or is unknown any more."""
    counts = stack.counts()
    return sum(counts.values()) == PEOPLE and set(counts) <= {"completed", "no_answer", "busy", "failed"}
