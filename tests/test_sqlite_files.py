"""The files of an SQLite database: a log that is another state's is found before anything opens both."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from callcenter import sqlite_files
from campaigns import worker_life
from campaigns.checks import database_files_fit
from campaigns.tracking import restore_guard


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "calls.sqlite3"


@pytest.fixture
def writer(path: Path) -> Iterator[sqlite3.Connection]:
    """A process that writes and goes on running."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE call (id INTEGER PRIMARY KEY, words TEXT)")
        write(connection, 200)
        yield connection


def write(connection: sqlite3.Connection, rows: int) -> None:
    """Write as the product does: the count goes up now and then, with what else is written."""
    for row in range(rows):
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO call (words) VALUES (?)", ["x" * 900])
        if row % 7 == 3:
            count = connection.execute("PRAGMA user_version").fetchone()[0]
            connection.execute(f"PRAGMA user_version = {count + 1}")
        connection.execute("COMMIT")


def copy(path: Path, place: Path, *endings: str) -> Path:
    place.mkdir()
    for ending in ("", *endings):
        shutil.copy(f"{path}{ending}", place / f"{path.name}{ending}")
    return place / path.name


def test_an_older_copy_beside_a_newer_log_is_found(path: Path, writer: sqlite3.Connection, tmp_path: Path) -> None:
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    older = copy(path, tmp_path / "backup")
    write(writer, 500)
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    write(writer, 50)
    killed = copy(path, tmp_path / "killed", "-wal")
    assert sqlite_files.misfit(killed) == ""
    shutil.copy(older, killed)
    assert "calls.sqlite3-wal does not belong to calls.sqlite3" in sqlite_files.misfit(killed)
    killed.with_name("calls.sqlite3-wal").unlink()
    assert sqlite_files.misfit(killed) == ""


def test_a_newer_copy_beside_an_older_log_is_found(path: Path, writer: sqlite3.Connection, tmp_path: Path) -> None:
    write(writer, 50)
    older = copy(path, tmp_path / "older", "-wal")
    write(writer, 500)
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, older)
    assert sqlite_files.misfit(older)


@pytest.mark.parametrize("seed", range(3))
def test_a_database_in_use_always_fits(path: Path, writer: sqlite3.Connection, seed: int) -> None:
    """Whatever is written, read beside it, or written back halfway: at no moment is a sound pair called unsound."""
    chance = random.Random(seed)
    writer.execute("PRAGMA wal_autocheckpoint=40")
    reader: sqlite3.Connection | None = None
    for _step in range(600):
        match chance.randrange(8):
            case 0:
                writer.execute("DELETE FROM call WHERE id % 7 = ?", (chance.randrange(7),))
            case 1 if reader is None:
                reader = sqlite3.connect(path, isolation_level=None)
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM call").fetchone()
            case 1 | 2 if reader is not None:
                reader.close()
                reader = None
            case 2:
                writer.execute(f"PRAGMA wal_checkpoint({chance.choice(['PASSIVE', 'RESTART', 'TRUNCATE'])})")
            case 3 if chance.random() < 0.1 and reader is None:
                writer.execute("VACUUM")
            case _:
                write(writer, chance.randrange(1, 20))
        assert sqlite_files._fits(path)
    if reader:
        reader.close()


@pytest.mark.django_db(transaction=True)
def test_the_restore_guard_counts_up(settings: Settings, tmp_path: Path) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has such a file")
    settings.VAR_DIR = tmp_path
    before = count()
    restore_guard.watch()
    restore_guard.watch()
    assert count() == before + 2


def count() -> int:
    with connection.cursor() as cursor:
        return int(cursor.execute("PRAGMA user_version").fetchone()[0])


def test_what_is_no_log_is_left_alone(path: Path, writer: sqlite3.Connection) -> None:
    wal = path.with_name("calls.sqlite3-wal")
    writer.close()
    for content in (b"", b"rubbish", b"\0" * 5000):
        wal.write_bytes(content)
        assert sqlite_files.misfit(path) == ""
    assert sqlite_files.misfit(path.with_name("nothing.sqlite3")) == ""


def test_damage_is_found_in_the_pages(path: Path, writer: sqlite3.Connection) -> None:
    write(writer, 500)
    writer.close()
    assert sqlite_files.damage(path) == ""
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 4096)
    assert "is damaged" in sqlite_files.damage(path)


def test_an_orderly_end_leaves_no_log(path: Path, tmp_path: Path) -> None:
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "c.execute('PRAGMA journal_mode=WAL'); c.execute('CREATE TABLE call (id)'); os._exit(1)"
    )
    subprocess.run([sys.executable, "-c", script, str(path)])
    assert path.with_name("calls.sqlite3-wal").stat().st_size
    assert sqlite_files.finish(path)
    assert [found.name for found in tmp_path.iterdir()] == ["calls.sqlite3"]


def test_nothing_starts_on_a_pair_that_does_not_fit(
    path: Path, writer: sqlite3.Connection, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(writer, 50)
    older = copy(path, tmp_path / "older", "-wal")
    write(writer, 500)
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy(path, older)
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "django.db.backends.sqlite3", "NAME": str(older)})
    (found,) = database_files_fit()
    assert found.id == "campaigns.E005"
    assert found.msg == worker_life.refusal() == sqlite_files.misfit(older)


def test_no_worker_starts_on_a_damaged_database(
    path: Path, writer: sqlite3.Connection, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(settings.DATABASES, "default", {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path)})
    assert worker_life.refusal() == ""
    write(writer, 500)
    writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    writer.close()
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(b"\xff" * 4096)
    assert "Put a backup back" in worker_life.refusal()


@pytest.mark.parametrize("name", [":memory:", "file:x?mode=memory&cache=shared"])
def test_only_files_are_looked_at(name: str) -> None:
    assert sqlite_files.file_of({"ENGINE": "django.db.backends.sqlite3", "NAME": name}) is None
    assert sqlite_files.file_of({"ENGINE": "django.db.backends.postgresql", "NAME": "calls"}) is None
