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
    parameters: list[Any] = []
    for row in rows:
        parameters.append(row[0])
        parameters.extend(
            field.get_db_prep_save(value, connection) for field, value in zip(fields, row[1:], strict=True)
        )
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
