"""Copies tables from SQLite into PostgreSQL by COPY, batch by batch, with the indexes made at the end."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from django.apps import apps
from django.core.management.color import no_style
from django.db import DatabaseError, connections

from callcenter.audit import triggers
from callcenter.moving.databases import TARGET
from callcenter.moving.tables import LEFT_BEHIND, Table
from campaigns.core.refusals import Refusal

BATCH = 5_000
"""Rows of one COPY."""
SAMPLES = 100
"""Rows of a table that are compared value by value afterwards."""
TELL_SECONDS = 5.0
FAILED = re.compile(r"^COPY \S+ line (\d+)(?:, column (\w+))?")

Tell = Callable[[str], object]
FOREIGN_KEYS = """
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND conrelid = ANY(%s::regclass[]) ORDER BY conname
"""
INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY(%s::regclass[]) AND indpred IS NULL
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY 1
"""
"""Without indexes of a part of the rows: those are small, and their condition would not read back word by word."""


@contextlib.contextmanager
def raw_reader(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for reading alone, without Django's conversions: values come as they are stored."""
    with contextlib.closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as reader:
        yield reader


def copy_all(reader: sqlite3.Connection, tables: Sequence[Table], tell: Tell) -> dict[str, list[Any]]:
    """Copy every table in the target's open transaction; returns keys of rows to compare, by table.

    What the migrations left in these tables is replaced. Foreign keys and indexes are set aside while rows arrive, and
    made again of their own definitions: that is several times as fast, and PostgreSQL then checks all of them.
    """
    with _set_aside(tables, tell), connections[TARGET].cursor() as cursor:
        cursor.execute("SET LOCAL TIME ZONE 'UTC'")
        # Tables whose rows stay behind point at some of these, and are empty as well.
        emptied = [*(table.name for table in tables), *(apps.get_model(one)._meta.db_table for one in LEFT_BEHIND)]
        with triggers.away(connections[TARGET]):
            cursor.execute("TRUNCATE " + ", ".join(f'"{name}"' for name in sorted(emptied)))
        samples = {table.name: _copy(reader, table, tell) for table in tables}
        for statement in connections[TARGET].ops.sequence_reset_sql(no_style(), [table.model for table in tables]):
            cursor.execute(statement)
    return samples


@contextlib.contextmanager
def _set_aside(tables: Sequence[Table], tell: Tell) -> Iterator[None]:
    """Drop the foreign keys and the plain indexes of these tables, and make them again at the end."""
    names = [table.name for table in tables]
    with connections[TARGET].cursor() as cursor:
        cursor.execute(FOREIGN_KEYS, [names])
        keys = cursor.fetchall()
        cursor.execute(INDEXES, [names])
        indexes = cursor.fetchall()
        for table, name, _definition in keys:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
    yield
    began = time.monotonic()
    with connections[TARGET].cursor() as cursor:
        for _name, definition in indexes:
            cursor.execute(definition)
        for table, name, definition in keys:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    tell(f"{len(indexes):>9,} indexes and {len(keys)} foreign keys in {time.monotonic() - began:.0f} s")


def _copy(reader: sqlite3.Connection, table: Table, tell: Tell) -> list[Any]:
    """Copy one table; returns the keys of rows at even distances."""
    ((total,),) = reader.execute(f'SELECT count(*) FROM "{table.name}"').fetchall()  # noqa: S608
    if not total:
        return []
    key, turns, step = table.key, table.turns(), max(1, total // SAMPLES)
    order = table.fields[key].column
    rows = reader.execute(f'SELECT {table.columns} FROM "{table.name}" ORDER BY "{order}"')  # noqa: S608
    done, samples = 0, []
    began = told_at = time.monotonic()
    while batch := rows.fetchmany(BATCH):
        samples += [row[key] for row in batch[-done % step :: step]]
        _copy_batch(table, [_turned(row, turns) for row in batch], key)
        done += len(batch)
        if time.monotonic() - told_at > TELL_SECONDS and done < total:
            told_at = time.monotonic()
            tell(f"{done:>9,} of {total:,} rows of {table.name}")
    seconds = max(time.monotonic() - began, 0.001)
    tell(f"{done:>9,} rows of {table.name} in {seconds:.1f} s")
    return samples


def _turned(row: Sequence[Any], turns: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    made = list(row)
    for place, turn in turns:
        if made[place] is not None:
            made[place] = turn(made[place])
    return made


def _copy_batch(table: Table, batch: Sequence[Sequence[Any]], key: int) -> None:
    """Write one batch; raises Refusal that names row and column, but not the value, where PostgreSQL takes it not."""
    connection = connections[TARGET]
    try:
        with (
            connection.wrap_database_errors,
            connection.cursor() as cursor,
            cast(Any, cursor.cursor).copy(f'COPY "{table.name}" ({table.columns}) FROM STDIN') as copy,
        ):
            for row in batch:
                copy.write_row(row)
    except DatabaseError as error:
        said = getattr(error.__cause__, "diag", None)
        where = FAILED.match(getattr(said, "context", None) or "")
        if where is None:
            raise
        row, column = batch[int(where[1]) - 1][key], where[2] or "one of its columns"
        why = re.sub(r':? *".*"', "", getattr(said, "message_primary", None) or "the value does not fit")
        raise Refusal(
            f"PostgreSQL does not take row {row} of {table.name}, {column}: {why}. Nothing was moved. Mend that row in"
            " the SQLite database, then run this again."
        ) from None
