"""Ways to make workers die while calls leave."""

from __future__ import annotations

import random
import signal
import time

from tests.faults.stage import PATIENCE, Stage
from tests.faults.verdict import Verdict
from tests.faults.worker import POINTS, READING_POINTS


def dial_under_fire(stage: Stage, seconds: float, *, every: float, stops: float = 0.25) -> None:
    """Kill a worker, or freeze one for up to six seconds, about `every` so often until nobody waits any more."""
    until = time.monotonic() + seconds
    while stage.count("status = 'pending'"):
        assert time.monotonic() < until, f"calls still wait: {stage.counts()}\n{stage.log()}"
        time.sleep(random.uniform(0.3, 1.7) * every)
        stage.wake()
        if random.random() < stops:
            stage.stop_one(6.0)
        else:
            stage.kill_one()


def die_at_every_point(stage: Stage) -> None:
    """Let one worker die at each named point of the path, one after the other; nobody else dials meanwhile."""
    poller = stage.spawn("poll")
    for point in POINTS:
        stage.inside("close_breakers")
        role = "poll" if point in READING_POINTS else "dispatch"
        if role == "poll" and poller in stage.workers:
            stage.workers.remove(poller)
            poller.send(signal.SIGKILL)
        worker = stage.spawn(role, point)
        stage.wait(lambda worker=worker: not worker.is_alive, 25 * PATIENCE, f"a death at {point}")
        stage.kills += 1


def demand(verdict: Verdict) -> None:
    """Fail where anybody was dialled twice or lost, or any call stayed unknown."""
    assert (verdict.dialled_twice, verdict.lost, verdict.unknown_to_us) == (0, 0, 0), verdict
    assert verdict.settled == verdict.opened, verdict
