"""Every process of a real worker is killed and stopped in turn, in mid campaign: orders go on, nobody is rung twice.

A worker that dies as a whole is started anew as a container's restart policy does it; nothing else is done for it.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.faults.conftest import scaled
from tests.faults.firing import demand
from tests.faults.servers import Redis
from tests.faults.stage import Stage
from tests.faults.verdict import Verdict
from tests.migrated import ROOT

pytestmark = [pytest.mark.faults]

WITHIN = 60.0
"""Seconds after a fault within which everybody who is due must have been dialled."""
WORKERS = 3


class KeptWorker:
    """A worker that is started anew whenever it ends."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.starts = 0
        self.places: list[int] = []
        self.start()

    def start(self) -> None:
        """Start it."""
        self.starts += 1
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "worker"], cwd=ROOT, env=os.environ | self.stage.environment,
            stdout=self.stage._log, stderr=self.stage._log, start_new_session=True,
        )  # fmt: skip

    def keep(self) -> None:
        """Start it again where it ended."""
        if self.process.poll() is not None:
            self.start()

    def family(self) -> list[int]:
        """Return its processes, the first one first, then in order of birth."""
        parents, born = {}, {}
        for place in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                words = place.read_text().rsplit(")", 1)[1].split()
                if words[0] != "Z":
                    pid = int(place.parent.name)
                    parents[pid], born[pid] = int(words[1]), int(words[19])
        family = [self.process.pid] if self.process.pid in parents else []
        for pid in family:
            family += [child for child, parent in parents.items() if parent == pid]
        return family[:1] + sorted(family[1:], key=lambda pid: (born[pid], pid))

    def place(self, position: int) -> int:
        """Return who is in a place now: the first process, then in the order in which they were first born."""
        family = self.family()
        born = iter([pid for pid in family if pid not in self.places])
        self.places = [pid if pid in family else next(born) for pid in self.places or [0] * len(family)]
        return self.places[position]

    def is_whole(self, size: int) -> bool:
        """Tell whether it has all its processes again, and none of them is stopped."""
        self.keep()
        family = self.family()
        with contextlib.suppress(OSError):
            states = [Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] for pid in family]
            return len(family) == size and "T" not in states
        return False

    def end(self) -> None:
        """End it whole."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


@pytest.fixture
def start_worker(
    start_stage: Callable[..., Stage], engine: str, request: pytest.FixtureRequest
) -> Iterator[Callable[[], KeptWorker]]:
    """Hand out a starter of a stage with a real worker: SQLite carries the queue, or Redis beside PostgreSQL."""
    workers = []

    def start() -> KeptWorker:
        stage = start_stage(scale=40, speed=40)
        stage.environment |= {"WORKERS": str(WORKERS), "SLICES": "1", "LOG_LEVEL": "WARNING"}
        if engine == "postgres":
            redis: Redis = request.getfixturevalue("redis")
            stage.environment["REDIS_URL"] = redis.url
        # Slow enough that a fault falls into the middle of it; with lines enough that no call waits for another's end.
        stage.lay_out(1, vendors=["bolna", "vocode"], max_lines=100, a_second=8)
        workers.append(KeptWorker(stage))
        return workers[-1]

    yield start
    for worker in workers:
        worker.end()


def add_people(stage: Stage, people: int) -> None:
    """Add people to the campaigns and ring for the worker, as a launch does."""
    stage.add_people(people)
    stage.manage("shell", "-v0", "-c", "from campaigns import queue; queue.nudge_dispatch()")


def everybody_is_dialled(worker: KeptWorker, since: float, what: str) -> None:
    """Wait until nobody waits any more; fail where that takes too long after a fault."""
    while worker.stage.count("status = 'pending'"):
        worker.keep()
        assert time.monotonic() - since < WITHIN, (
            f"{what}: {worker.stage.counts()} after {WITHIN:.0f} s\n{worker.stage.log()}"
        )
        time.sleep(0.2)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["killed", "stopped"])
def test_orders_go_on_whichever_process_is_hit(
    start_worker: Callable[[], KeptWorker],
    fault: signal.Signals,
    tell: Callable[[Verdict], Verdict],
    figure: Callable[[str], None],
) -> None:
    worker = start_worker()
    stage = worker.stage
    everybody_is_dialled(worker, time.monotonic(), "the start")
    size = len(worker.family())
    longest = 0.0
    for round_number in range(scaled(3, 1)):
        for position in range(size):
            what = f"process {position} of {size} hit by {fault.name}"
            stage.wait(lambda: worker.is_whole(size), WITHIN, f"the worker is whole before {what}")
            enough = len(stage.journal()) + 6 + round_number
            add_people(stage, 24)
            stage.wait(lambda enough=enough: len(stage.journal()) >= enough, WITHIN, "calls leave")
            os.kill(worker.place(position), fault)
            stage.kills += fault == signal.SIGKILL
            stage.stops += fault == signal.SIGSTOP
            since = time.monotonic()
            everybody_is_dialled(worker, since, what)
            # Those who come now need that a message passes through the queue.
            add_people(stage, 4)
            everybody_is_dialled(worker, since, f"{what}, and a new message")
            longest = max(longest, time.monotonic() - since)
    figure(f"{stage.engine}: every process {fault.name}: orders went on within {longest:.0f} s; {worker.starts} starts")
    stage.settle(180)
    demand(tell(stage.verdict(f"a worker's processes {fault.name}")))
