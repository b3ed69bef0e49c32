"""A migrated database: made once a test run, copied for each installation, because migrating takes seconds."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

ROOT = Path(__file__).resolve().parent.parent
FIELD_KEYS = "FdVP2XibvoYy4lJ-re1-Q_PtH5kGyeC8e13todIX8N0="
"""Of every installation of a test run: migrating writes rows that are sealed with it."""


def shared_folder(factory: pytest.TempPathFactory) -> Path:
    """Return a folder that all processes of this test run share."""
    own = factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


def copy_sqlite(shared: Path, environment: Mapping[str, str]) -> None:
    """Put a migrated database into the VAR_DIR of an environment."""
    made, making = shared / "migrated", shared / "migrating"
    with _alone(shared):
        if not made.exists():
            making.mkdir(exist_ok=True)
            _migrate(environment, VAR_DIR=str(making))
            making.rename(made)
    shutil.copy(made / "callcenter.sqlite3", environment["VAR_DIR"])


def copy_postgres(shared: Path, environment: Mapping[str, str], server_url: str) -> None:
    """Make the database that the DATABASE_URL of an environment names, migrated, on a server."""
    import psycopg

    # One a run and a server, beside those of other runs.
    made = "migrated_" + hashlib.sha256(f"{shared} {server_url}".encode()).hexdigest()[:12]
    wanted = urlsplit(environment["DATABASE_URL"]).path.removeprefix("/")
    with _alone(shared), psycopg.connect(server_url, autocommit=True) as server:
        if not server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [made]).fetchone():
            making = f"{made}_making"
            server.execute(f'DROP DATABASE IF EXISTS "{making}"')  # type: ignore[arg-type]
            server.execute(f'CREATE DATABASE "{making}"')  # type: ignore[arg-type]
            _migrate(environment, DATABASE_URL=urlunsplit(urlsplit(server_url)._replace(path=f"/{making}")))
            server.execute(f'ALTER DATABASE "{making}" RENAME TO "{made}"')  # type: ignore[arg-type]
        server.execute(f'CREATE DATABASE "{wanted}" TEMPLATE "{made}"')  # type: ignore[arg-type]


@contextlib.contextmanager
def _alone(shared: Path) -> Iterator[None]:
    with (shared / "migrated.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _migrate(environment: Mapping[str, str], **changes: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--no-input", "-v0"],
        cwd=ROOT,
        env=os.environ | environment | changes,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
