"""Ways to make workers die while calls leave."""

from __future__ import annotations

import random
import signal
import time

from tests.faults.stage import Stage, Worker
from tests.faults.verdict import Verdict
from tests.faults.worker import POINTS, READING_POINTS

MORE = 20
"""People who are added at once where nobody waits any more and too few workers died."""
BEGINS = 10.0
"""Seconds within which a worker begins and sends, also where many others are at work."""


def dial_under_fire(stage: Stage, seconds: float, *, every: float, stops: float = 0.25, kills: int = 0) -> None:
    """Kill a worker, or freeze one for up to six seconds, about `every` so often until nobody waits any more.

    Where calls leave faster than `kills` workers in all could die, more people wait until so many did.
    It gives up after so many seconds in which no call left. Where a worker may not live as long as it needs to begin,
    as on a machine that others slow down, the next death waits for a call that leaves, but no longer than `BEGINS`.
    """
    waiting, moved_at, died_at = stage.count("status = 'pending'"), time.monotonic(), 0.0
    while waiting or stage.kills < kills:
        assert time.monotonic() < moved_at + seconds, f"calls still wait: {stage.counts()}\n{stage.log()}"
        time.sleep(random.uniform(0.3, 1.7) * every)
        stage.wake()
        if not waiting:
            stage.add_people(MORE)
            waiting, moved_at = stage.count("status = 'pending'"), time.monotonic()
        before, waiting = waiting, stage.count("status = 'pending'")
        if waiting < before:
            moved_at = time.monotonic()
        if moved_at < died_at and time.monotonic() < died_at + BEGINS:
            continue
        died_at = time.monotonic()
        if random.random() < stops:
            stage.stop_one(6.0)
        else:
            stage.kill_one()


def wait_for_death(stage: Stage, worker: Worker, point: str) -> None:
    """Wait until a worker died at the point it was told.

    A provider whose breaker opens sends one call at a time, and answers never meet calls in one transaction. On a busy
    machine orders time out until one opens, so they are closed again and again.
    """
    closed_at = 0.0

    def has_died() -> bool:
        nonlocal closed_at
        if time.monotonic() > closed_at + BEGINS / 2:
            stage.inside("close_breakers")
            closed_at = time.monotonic()
        return not worker.is_alive

    stage.wait(has_died, 60, f"a death at {point}")
    stage.kills += 1


def die_at_every_point(stage: Stage) -> None:
    """Let one worker die at each named point of the path, one after the other; nobody else dials meanwhile."""
    poller = stage.spawn("poll")
    for point in POINTS:
        role = "poll" if point in READING_POINTS else "dispatch"
        if role == "poll" and poller in stage.workers:
            stage.workers.remove(poller)
            poller.send(signal.SIGKILL)
        worker = stage.spawn(role, point)
        wait_for_death(stage, worker, point)


def demand(verdict: Verdict) -> None:
    """Fail where anybody was dialled twice or lost, or any call stayed unknown."""
    assert (verdict.dialled_twice, verdict.lost, verdict.unknown_to_us) == (0, 0, 0), verdict
    assert verdict.settled == verdict.opened, verdict
