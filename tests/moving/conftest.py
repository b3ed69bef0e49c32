"""A filled SQLite file, and PostgreSQL databases to move it into.

What needs PostgreSQL runs in `make upgrades` where TEST_DATABASE_URL names one, as under `.ci/services`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.conf import settings
from django.db import models
from pytest_django import DjangoDbBlocker

from callcenter.audit import at_the_server
from callcenter.moving import move
from callcenter.moving.databases import TARGET, opened
from callcenter.moving.tables import tables_to_move
from providers.fields import SealedSecrets
from tests.migrated import ROOT, copy_postgres, copy_sqlite

SERVER = os.environ.get("TEST_DATABASE_URL", "")


def on_postgres(test: Callable[..., None]) -> Any:
    """Mark a test that moves a whole database."""
    return pytest.mark.upgrades(pytest.mark.skipif(not SERVER, reason="TEST_DATABASE_URL names no PostgreSQL")(test))


def environment(folder: Path, database_url: str = "") -> dict[str, str]:
    """Return the environment of an installation; what is not named here the tests' settings have set."""
    return {
        "DJANGO_SETTINGS_MODULE": "callcenter.settings",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
    }


def run(folder: Path, *arguments: str) -> str:
    """Run a command of the installation and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment(folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with a history and with rows in every table."""
    folder = tmp_path_factory.mktemp("filled")
    copy_sqlite(environment(folder))
    run(folder, "make_history", "--contacts", "200", "--calls", "400")
    fill = "from tests.filled import fill_every_table; assert fill_every_table() == []"
    run(folder, "shell", "-v0", "-c", fill)
    return folder / "callcenter.sqlite3"


@pytest.fixture
def source(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the filled file, in a VAR_DIR of its own."""
    for name, value in environment(tmp_path).items():
        # For the process that migrates the target.
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path)
    return Path(shutil.copy(filled, tmp_path))


@pytest.fixture
def without_rows(tmp_path: Path) -> Path:
    """A migrated file."""
    copy_sqlite(environment(tmp_path))
    return tmp_path / "callcenter.sqlite3"


@pytest.fixture
def make_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Make PostgreSQL databases, migrated or empty, and drop them afterwards."""
    import psycopg

    made = []

    def make(*, is_migrated: bool = True) -> str:
        name = f"moving_{uuid.uuid4().hex[:12]}"
        url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
        made.append(name)
        if is_migrated:
            copy_postgres(environment(tmp_path_factory.mktemp("target"), url), SERVER)
        else:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return url

    yield make
    with psycopg.connect(SERVER, autocommit=True) as server:
        for name in made:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.fixture
def unblocked(django_db_blocker: DjangoDbBlocker, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a test ask databases of its own; that a command ran is not written into the one that all tests share."""
    monkeypatch.setattr(at_the_server, "record", lambda *_arguments, **_detail: None)
    with django_db_blocker.unblock():
        yield


def moved(source: Path, url: str) -> list[str]:
    """Move, and return the lines of progress."""
    told: list[str] = []
    move.move(source, url, told.append)
    return told


def ask(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return list(connection.execute(statement))


def rows_of(model: type[models.Model], alias: str) -> list[dict[str, Any]]:
    """Return all rows as the product reads them; what is encrypted as the text that is stored."""
    rows = model._base_manager.using(alias).order_by("pk").values()
    return [
        {name: value.token if isinstance(value, SealedSecrets) else value for name, value in row.items()}
        for row in rows
    ]


def counted(url: str, source: Path) -> dict[str, int]:
    with opened(source, url):
        return {table.name: table.model._base_manager.using(TARGET).count() for table in tables_to_move()}
