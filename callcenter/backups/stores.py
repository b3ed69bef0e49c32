"""The database's way into a file and back: SQLite by VACUUM INTO, PostgreSQL by pg_dump's custom format."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, connections

from callcenter import sqlite_files
from callcenter.child_environment import plain_environment
from campaigns.core.refusals import Refusal

PART = {"sqlite": "database.sqlite3", "postgresql": "database.dump"}
"""The name of the database's part in a backup, by engine."""


def dump(folder: Path) -> Path:
    """Write one consistent state of the database into a file, while others may go on writing; raises Refusal."""
    target = folder / PART[connection.vendor]
    path = sqlite_files.file_of(settings.DATABASES["default"])
    if path is None:
        _run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--file={target}")
        return target
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as source:
            source.execute("VACUUM INTO ?", [str(target)])
    except sqlite3.Error as error:
        raise Refusal(f"The database could not be copied ({error}). Nothing was written.") from error
    if sentence := sqlite_files.damage(target):
        raise Refusal(f"{sentence} No backup was written.")
    return target


def put_back(part: Path, aside: Path) -> None:
    """Put a database in the place of the present one.

    An SQLite file, with its log, is moved to the folder `aside` first; PostgreSQL replaces all in one transaction, so
    that a failure changes nothing. Raises Refusal.
    """
    connections.close_all()
    path = sqlite_files.file_of(settings.DATABASES["default"])
    if path is None:
        _replace_tables(part)
        return
    if sentence := sqlite_files.damage(part):
        raise Refusal(f"The backup cannot be used. {sentence}")
    # The log first: beside the old database it would be needed, beside the new one it would be mixed with it.
    for ending in ("-wal", "-shm", ""):
        with contextlib.suppress(FileNotFoundError):
            shutil.move(f"{path}{ending}", aside / f"{path.name}{ending}")
    shutil.move(part, path)


def _replace_tables(part: Path) -> None:
    script = part.with_name("restore.sql")
    _run("pg_restore", "--clean", "--if-exists", "--no-owner", "--no-privileges", f"--file={script}", str(part))
    names = [connection.ops.quote_name(name) for name in connection.introspection.table_names()]
    connections.close_all()
    drop = part.with_name("drop.sql")
    drop.write_text("".join(f"DROP TABLE IF EXISTS {name} CASCADE;\n" for name in names))
    _run("psql", "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-o", os.devnull, "-f", str(drop), "-f", str(script))


def others_connected() -> int:
    """Return how many other connections PostgreSQL has to this database; 0 on SQLite, which does not tell."""
    if connection.vendor != "postgresql":
        return 0
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            return int(cursor.fetchone()[0])
    except DatabaseError:
        return 0


def _run(tool: str, *arguments: str) -> None:
    """Run one of PostgreSQL's tools on the database of the settings; the password goes by the environment."""
    found: dict[str, Any] = connection.settings_dict
    names = {"PGHOST": "HOST", "PGPORT": "PORT", "PGUSER": "USER", "PGPASSWORD": "PASSWORD", "PGDATABASE": "NAME"}
    given = {name: str(found[key]) for name, key in names.items() if found.get(key)}
    if mode := found.get("OPTIONS", {}).get("sslmode"):
        given["PGSSLMODE"] = str(mode)
    try:
        environment = plain_environment(given)
        done = subprocess.run([tool, *arguments], env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError as error:
        raise Refusal(f"{tool} is not installed. Install PostgreSQL's client of the server's version.") from error
    if done.returncode:
        said = (done.stderr.strip().splitlines() or ["it said nothing"])[0][:300]
        raise Refusal(f"{tool} failed: {said}")
