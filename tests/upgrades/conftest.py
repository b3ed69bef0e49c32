"""An installation whose code is exchanged while it stands."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest

from callcenter.supervision import Child, ProcessGroup, Program, manage, wait_for_port, web_server
from tests.end_to_end.conftest import Stack, free_port
from tests.migrated import ROOT
from tests.upgrades.before import lay_out

Rows = dict[str, tuple[list[str], set[str]]]
"""By table: its columns, and its rows as text."""


class Upgraded(Stack):
    """An installation that begins with the version before; `code` is whose files the next process runs."""

    def __init__(self, directory: Path, before: Path) -> None:
        super().__init__(directory, speed=20, time_scale=60, limits=False, delay_ms=0)
        self.code = before
        self.groups: list[ProcessGroup] = []

    def start(self, workers: int = 0) -> None:
        """Migrate and start simulator and web server, with the demo's accounts."""
        if self._is_postgres:
            self._on_server(f'CREATE DATABASE "{self._database_name}"')
        self.manage("migrate", "--no-input", "-v0")
        options = ["--port", str(self.sandbox_port), "--speed", str(self.speed), "--journal", str(self.journal_path)]
        self.run(Program("sandbox", manage("sandbox", *options, "--no-limits")))
        assert wait_for_port(self.sandbox_port, seconds=60), self.tail()
        self.manage("demo", "-v0")
        self.start_web()
        for _ in range(workers):
            self.start_worker()

    def start_web(self) -> Child:
        """Start one more web server, at a port of its own, which is then the one that is visited."""
        self.web_port = free_port(self.web_port + 1)
        self.origin = f"http://127.0.0.1:{self.web_port}"
        child = self.run(web_server("127.0.0.1", self.web_port))
        assert wait_for_port(self.web_port, seconds=60, child=child), self.tail()
        return child

    def run(self, program: Program) -> Child:
        """Start one process with the code of the moment."""
        group = ProcessGroup(self.code, self.lines.append)
        self.groups.append(group)
        command = [self.python if part == sys.executable else part for part in program.command]
        return group.start(Program(program.name, command, self.environment))

    @property
    def python(self) -> str:
        """The interpreter that has the packages of the code of the moment."""
        return sys.executable if self.code == ROOT else str(self.code / ".venv/bin/python")

    def manage(self, *arguments: str) -> str:
        """Run a command with the code of the moment."""
        done = subprocess.run(
            [self.python, "manage.py", *arguments],
            cwd=self.code,
            env=os.environ | self.environment | {"PYTHONPATH": ""},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def inside(self, call: str) -> str:
        """Run a function of `filled.py`, as it is here, or of the `inside.py` of the code of the moment."""
        sources = (ROOT / "tests/filled.py", self.code / "tests/end_to_end/inside.py")
        source = "\n".join(path.read_text() for path in sources)
        future = "from __future__ import annotations\n"
        return self.manage("shell", "-v0", "-c", future + source.replace(future, "") + f"\n{call}\n")

    def end_worker(self) -> None:
        """End the worker in order."""
        worker = self.workers.pop()
        worker.ask_to_end()
        worker.process.wait(60)

    def end(self) -> None:
        """End everything and forget the database."""
        for group in reversed(self.groups):
            group.end()
        super().end()

    def everything(self, columns: Rows | None = None, but: Collection[str] = ()) -> Rows:
        """Read all rows of all tables (but some), or of those tables and columns that an earlier reading found."""
        found: Rows = {}
        for table in columns or [name for name in self.tables() if name not in but]:
            names = columns[table][0] if columns else self.columns_of(table)
            listed = ", ".join(f'"{name}"' for name in names)
            found[table] = (names, {repr(row) for row in self.rows(f'SELECT {listed} FROM "{table}"')})
        return found

    def tables(self) -> list[str]:
        """Return the names of all tables, but those that hold an index or what the engine notes for itself."""
        if self._is_postgres:
            found = self.rows(
                "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            )
        else:
            found = self.rows("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
        return [name for (name,) in found if "_fts" not in name and "contact_search" not in name]

    def columns_of(self, table: str) -> list[str]:
        """Return the names of a table's columns."""
        if self._is_postgres:
            asked = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}' ORDER BY 1"
        else:
            asked = f"SELECT name FROM pragma_table_info('{table}') ORDER BY 1"
        return [name for (name,) in self.rows(asked)]


@pytest.fixture
def upgraded(tmp_path: Path) -> Iterator[Upgraded]:
    """An installation of the version before, with web server and simulator, without a worker."""
    place = tmp_path / "var"
    place.mkdir()
    stack = Upgraded(place, lay_out(tmp_path / "before"))
    try:
        stack.start()
        yield stack
    finally:
        stack.end()
