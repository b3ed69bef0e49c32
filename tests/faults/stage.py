"""One installation under faults: its database, a hostile simulator, the workers that die, and the verdict after it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from providers.sandbox.journal import JournalEntry, read_journal
from providers.sandbox.server import SandboxServer
from tests.end_to_end.conftest import free_port
from tests.faults.servers import Postgres
from tests.faults.verdict import Verdict, judge
from tests.migrated import FIELD_KEYS, ROOT, copy_sqlite
from tests.waiting import PATIENCE

VENDORS = ("unleashx", "bolna", "voicy", "vocode")
"""Those with a list of calls; what is lost at Bitel only its own news or a person can tell."""

HOSTILE = {
    "accept_then_hang": 0.06, "accept_500": 0.05, "accept_reset": 0.05, "accept_broken_json": 0.03, "accept_html": 0.02,
    "accept_truncated": 0.02, "accept_empty": 0.01, "accept_no_id": 0.01, "accept_odd_id": 0.01,
    "accept_slow_drip": 0.01, "accept_huge": 0.002,
    "hang": 0.03, "500": 0.03, "503": 0.01, "reset": 0.02, "redirect": 0.01, "429": 0.02, "400": 0.02,
}  # fmt: skip
"""Shares of all orders; the rest goes well."""
OPEN = "('pending', 'placing', 'queued', 'dialing', 'ringing', 'in_progress', 'wrapping_up', 'unknown')"


class Worker:
    """One forked process; the harness alone decides when it ends.

    Held by a descriptor and not by its number, which may be a stranger's once it has died.
    """

    def __init__(self, role: str, pid: int) -> None:
        self.role = role
        self._descriptor = -1
        with contextlib.suppress(ProcessLookupError):
            self._descriptor = os.pidfd_open(pid)

    @property
    def is_alive(self) -> bool:
        """Tell whether it still runs."""
        return self._descriptor >= 0 and not select.select([self._descriptor], [], [], 0)[0]

    def send(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        if self._descriptor >= 0:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._descriptor, number)

    def __del__(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)


class Stage:
    """A database, a simulator and a nursery of workers."""

    def __init__(
        self,
        directory: Path,
        engine: str,
        postgres: Postgres | None,
        *,
        scale: float,
        speed: float,
        redis_url: str = "",
    ) -> None:
        self.directory, self.engine, self.scale, self.postgres = directory, engine, scale, postgres
        self.data = directory / "data"
        self.data.mkdir()
        self.journal_path = directory / "journal.jsonl"
        self.server = SandboxServer(port=free_port(27000), speed=speed, journal=self.journal_path, limits=False)
        self.server.__enter__()
        self.server.world.switches.change({"magic": False})
        self.database_url = ""
        if engine == "postgres":
            assert postgres
            self.database_url = postgres.url(f"faults_{uuid.uuid4().hex[:12]}")
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "callcenter.settings",
            "ENV_FILE": os.devnull,
            "DEBUG": "on",
            "DEMO": "on",
            "HTTPS": "off",
            "SECRET_KEY": uuid.uuid4().hex * 2,
            "FIELD_KEYS": FIELD_KEYS,
            "ALLOWED_HOSTS": "127.0.0.1",
            "VAR_DIR": str(self.data),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": redis_url,
            # Dispatchers that race, not one at work and the others waiting for it.
            "SLICES": "8",
            "SANDBOX_ORIGIN": self.server.origin,
            "TIME_SCALE": str(scale),
            "SINGLE_CALL_HOURS": "00:00-00:00",
            "CALLER_LAUNCH_LIMIT": "1000000",
            # The same people stand in many campaigns.
            "PERSON_CALLS_A_DAY": "0",
            "PERSON_CALLS_A_WEEK": "0",
            "LOG_LEVEL": "ERROR",
            "PYTHONUNBUFFERED": "1",
        }
        self.log_path = directory / "workers.log"
        self._log = self.log_path.open("wb")
        self.people = self.kills = self.stops = self.restarts = 0
        self.workers: list[Worker] = []
        self.stopped: list[tuple[float, Worker]] = []
        self.began = time.monotonic()
        if postgres:
            postgres.make_database(self.environment)
        else:
            copy_sqlite(self.environment)
        self.nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.worker"], cwd=ROOT, env=os.environ | self.environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, text=True, start_new_session=True,
        )  # fmt: skip
        self._hear()

    # Processes

    def manage(self, *arguments: str) -> None:
        """Run one of our own commands to its end."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=os.environ | self.environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def inside(self, name: str, **arguments: Any) -> Any:
        """Run a function of `inside.py` in a process of its own."""
        answer = self._ask({"do": "call", "name": name, "with": arguments})
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def spawn(self, role: str, point: str = "") -> Worker:
        """Start a worker, which ends itself at a named point where one is given."""
        worker = Worker(role, self._ask({"do": "fork", "role": role, "point": point})["pid"])
        if not point:
            self.workers.append(worker)
        return worker

    def lay_out(
        self,
        people: int,
        *,
        vendors: Sequence[str] = VENDORS,
        max_lines: int = 200,
        a_second: float = 1000.0,
        copies: int = 1,
    ) -> None:
        """Make providers, campaigns and people; `a_second` is how many calls may leave in all."""
        made = self.inside(
            "lay_out", vendors=list(vendors), people=people, max_lines=max_lines, copies=copies,
            pace=round(a_second * 60 / len(vendors)),
        )  # fmt: skip
        self.people += made["people"]

    def add_people(self, people: int) -> None:
        """Let more people wait in the campaigns that there are."""
        self.people += self.inside("add_people", people=people)

    def hire(self, dispatchers: int = 3, pollers: int = 2) -> None:
        """Start a crew."""
        for role, count in (("dispatch", dispatchers), ("poll", pollers)):
            for _number in range(count):
                self.spawn(role)

    def kill_one(self) -> None:
        """Kill a worker at random, with no chance to clean up, and start another in its place.

        Pollers more seldom: at the speed of these runs each of their deaths is a minute without reading.
        """
        weights = [0.3 if worker.role == "poll" else 1.0 for worker in self.workers]
        worker = random.choices(self.workers, weights)[0]
        self.workers.remove(worker)
        self.stopped = [(until, other) for until, other in self.stopped if other is not worker]
        worker.send(signal.SIGKILL)
        self.kills += 1
        self.spawn(worker.role)

    def stop_one(self, longest: float) -> None:
        """Freeze a worker for up to so many seconds, as a suspended machine does; a poller for a second at most."""
        worker = random.choice(self.workers)
        worker.send(signal.SIGSTOP)
        self.stops += 1
        seconds = random.uniform(0.3, longest if worker.role == "dispatch" else 1.0)
        self.stopped.append((time.monotonic() + seconds, worker))

    def wake(self, *, everybody: bool = False) -> None:
        """Let workers go on whose time is over."""
        now = time.monotonic()
        for until, worker in self.stopped:
            if everybody or until <= now:
                worker.send(signal.SIGCONT)
        self.stopped = [] if everybody else [(until, worker) for until, worker in self.stopped if until > now]

    def end(self) -> None:
        """End every process."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.nursery.pid, signal.SIGKILL)
        self.nursery.wait()
        self.server.stop()
        self._log.close()

    def _ask(self, order: dict[str, Any]) -> dict[str, Any]:
        assert self.nursery.stdin
        self.nursery.stdin.write(json.dumps(order) + "\n")
        self.nursery.stdin.flush()
        return self._hear()

    def _hear(self) -> dict[str, Any]:
        assert self.nursery.stdout
        line = self.nursery.stdout.readline()
        assert line, f"the nursery died\n{self.log()}"
        return dict(json.loads(line))

    def log(self) -> str:
        """Return the end of what the workers said."""
        return self.log_path.read_text(errors="replace")[-4000:]

    # The vendor

    def be_hostile(self, mix: dict[str, float] | None = None, *, late: float = 0.01, seed: int = 1) -> None:
        """Let the vendor break as `mix` says; `late` is the share of orders taken after our time-out."""
        faults = self.server.world.faults
        faults.add({"mix": {"accept_late": late}, "seconds": 30 / self.scale + 0.5, "seed": seed})
        faults.add({"mix": mix or HOSTILE})

    def be_kind(self) -> None:
        """Let everything go well again."""
        self.server.world.faults.clear()

    def journal(self) -> list[JournalEntry]:
        """Return every dial that a vendor took."""
        return read_journal(self.journal_path)

    # The rows

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the installation's database."""
        if self.engine == "postgres":
            import psycopg

            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query).fetchall()  # type: ignore[arg-type]
        with contextlib.closing(sqlite3.connect(self.data / "callcenter.sqlite3", timeout=20)) as lite:
            return list(lite.execute(query))

    def count(self, condition: str = "1 = 1") -> int:
        """Count calls."""
        return int(self.rows(f"SELECT count(*) FROM campaigns_call WHERE {condition}")[0][0])

    def wait(self, condition: Callable[[], Any], seconds: float, what: str) -> None:
        """Wait until a condition holds."""
        seconds *= PATIENCE
        until = time.monotonic() + seconds
        while not condition():
            self.wake()
            assert time.monotonic() < until, f"not in {seconds:.0f} s: {what}; {self.counts()}\n{self.log()}"
            time.sleep(0.2)

    def back_up(self) -> None:
        """Copy the database as it stands; nobody may work on it meanwhile."""
        self._copy(self._database, f"{self._database}_backup")

    def restore(self) -> None:
        """Put the copy back in the database's place."""
        self._copy(f"{self._database}_backup", self._database)

    @property
    def _database(self) -> str:
        return self.database_url.rpartition("/")[2] if self.postgres else str(self.data / "callcenter.sqlite3")

    def _copy(self, source: str, target: str) -> None:
        if self.postgres:
            self.postgres.copy_database(source, target)
            return
        for rest in ("", "-wal", "-shm"):
            Path(target + rest).unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(source)) as old, contextlib.closing(sqlite3.connect(target)) as new:
            old.backup(new)

    def dismiss(self) -> None:
        """Kill the whole crew."""
        for worker in self.workers:
            worker.send(signal.SIGKILL)
        for worker in self.workers:
            self.wait(lambda worker=worker: not worker.is_alive, 60, "a death")
        self.workers.clear()

    def counts(self) -> dict[str, int]:
        """Return how many calls stand in which state."""
        return dict(self.rows("SELECT status, count(*) FROM campaigns_call GROUP BY status"))

    def settle(self, seconds: float) -> None:
        """Wait until no call waits, is out or is unknown any more; it takes about `seconds` on a quiet machine."""
        self.wake(everybody=True)
        self.wait(lambda: not self.count(f"status IN {OPEN}"), seconds, "every call settled")

    def sweep_lists(self, seconds: float) -> dict[str, int]:
        """Compare the vendors' lists as the hourly task does, until they explain every dial or the time is over.

        It takes about `seconds` on a quiet machine.
        """
        until = time.monotonic() + PATIENCE * seconds
        counts: Counter[str] = Counter()
        while True:
            counts.update(self.inside("sweep_lists"))
            ours = {row[0] for row in self.rows("SELECT remote_id FROM campaigns_call")}
            if all(entry["remote_id"] in ours for entry in self.journal()) or time.monotonic() > until:
                return dict(counts)
            time.sleep(1.0)

    def verdict(self, scenario: str) -> Verdict:
        """Compare rows and journal."""
        assert "FELL OVER" not in self.log_path.read_text(errors="replace"), self.log()
        return judge(self, scenario)
