"""The move as a whole: checks, migrations, copy, comparison, and the word that the old database has had its day."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import NamedTuple

from django.db import DatabaseError, OperationalError, connections, transaction
from django.utils.translation import gettext as _

from callcenter.audit.models import event_of, write
from callcenter.moving.comparing import compare_samples, compare_sums
from callcenter.moving.copying import Tell, copy_all, raw_reader
from callcenter.moving.databases import (
    SOURCE,
    TARGET,
    migrate_target,
    name_of_target,
    opened,
    refuse_filled_target,
    refuse_living,
)  # fmt: skip
from callcenter.moving.tables import Table, tables_to_move
from campaigns.core import stop_all
from campaigns.core.refusals import Refusal


class Moved(NamedTuple):
    """What a move came to."""

    tables: int
    rows: int
    compared: int
    """Rows that were compared value by value."""
    seconds: float
    target: str
    """The new database in words, without its password."""


def move(path: Path, url: str, tell: Tell) -> Moved:
    """Move everything from the SQLite file to the PostgreSQL database; raises Refusal with the next step.

    All rows arrive in one transaction of the target: a move that is broken off leaves an empty database there, and is
    begun anew by running it again. Nobody can write to the source meanwhile. At the end stop-all is pressed in the
    source, so that nothing is dialled from both.
    """
    began, tables = time.monotonic(), tables_to_move()
    with opened(path, url):
        refuse_living(SOURCE, "the SQLite database")
        refuse_filled_target(tables)
        tell(f"Preparing {name_of_target()} ...")
        migrate_target(url)
        refuse_living(TARGET, "the target")
        refuse_filled_target(tables)
        rows, compared = _move(path, tables, tell)
        _tidy_up(tables, tell)
        target = name_of_target()
    return Moved(len(tables), rows, compared, time.monotonic() - began, target)


def _move(path: Path, tables: list[Table], tell: Tell) -> tuple[int, int]:
    """Copy and compare, with the source locked against writers."""
    is_there = False
    try:
        with transaction.atomic(using=SOURCE), raw_reader(path) as reader:
            # A worker that began since then has left its heartbeat before the lock.
            refuse_living(SOURCE, "the SQLite database")
            with transaction.atomic(using=TARGET):
                samples = copy_all(reader, tables, tell)
                rows, compared = compare_sums(reader, tables), compare_samples(tables, samples)
                write(event_of(None, "database.moved", rows=rows), using=TARGET)
                stop_all.retire(SOURCE, _("This database was moved to PostgreSQL. Calls are placed from there."))
            is_there = True
    except (DatabaseError, sqlite3.Error, KeyboardInterrupt) as error:
        if is_there:
            raise Refusal(
                f"Everything was moved and compared, but stop-all could not be pressed in the SQLite file ({error})."
                " Set DATABASE_URL to the target before anything starts."
            ) from None
        if isinstance(error, OperationalError) and ("locked" in str(error) or "readonly" in str(error)):
            raise Refusal(
                f"The SQLite database cannot be locked for the move ({error}). Stop whatever writes to it, and run this"
                " as the user whom the file belongs to."
            ) from None
        raise _broken_off(error) from None
    return rows, compared


def _broken_off(error: BaseException) -> Refusal:
    said = str(error).strip().splitlines()
    return Refusal(f"The move was broken off: {said[0] if said else type(error).__name__}. The target is still empty.")


def _tidy_up(tables: list[Table], tell: Tell) -> None:
    """Bring PostgreSQL's statistics up to date, without which it plans its first searches badly."""
    began = time.monotonic()
    try:
        with connections[TARGET].cursor() as cursor:
            cursor.execute(f"VACUUM (ANALYZE) {', '.join(table.name for table in tables)}")
    except (DatabaseError, KeyboardInterrupt) as error:
        # The rows have arrived all the same, and PostgreSQL does this by itself in time.
        tell(f"The statistics are missing ({str(error).strip() or 'broken off'}): run VACUUM ANALYZE on the target.")
        return
    tell(f"          statistics in {time.monotonic() - began:.0f} s")
