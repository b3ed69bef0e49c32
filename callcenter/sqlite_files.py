"""The files of an SQLite database: whether its write-ahead log belongs to it, whether it is whole, and its last write.

SQLite replays whatever `-wal` lies beside a database, also one of another state of it: an older copy put back beside a
newer log is mixed with it, page by page. So before the database is opened the log is compared with it: `count_up`
raises the user version in page 1 by one, again and again, so the log's copies of page 1 must go on from the database's
(https://www.sqlite.org/fileformat2.html, 1.3 and 4.1).
"""

from __future__ import annotations

import contextlib
import logging
import sqlite3
import struct
import time
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger(__name__)

WAL_MAGIC = (0x377F0682, 0x377F0683)
WAL_HEADER, FRAME_HEADER = 32, 24
COUNTER_AT = 60
"""Offset of the user version in page 1."""
MOST_COUNT = 2**31 - 1
LOOKS, PAUSE = 4, 0.1
"""A log that does not fit is looked at again: a process that writes may have begun it anew in between."""
MISFIT = (
    "The file {name}-wal does not belong to {name}: an older copy of the database was put back beside a newer log, and"
    " opening them together would mix the two. Nothing was opened. Put both back from one state, or the copy alone"
    " without -wal and -shm; `manage.py restore FILE` does that by itself."
)
BROKEN = (
    "The database {name} is damaged ({what}). Nothing is dialled from it. Put a backup back: manage.py restore FILE"
)


def file_of(database: dict[str, Any]) -> Path | None:
    """Return the file of a database of the settings; None where it is no SQLite file."""
    name = str(database["NAME"])
    if not database["ENGINE"].endswith("sqlite3") or ":memory:" in name or name.startswith("file:"):
        return None
    return Path(name)


def misfit(path: Path) -> str:
    """Return a sentence if a write-ahead log lies there that is not the database's, else an empty text.

    Opens nothing, so it may run before the first connection.
    """
    for look in range(LOOKS):
        if look:
            time.sleep(PAUSE)
        if _fits(path):
            return ""
    return MISFIT.format(name=path.name)


def _fits(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            file.seek(COUNTER_AT)
            counter = file.read(4)
        counters = _counters(path.with_name(path.name + "-wal"))
    except FileNotFoundError:
        return True
    if len(counter) < 4 or not counters:
        return True
    stands = int.from_bytes(counter, "big")
    # The first copy goes on from the database's count; those already written back to the database have raised it.
    return counters[0] - 1 <= stands <= max(counters)


def _counters(wal: Path) -> list[int]:
    """Return the counts in the log's copies of page 1, oldest first; only frames of its present run count."""
    found: list[int] = []
    with wal.open("rb") as file:
        header = file.read(WAL_HEADER)
        if len(header) < WAL_HEADER:
            return found
        magic, _version, size, _sequence, *salts = struct.unpack(">6I", header[:24])
        if magic not in WAL_MAGIC:
            return found
        while len(frame := file.read(FRAME_HEADER)) == FRAME_HEADER:
            page, _pages, *own = struct.unpack(">4I", frame[:16])
            if own != salts:
                break
            if page == 1:
                found.append(int.from_bytes(file.read(size)[COUNTER_AT : COUNTER_AT + 4], "big"))
            else:
                file.seek(size, 1)
    return found


def count_up(connection: BaseDatabaseWrapper) -> None:
    """Raise the count by which a log is told from another state's; within a transaction that writes, on SQLite."""
    with connection.cursor() as cursor:
        count = cursor.execute("PRAGMA user_version").fetchone()[0]
        cursor.execute(f"PRAGMA user_version = {int(count) % MOST_COUNT + 1}")


def damage(path: Path) -> str:
    """Return a sentence if SQLite's quick check finds damage, else an empty text. Reads every page, changes nothing."""
    if not path.exists():
        return ""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=20)) as connection:
            said = [str(row[0]) for row in connection.execute("PRAGMA quick_check(1)")]
    except sqlite3.DatabaseError as error:
        said = [str(error)]
    if said == ["ok"]:
        return ""
    return BROKEN.format(name=path.name, what=said[0].splitlines()[-1][:200] if said else "no answer")


def finish(path: Path) -> bool:
    """Write the log back into the database and empty it; returns False where another process keeps it in use.

    With no other process on the database, `-wal` and `-shm` are gone afterwards.
    """
    if not path.exists():
        return True
    try:
        with contextlib.closing(sqlite3.connect(path, timeout=5)) as connection:
            is_busy, _pages, _written = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        logger.warning("the database's log could not be written back: %s", error)
        return False
    return not is_busy
