"""One UPDATE for many rows that each get values of their own; the same statement on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db import connection, models

COLUMN_TYPES = {
    "BigAutoField": "bigint",
    "ForeignKey": "bigint",
    "DateTimeField": "timestamptz",
    "DecimalField": "numeric",
    "PositiveBigIntegerField": "bigint",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "smallint",
    "BooleanField": "boolean",
    "UUIDField": "uuid",
    "JSONField": "jsonb",
}


def prepare_column(field: models.Field[Any, Any], values: Sequence[Any]) -> list[Any]:
    """Return values as the database takes them; what stands in many rows is turned only once."""
    known: dict[Any, Any] = {}
    prepared = []
    for value in values:
        # By identity: a dict has no hash, and equal values of different types are not the same.
        if id(value) not in known:
            known[id(value)] = field.get_db_prep_save(value, connection)
        prepared.append(known[id(value)])
    return prepared


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows by one plain statement for every few hundred; columns left out must have a database default."""
    fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in columns]
    names = ", ".join(str(field.column) for field in fields)
    size = max(1, 2000 // len(fields))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            given = zip(*rows[start : start + size], strict=True)
            prepared = [prepare_column(field, column) for field, column in zip(fields, given, strict=True)]
            source, parameters = _source([_kind(field) for field in fields], prepared)
            cursor.execute(f"INSERT INTO {model._meta.db_table} ({names}) {source}", parameters)


def update_rows(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]], guard: str = ""
) -> set[int]:
    """Set `columns` of each row to its own values; returns the ids that were really changed.

    Every row begins with the primary key. `guard` is an SQL condition over `c` (the table) and `v` (the values), whose
    columns carry the fields' own column names: the compare of a compare-and-set. Constant text, never input.
    """
    if not rows:
        return set()
    meta = model._meta
    fields = [cast("models.Field[Any, Any]", meta.get_field(name)) for name in columns]
    names = ["id", *(str(field.column) for field in fields)]
    ids, *given = zip(*rows, strict=True)
    prepared = [prepare_column(field, column) for field, column in zip(fields, given, strict=True)]
    source, parameters = _source(["bigint", *map(_kind, fields)], [list(ids), *prepared])
    settings = ", ".join(f"{name} = v.{name}" for name in names[1:])
    condition = f" AND ({guard})" if guard else ""
    # SQLite knows no table alias in RETURNING; PostgreSQL would find `id` in both.
    returned = "c.id" if connection.vendor == "postgresql" else "id"
    statement = (
        f"WITH v ({', '.join(names)}) AS ({source}) "  # noqa: S608
        f"UPDATE {meta.db_table} AS c SET {settings} FROM v WHERE c.id = v.id{condition} RETURNING {returned}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {row[0] for row in cursor.fetchall()}


def _kind(field: models.Field[Any, Any]) -> str:
    return COLUMN_TYPES.get(field.get_internal_type(), "text")


def _source(kinds: Sequence[str], columns: Sequence[list[Any]]) -> tuple[str, list[Any]]:
    """Return a row source and its parameters; on PostgreSQL one array a column, which is far shorter to write."""
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{kind}[]" for kind in kinds)
        # An array takes one type only: the words of our enumerations and plain ones are both text.
        typed = [
            [None if value is None else str(value) for value in column] if kind == "text" else column
            for kind, column in zip(kinds, columns, strict=True)
        ]
        return f"SELECT * FROM unnest({arrays})", typed  # noqa: S608
    one = "(" + ", ".join(["%s"] * len(kinds)) + ")"
    rows = len(columns[0])
    return f"VALUES {', '.join([one] * rows)}", [value for row in zip(*columns, strict=True) for value in row]
