"""Insertion of thousands of rows at once, without those whose unique values are in the table already."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from django.db import connection, models

MOST_ROWS = 250
"""Rows of one statement on SQLite: more are no faster, and 2,000 take 50 MB while they are read."""


def insert_new(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], same: Mapping[str, Any]
) -> None:
    """Insert rows, in their order, and leave out those that a unique constraint forbids.

    `columns` and the keys of `same` are names of database columns; `same` are those that have one value in all rows.
    Values are what the driver takes: JSON as text, moments by `adapt_datetimefield_value`. Columns that are named in
    neither must have a database default.

    On SQLite one statement inserts many rows: a trigger that writes into a full-text index flushes it at the end of
    each statement, which costs five times as much as the row. On PostgreSQL the rows are copied into a temporary table
    and merged from there.
    """
    if not rows:
        return
    names = (*columns, *same)
    if connection.vendor == "postgresql":
        _merge(model._meta.db_table, tuple(columns), names, rows, list(same.values()))
        return
    given = ", ".join(["%s"] * len(same))
    begin = (
        f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) "  # noqa: S608
        f"SELECT v.*{', ' if same else ''}{given} FROM (VALUES "
    )
    connection.ensure_connection()
    most = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    size = min(MOST_ROWS, (most - len(same)) // len(columns))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            some = rows[start : start + size]
            # SQLite needs the WHERE: without one it would take ON for the beginning of a join.
            cursor.execute(
                f"{begin}{_places(len(columns), len(some))}) AS v WHERE true ON CONFLICT DO NOTHING",
                [*same.values(), *itertools.chain.from_iterable(some)],
            )


@lru_cache(maxsize=8)
def _places(columns: int, rows: int) -> str:
    return ", ".join([f"({', '.join(['%s'] * columns)})"] * rows)


def _merge(
    table: str, columns: tuple[str, ...], names: tuple[str, ...], rows: Sequence[Sequence[Any]], same: list[Any]
) -> None:
    """Copy rows into a table that ends with the transaction, or is emptied here, and insert them from there."""
    listed = ", ".join(columns)
    given = "".join([", %s"] * len(same))
    with connection.cursor() as cursor:
        # The temporary table has the types of the real one, so that every value is checked as it is copied.
        cursor.execute(f"CREATE TEMPORARY TABLE new_rows ON COMMIT DROP AS SELECT {listed} FROM {table} WITH NO DATA")  # noqa: S608
        with cursor.copy(f"COPY new_rows ({listed}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) SELECT {listed}{given} FROM new_rows ON CONFLICT DO NOTHING",  # noqa: S608
            same,
        )
        cursor.execute("DROP TABLE new_rows")
