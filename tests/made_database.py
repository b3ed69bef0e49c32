"""The database of the tests: migrated once for a state of the code, then copied by every process that tests.

Migrating takes seconds of a processor, and a run of the checks has a dozen processes that ask a database. `migrate`
still runs on each copy, and would do what is left to do. After a test that committed, the database is made again what
it was: also with the rows that migrations write, whatever ran before.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import hashlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.backends.base.creation import BaseDatabaseCreation
from django.test import TransactionTestCase

from campaigns.core import kept_opt_outs

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "var" / "tests" / "made"
PREFIX = "tests_made_"


@functools.cache
def state_of_the_code() -> str:
    """Return a digest of all that migrating runs: the product, the settings of the tests, and what is installed."""
    digest = hashlib.sha256(f"{sys.version} {sqlite3.sqlite_version}".encode())
    sources = [path for room in ("callcenter", "campaigns", "providers") for path in (ROOT / room).rglob("*.py")]
    for path in [*sorted(sources), ROOT / "tests" / "settings.py", ROOT / "tests" / "migrated.py", ROOT / "uv.lock"]:
        digest.update(f"\0{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def alone(kind: str) -> Iterator[None]:
    """Context manager: no other process makes a database of this kind meanwhile."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{kind}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> Iterator[None]:
    """Begin a test database as a copy of the one that is kept, or keep what the first process makes."""
    made = _Sqlite() if connection.vendor == "sqlite" else _Postgres()
    create = BaseDatabaseCreation.create_test_db

    def created(self: BaseDatabaseCreation, *arguments: Any, **options: Any) -> str:
        with alone(connection.vendor):
            if is_kept := made.is_kept():
                made.begin_as_copy(self)
            name = create(self, *arguments, **options)
            if not is_kept:
                made.keep()
        made.begin()
        know_what_never_changes()
        return name

    def undone(_self: TransactionTestCase) -> None:
        made.restore()
        know_what_never_changes()

    with (
        mock.patch.object(BaseDatabaseCreation, "create_test_db", created),
        mock.patch.object(TransactionTestCase, "_fixture_teardown", undone),
    ):
        yield
    made.close()


def know_what_never_changes() -> None:
    """Read what a process reads once: statements are counted, and the first test of a process would count more."""
    kept_opt_outs.key()
    ContentType.objects.clear_cache()
    ContentType.objects.get_for_models(*apps.get_models())


class _Sqlite:
    """A file, whose pages are copied into the memory of a process."""

    def __init__(self) -> None:
        self._path = FOLDER / f"{state_of_the_code()}.sqlite3"
        self._held: sqlite3.Connection | None = None

    def is_kept(self) -> bool:
        return self._path.exists()

    def begin_as_copy(self, creation: Any) -> None:
        # A database in memory lives as long as somebody is connected to it.
        self._held = sqlite3.connect(creation._get_test_db_name(), uri=True, check_same_thread=False)
        with contextlib.closing(sqlite3.connect(self._path)) as kept:
            kept.backup(self._held)

    def keep(self) -> None:
        for old in FOLDER.glob("*.sqlite3*"):
            old.unlink()
        making = self._path.with_suffix(f".sqlite3-{os.getpid()}")
        connection.ensure_connection()
        with contextlib.closing(sqlite3.connect(making)) as kept:
            connection.connection.backup(kept)
        making.rename(self._path)

    def begin(self) -> None:
        """Nothing is to be remembered: the file has it all."""

    def restore(self) -> None:
        connection.ensure_connection()
        with contextlib.closing(sqlite3.connect(self._path)) as kept:
            kept.backup(connection.connection, progress=_Patience())

    def close(self) -> None:
        if self._held is not None:
            self._held.close()


class _Patience:
    """Ends a copy into a database that somebody keeps locked: SQLite would try for ever, each quarter of a second."""

    def __init__(self, tries: int = 240) -> None:
        self._left = tries

    def __call__(self, _status: int, _remaining: int, _total: int) -> None:
        self._left -= 1
        assert self._left, "the test left something that still locks the database"


class _Postgres:
    """A database beside the others of the server, which PostgreSQL copies as a template."""

    def __init__(self) -> None:
        self._name = PREFIX + state_of_the_code()

    def is_kept(self) -> bool:
        with connection._nodb_cursor() as server:
            server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [self._name])
            return server.fetchone() is not None

    def begin_as_copy(self, creation: Any) -> None:
        creation.connection.settings_dict["TEST"]["TEMPLATE"] = self._name

    def keep(self) -> None:
        source = settings.DATABASES["default"]["NAME"]
        # A template that somebody is connected to cannot be copied.
        connection.close()
        with connection._nodb_cursor() as server:
            server.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
            for (old,) in server.fetchall():
                server.execute(f'DROP DATABASE IF EXISTS "{old}"')
            server.execute(f'CREATE DATABASE "{self._name}" TEMPLATE "{source}"')
        connection.ensure_connection()

    def begin(self) -> None:
        """Remember the rows that migrations write, of the tables that have any."""
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA begun")
            for table in self._filled(cursor):
                cursor.execute(f'CREATE TABLE begun."{table}" AS TABLE public."{table}"')

    def restore(self) -> None:
        """Empty what was filled, and put back what is not as it was."""
        with transaction.atomic(), connection.cursor() as cursor:
            # No triggers, and no order among tables; until the end of this transaction.
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'begun'")
            begun = {table for (table,) in cursor.fetchall()}
            changed = self._filled(cursor) - begun
            for table in changed | {table for table in begun if self._is_changed(cursor, table)}:
                cursor.execute(f'DELETE FROM public."{table}"')
                if table in begun:
                    cursor.execute(
                        f'INSERT INTO public."{table}" OVERRIDING SYSTEM VALUE SELECT * FROM begun."{table}"'
                    )

    def _filled(self, cursor: Any) -> set[str]:
        """Return the tables that have rows."""
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        asked = [f"SELECT '{table}' WHERE EXISTS (SELECT FROM public.\"{table}\")" for (table,) in cursor.fetchall()]
        cursor.execute(" UNION ALL ".join(asked))
        return {table for (table,) in cursor.fetchall()}

    def _is_changed(self, cursor: Any, table: str) -> bool:
        one, other = f'TABLE public."{table}"', f'TABLE begun."{table}"'
        cursor.execute(f"SELECT EXISTS (({one} EXCEPT ALL {other}) UNION ALL ({other} EXCEPT ALL {one}))")
        return bool(cursor.fetchone()[0])

    def close(self) -> None:
        """Leave it: the next stage is made from it, and the next state of the code drops it."""
