"""The whole product as real processes: web server, workers, simulator, each test with its own database."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import requests

from callcenter.demo import LOGINS
from callcenter.supervision import Child, ProcessGroup, Program, manage, wait_for_port, web_server
from providers.sandbox.journal import JournalEntry, read_journal
from tests.end_to_end.browser import Browser
from tests.migrated import FIELD_KEYS, ROOT, copy_postgres, copy_sqlite
from tests.waiting import A_MINUTE, PATIENCE

PASSWORDS = {login.username: login.password for login in LOGINS}


def free_port(start: int = 22000) -> int:
    """Return a free port below the kernel's own range, which any outgoing connection may take."""
    for port in range(start + os.getpid() * 37 % 3000, 32768):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port below 32768")


class Stack:
    """One installation: its processes, its database, its simulator and the simulator's journal."""

    def __init__(self, directory: Path, *, speed: float, time_scale: float, limits: bool, delay_ms: int) -> None:
        self.directory = directory
        self.lines: list[str] = []
        self.group = ProcessGroup(ROOT, self.lines.append)
        self.web_port, self.sandbox_port = free_port(), free_port(26000)
        self.origin = f"http://127.0.0.1:{self.web_port}"
        self.sandbox_origin = f"http://127.0.0.1:{self.sandbox_port}"
        self.journal_path = directory / "journal.jsonl"
        self.speed, self.limits, self.delay_ms = speed, limits, delay_ms
        self.workers: list[Child] = []
        self.database_url = self._name_database()
        self.environment = {
            "DJANGO_SETTINGS_MODULE": "callcenter.settings",
            "ENV_FILE": os.devnull,
            "DEBUG": "on",
            "DEMO": "on",
            "HTTPS": "off",
            "SECRET_KEY": uuid.uuid4().hex * 2,
            "FIELD_KEYS": FIELD_KEYS,
            "ALLOWED_HOSTS": "127.0.0.1,localhost",
            "VAR_DIR": str(directory),
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self._redis_url(),
            "WEB_PORT": str(self.web_port),
            "SANDBOX_PORT": str(self.sandbox_port),
            "SANDBOX_ORIGIN": self.sandbox_origin,
            "TIME_SCALE": str(time_scale),
            "SINGLE_CALL_HOURS": "00:00-00:00",
            "CALLER_LAUNCH_LIMIT": "100000",
            # Five campaigns call the same people, twice where nobody answers.
            "PERSON_CALLS_A_DAY": "0",
            "PERSON_CALLS_A_WEEK": "0",
            "LOG_LEVEL": "WARNING",
        }

    # Processes

    def start(self, workers: int = 1) -> None:
        """Bring the database up, lay out the demo and start everything."""
        if self._is_postgres:
            copy_postgres(self.environment, self._server_url)
        else:
            copy_sqlite(self.environment)
        options = ["--port", str(self.sandbox_port), "--speed", str(self.speed), "--journal", str(self.journal_path)]
        options += ["--delay-ms", str(self.delay_ms)]
        self.run(Program("sandbox", manage("sandbox", *options, *([] if self.limits else ["--no-limits"]))))
        assert wait_for_port(self.sandbox_port, seconds=A_MINUTE), self.tail()
        self.manage("demo", "-v0")
        self.run(web_server("127.0.0.1", self.web_port))
        assert wait_for_port(self.web_port, seconds=A_MINUTE), self.tail()
        for _ in range(workers):
            self.start_worker()

    def run(self, program: Program) -> Child:
        """Start one process in the installation's environment."""
        return self.group.start(Program(program.name, program.command, self.environment))

    def start_worker(self) -> Child:
        """Start one more worker."""
        child = self.run(Program(f"worker{len(self.workers) + 1}", manage("worker")))
        self.workers.append(child)
        return child

    def manage(self, *arguments: str) -> str:
        """Run a command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=os.environ | self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def inside(self, call: str) -> str:
        """Run a function of `inside.py` in the installation."""
        return self.manage("shell", "-v0", "-c", f"from tests.end_to_end.inside import *; {call}")

    def end(self) -> None:
        """End every process and forget the database."""
        self.group.end()
        if self._is_postgres:
            self._on_server(f'DROP DATABASE IF EXISTS "{self._database_name}" WITH (FORCE)')

    def tail(self, count: int = 60) -> str:
        """Return the last lines of all processes."""
        return "\n".join(self.lines[-count:])

    # What there is

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Ask the installation's database."""
        if self._is_postgres:
            import psycopg

            with psycopg.connect(self.database_url) as connection:
                return connection.execute(query).fetchall()  # type: ignore[arg-type]
        with contextlib.closing(sqlite3.connect(self.directory / "callcenter.sqlite3", timeout=20)) as connection:
            return list(connection.execute(query))

    def change(self, statement: str, *values: str) -> None:
        """Change the installation's database, with a question mark for each value."""
        if self._is_postgres:
            import psycopg

            with psycopg.connect(self.database_url) as connection:
                connection.execute(statement.replace("?", "%s"), values)  # type: ignore[arg-type]
            return
        with contextlib.closing(sqlite3.connect(self.directory / "callcenter.sqlite3", timeout=20)) as connection:
            connection.execute(statement, values)
            connection.commit()

    def counts(self) -> dict[str, int]:
        """Return how many calls stand in which state."""
        return dict(self.rows("SELECT status, count(*) FROM campaigns_call GROUP BY status"))

    def journal(self) -> list[JournalEntry]:
        """Return every dial that the simulator took."""
        return read_journal(self.journal_path)

    def control(self, name: str, method: str = "POST", **order: Any) -> Any:
        """Tell the simulator something, or ask it."""
        with requests.Session() as session:
            session.trust_env = False
            answer = session.request(method, f"{self.sandbox_origin}/_control/{name}", json=order, timeout=60)
        answer.raise_for_status()
        return answer.json()

    def log_in(self, username: str) -> Browser:
        """Return a browser in which this person of the demo has logged in through the page."""
        browser = Browser(self.origin)
        browser.open("/")
        text = browser.send(browser.form("password"), username=username, password=PASSWORDS[username])
        assert 'name="password"' not in text, "the log-in was refused"
        return browser

    def wait(self, condition: Callable[[], Any], seconds: float, what: str, *, every: float = 0.5) -> None:
        """Wait until a condition holds; where it does not in time, fail with what the processes said."""
        seconds *= PATIENCE
        until = time.monotonic() + seconds
        while not condition():
            for child in self.workers:
                assert child.is_alive, f"{child.name} died\n{self.tail()}"
            assert time.monotonic() < until, f"not in {seconds:.0f} s: {what}; {self.counts()}\n{self.tail()}"
            time.sleep(every)
        self.lines.append(f"test    | {what}: after {time.monotonic() + seconds - until:.0f} s")

    # Engines

    @property
    def _is_postgres(self) -> bool:
        return self.database_url.startswith("postgres")

    def _name_database(self) -> str:
        server = os.environ.get("TEST_DATABASE_URL", "")
        if not server:
            return ""
        self._server_url = server
        self._database_name = f"end_to_end_{uuid.uuid4().hex[:12]}"
        return urlunsplit(urlsplit(server)._replace(path=f"/{self._database_name}"))

    def _on_server(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[arg-type]

    def _redis_url(self) -> str:
        server = os.environ.get("TEST_REDIS_URL", "")
        if not server:
            return ""
        import redis

        url = f"{server}/50"
        redis.Redis.from_url(url).flushdb()
        return url


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[Callable[..., Stack]]:
    """Hand out a starter of whole installations; all end with the test."""
    started: list[Stack] = []

    def start(
        *, workers: int = 1, speed: float = 20, time_scale: float = 60, limits: bool = True, delay_ms: int = 0
    ) -> Stack:
        place = tmp_path / f"stack{len(started)}"
        place.mkdir()
        stack = Stack(place, speed=speed, time_scale=time_scale, limits=limits, delay_ms=delay_ms)
        started.append(stack)
        stack.start(workers)
        return stack

    yield start
    for stack in started:
        stack.end()


@pytest.fixture
def stack(start_stack: Callable[..., Stack]) -> Stack:
    """Start an installation with one worker."""
    return start_stack()
