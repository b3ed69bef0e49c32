"""A PostgreSQL and a Redis of the harness's own, which it may stop, crash and flush as it likes."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from callcenter.supervision import wait_for_port
from tests.end_to_end.conftest import free_port
from tests.migrated import copy_postgres
from tests.waiting import A_MINUTE


def postgres_tools() -> Path | None:
    """Return where initdb and pg_ctl are; None where PostgreSQL is not installed."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    found += sorted((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")), reverse=True)
    return found[0] if found else None


class Postgres:
    """A PostgreSQL server that several tests may share: each makes databases of its own there."""

    def __init__(self, server_url: str) -> None:
        self.server_url = server_url
        self._made: list[str] = []

    def url(self, name: str) -> str:
        """Return the address of one database."""
        return urlunsplit(urlsplit(self.server_url)._replace(path=f"/{name}"))

    def make_database(self, environment: Mapping[str, str]) -> None:
        """Make the database of an environment, migrated."""
        copy_postgres(environment, self.server_url)
        self._made.append(environment["DATABASE_URL"].rpartition("/")[2])

    def copy_database(self, source: str, target: str) -> None:
        """Make `target` an exact copy of `source`; whoever is connected to either is cut off."""
        import psycopg

        with psycopg.connect(self.server_url, autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
            connection.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')  # type: ignore[arg-type]
            connection.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')  # type: ignore[arg-type]
        self._made.append(target)

    def end(self) -> None:
        """Forget the databases that were made here."""
        import psycopg

        with psycopg.connect(self.server_url, autocommit=True) as connection:
            for name in self._made:
                connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')  # type: ignore[arg-type]


class OwnPostgres(Postgres):
    """A throw-away cluster on loopback; commits are durable against crashes of its processes."""

    def __init__(self) -> None:
        tools = postgres_tools()
        assert tools, "PostgreSQL is not installed: .ci/need postgresql"
        self.tools = tools
        self.place = Path(tempfile.mkdtemp(prefix="faults-postgres"))
        self.as_owner: list[str] = []
        if os.getuid() == 0:
            # PostgreSQL refuses to run as root.
            names = {entry.pw_name for entry in pwd.getpwall()}
            owner = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.place, owner)
            self.as_owner = ["runuser", "-u", owner, "--"]
        self.port = free_port(27300)
        super().__init__(f"postgres://callcenter@127.0.0.1:{self.port}/postgres")
        self._run(
            "initdb",
            "-D",
            f"{self.place}/data",
            "-U",
            "callcenter",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-sync",
            "--locale=C",
        )
        self.start()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.place} -c fsync=off -c max_connections=200"
        self._run("pg_ctl", "-D", f"{self.place}/data", "-l", f"{self.place}/log", "-w", "-o", options, "start")

    def crash(self) -> None:
        """End it at once, as after a crash: every connection breaks, the next start recovers."""
        self._run("pg_ctl", "-D", f"{self.place}/data", "-m", "immediate", "-w", "stop")

    def restart(self, away: float = 0.0) -> None:
        """Crash it and start it again after so many seconds."""
        self.crash()
        time.sleep(away)
        self.start()

    def end(self) -> None:
        """Stop it and leave nothing."""
        if (self.place / "data" / "postmaster.pid").exists():
            self.crash()
        shutil.rmtree(self.place, ignore_errors=True)

    def _run(self, tool: str, *arguments: str) -> None:
        command = [*self.as_owner, str(self.tools / tool), *arguments]
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/")
        assert done.returncode == 0, f"{tool}: {done.stderr}"


class Redis:
    """A throw-away Redis on loopback."""

    def __init__(self) -> None:
        self.port = free_port(27600)
        self.place = tempfile.mkdtemp(prefix="faults-redis")
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self) -> None:
        """Start it empty."""
        self.process = subprocess.Popen(
            ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--dir", self.place],
            stdout=subprocess.DEVNULL,
        )
        assert wait_for_port(self.port, seconds=A_MINUTE)

    def flush(self) -> None:
        """Forget every message."""
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def kill(self) -> None:
        """End it at once."""
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """End it and leave nothing."""
        self.kill()
        shutil.rmtree(self.place, ignore_errors=True)
