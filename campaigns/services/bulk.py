"""One UPDATE for many rows that each get values of their own; the same statement on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.db import connection, models

COLUMN_TYPES = {
    "BigAutoField": "bigint",
    "DateTimeField": "timestamptz",
    "DecimalField": "numeric",
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
    """Insert rows by one plain statement a thousand values; columns that are left out must have a database default."""
    fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in columns]
    one = "(" + ", ".join(["%s"] * len(fields)) + ")"
    names = ", ".join(str(field.column) for field in fields)
    size = max(1, 1000 // len(fields))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size):
            batch = rows[start : start + size]
            prepared = [
                prepare_column(field, column) for field, column in zip(fields, zip(*batch, strict=True), strict=True)
            ]
            cursor.execute(
                f"INSERT INTO {model._meta.db_table} ({names}) VALUES {', '.join([one] * len(batch))}",  # noqa: S608
                [value for row in zip(*prepared, strict=True) for value in row],
            )


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
    kinds = ["bigint", *(COLUMN_TYPES.get(field.get_internal_type(), "text") for field in fields)]
    on_postgres = connection.vendor == "postgresql"
    casts = [f"v.{name}::{kind}" if on_postgres else f"v.{name}" for name, kind in zip(names, kinds, strict=True)]
    one = "(" + ", ".join(["%s"] * len(names)) + ")"
    values = ", ".join([one] * len(rows))
    ids, *given = zip(*rows, strict=True)
    prepared = [prepare_column(field, column) for field, column in zip(fields, given, strict=True)]
    parameters = [value for row in zip(ids, *prepared, strict=True) for value in row]
    settings = ", ".join(f"{name} = {value}" for name, value in zip(names[1:], casts[1:], strict=True))
    condition = f" AND ({guard})" if guard else ""
    # SQLite knows no table alias in RETURNING; PostgreSQL would find `id` in both.
    returned = "c.id" if on_postgres else "id"
    statement = (
        f"WITH v ({', '.join(names)}) AS (VALUES {values}) "  # noqa: S608
        f"UPDATE {meta.db_table} AS c SET {settings} FROM v WHERE c.id = {casts[0]}{condition} RETURNING {returned}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return {row[0] for row in cursor.fetchall()}
