"""Insertion of thousands of rows at once, without those whose unique values are in the table already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, models


def insert_new(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], same: Mapping[str, Any]
) -> list[int]:
    """Insert rows, in their order, but those that a unique constraint forbids; returns the ids of those that are new.

    `columns` and the keys of `same` are names of database columns; `same` are those that have one value in all rows.
    Values are what the driver takes: JSON as text, moments by `adapt_datetimefield_value`. Columns that are named in
    neither must have a database default.

    The rows come into a temporary table and are merged from there by one statement. On SQLite a trigger that writes
    into a full-text index flushes it at the end of each statement, which costs five times as much as a row.
    """
    if not rows:
        return []
    table = model._meta.db_table
    is_postgresql = connection.vendor == "postgresql"
    given = "".join([", %s"] * len(same))
    with connection.cursor() as cursor:
        held = (_put_on_postgresql if is_postgresql else _put_on_sqlite)(cursor, table, columns, rows)
        # SQLite needs the WHERE: without one it would take ON for the beginning of a join.
        cursor.execute(
            f"INSERT INTO {table} ({', '.join([*columns, *same])}) SELECT {held}.*{given} FROM {held} "  # noqa: S608
            "WHERE true ON CONFLICT DO NOTHING RETURNING id",
            list(same.values()),
        )
        made = [pk for (pk,) in cursor.fetchall()]
        cursor.execute(f"{'DROP TABLE' if is_postgresql else 'DELETE FROM'} {held}")
    return made


def _put_on_postgresql(cursor: Any, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Copy rows into a table that ends with the transaction, unless it is dropped before."""
    listed = ", ".join(columns)
    # The temporary table has the types of the real one, so that every value is checked as it is copied.
    cursor.execute(f"CREATE TEMPORARY TABLE new_rows ON COMMIT DROP AS SELECT {listed} FROM {table} WITH NO DATA")  # noqa: S608
    with cursor.copy(f"COPY new_rows ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    return "new_rows"


def _put_on_sqlite(cursor: Any, _table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Put rows into a table of this connection; it stays, for a new one would have every statement prepared anew."""
    # Without types: the real table gives the values its own.
    held, names = f"new_rows_{len(columns)}", ", ".join(f"c{place}" for place in range(len(columns)))
    cursor.execute(f"CREATE TEMPORARY TABLE IF NOT EXISTS {held} ({names})")
    cursor.executemany(f"INSERT INTO {held} VALUES ({', '.join(['%s'] * len(columns))})", rows)  # noqa: S608
    return held
