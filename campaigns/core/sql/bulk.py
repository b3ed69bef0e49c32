"""Bulk INSERT and UPDATE in one statement, with different values for each row, on SQLite and PostgreSQL."""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from django.db import connection, models

COLUMN_TYPES = {
    "BigAutoField": "bigint",
    "BigIntegerField": "bigint",
    "ForeignKey": "bigint",
    "DateField": "date",
    "DateTimeField": "timestamptz",
    "DecimalField": "numeric",
    "FloatField": "double precision",
    "PositiveBigIntegerField": "bigint",
    "PositiveIntegerField": "integer",
    "PositiveSmallIntegerField": "smallint",
    "BooleanField": "boolean",
    "UUIDField": "uuid",
    "JSONField": "jsonb",
}
_AS_IT_IS = frozenset({"bigint", "integer", "smallint", "boolean", "double precision"})


def insert_rows(model: type[models.Model], columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows: one statement on PostgreSQL, one for every few hundred rows on SQLite.

    Columns that are left out must have a database default.
    """
    fields = _fields(model, tuple(columns))
    names = ", ".join(str(field.column) for field in fields)
    size = len(rows) if connection.vendor == "postgresql" else max(1, 2000 // len(fields))
    with connection.cursor() as cursor:
        for start in range(0, len(rows), size or 1):
            source, parameters = _source(tuple(map(_kind, fields)), fields, rows[start : start + size])
            cursor.execute(f"INSERT INTO {model._meta.db_table} ({names}) {source}", parameters)


def add_rows(model: type[models.Model], keys: Sequence[str], amount: str, rows: Sequence[Sequence[Any]]) -> None:
    """Add amounts to rows found by a unique key, and insert those that do not exist yet; one statement.

    Every row is the values of `keys` and the amount. Rows must be sorted, so that two that write the same ones wait for
    each other and do not block each other.
    """
    if not rows:
        return
    fields = _fields(model, (*keys, amount))
    *names, column = [str(field.column) for field in fields]
    source, parameters = _source(tuple(map(_kind, fields)), fields, rows)
    # SQLite needs the WHERE: without one it would take ON for the beginning of a join.
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {model._meta.db_table} ({', '.join(names)}, {column}) "  # noqa: S608
            f"SELECT * FROM ({source}) AS v WHERE true ON CONFLICT ({', '.join(names)}) "
            f"DO UPDATE SET {column} = {model._meta.db_table}.{column} + excluded.{column}",
            parameters,
        )


def update_rows(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    guard: str = "",
    same: Mapping[str, Any] | None = None,
) -> set[int]:
    """Set `columns` of each row to its own values; returns the ids that were really changed.

    Every row begins with the primary key; `same` are columns that get one value in all rows. `guard` is an SQL
    condition over `c` (the table) and `v` (the values), whose columns carry the fields' own column names: the compare
    of a compare-and-set. Constant text, never input.
    """
    return {row[0] for row in update_rows_returning(model, columns, rows, guard, same)}


def update_rows_returning(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Sequence[Any]],
    guard: str = "",
    same: Mapping[str, Any] | None = None,
    *,
    computed: Mapping[str, str] | None = None,
    returning: Sequence[str] = (),
    asking: str = "",
) -> list[Any]:
    """Like `update_rows`, but return the id and the columns `returning`, as stored, of the rows that changed.

    `computed` are columns and the SQL that gives them, over `c` and `v`: constant text, never input. So is `asking`: a
    question to other tables whose answer stands last in every row, and costs no statement of its own.
    """
    if not rows:
        return []
    key, fields = model._meta.pk, _fields(model, tuple(columns))
    names = ["id", *(str(field.column) for field in fields)]
    source, parameters = _source(("bigint", *map(_kind, fields)), (cast("Any", key), *fields), rows)
    settings, constants = _same(model, same or {})
    settings = [*(f"{name} = v.{name}" for name in names[1:]), *settings]
    settings += [f"{name} = {expression}" for name, expression in (computed or {}).items()]
    condition = f" AND ({guard})" if guard else ""
    statement = (
        f"WITH v ({', '.join(names)}) AS ({source}) "  # noqa: S608
        f"UPDATE {model._meta.db_table} AS c SET {', '.join(settings)} FROM v WHERE c.id = v.id{condition} "
        f"RETURNING {_returned(returning, asking)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*parameters, *constants])
        return list(cursor.fetchall())


def set_rows(model: type[models.Model], ids: Collection[int], same: Mapping[str, Any], guard: str = "") -> set[int]:
    """Set columns of many rows to the same values, under the same kind of `guard`; returns the ids really changed."""
    return {row[0] for row in set_rows_returning(model, ids, same, guard)}


def set_rows_returning(
    model: type[models.Model],
    ids: Collection[int],
    same: Mapping[str, Any],
    guard: str = "",
    *,
    returning: Sequence[str] = (),
    asking: str = "",
) -> list[Any]:
    """Like `set_rows`, but return the id, the columns `returning`, as stored, and the answer to `asking`."""
    if not ids:
        return []
    settings, constants = _same(model, same)
    those, parameters = among("c.id", ids, "bigint")
    condition = f" AND ({guard})" if guard else ""
    statement = (
        f"UPDATE {model._meta.db_table} AS c SET {', '.join(settings)} "  # noqa: S608
        f"WHERE {those}{condition} RETURNING {_returned(returning, asking)}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*constants, *parameters])
        return list(cursor.fetchall())


def lease_text(token: UUID) -> str:
    """Return a lease token in the text form in which the database stores it."""
    return token.hex if connection.vendor == "sqlite" else str(token)


def among(column: str, values: Collection[Any], kind: str = "text") -> tuple[str, list[Any]]:
    """Return the SQL condition that a column is one of the values, and its parameters; values must hold no comma.

    On PostgreSQL the values are sent as one string: psycopg needs longer to adapt a list than the server to search it.
    """
    if connection.vendor == "postgresql":
        cast_to = f"::{kind}[]" if kind != "text" else ""
        return f"{column} = ANY (string_to_array(%s, ','){cast_to})", [",".join(map(str, values))]
    return f"{column} IN ({', '.join(['%s'] * len(values))})", list(values)


def literals(words: Collection[str]) -> str:
    """Return constant words as SQL literals: SQLite uses a partial index only for literals, not for parameters."""
    return ", ".join(f"'{word}'" for word in sorted(map(str, words)))


@lru_cache(maxsize=200)
def _fields(model: type[models.Model], columns: tuple[str, ...]) -> tuple[models.Field[Any, Any], ...]:
    return tuple(cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in columns)


@lru_cache(maxsize=200)
def _kind(field: models.Field[Any, Any]) -> str:
    return COLUMN_TYPES.get(field.get_internal_type(), "text")


def _returned(columns: Sequence[str], asking: str) -> str:
    # SQLite knows no table alias in RETURNING; PostgreSQL would find `id` in both.
    alias = "c." if connection.vendor == "postgresql" else ""
    return ", ".join([*(f"{alias}{name}" for name in ("id", *columns)), *([asking] if asking else [])])


def _same(model: type[models.Model], same: Mapping[str, Any]) -> tuple[list[str], list[Any]]:
    fields = _fields(model, tuple(same))
    values = [field.get_db_prep_save(value, connection) for field, value in zip(fields, same.values(), strict=True)]
    return [f"{field.column} = %s" for field in fields], values


def _source(
    kinds: tuple[str, ...], fields: Sequence[models.Field[Any, Any]], rows: Sequence[Sequence[Any]]
) -> tuple[str, list[Any]]:
    """Return the SQL source of rows `v` and its parameters; on PostgreSQL one JSON text, which is faster to send."""
    if connection.vendor == "postgresql":
        return _json_source(kinds), [json.dumps(rows, default=_plain)]
    one = "(" + ", ".join(["%s"] * len(kinds)) + ")"
    columns = [
        _prepared(kind, field, column)
        for kind, field, column in zip(kinds, fields, zip(*rows, strict=True), strict=True)
    ]
    return f"VALUES {', '.join([one] * len(rows))}", [value for row in zip(*columns, strict=True) for value in row]


@lru_cache(maxsize=200)
def _json_source(kinds: tuple[str, ...]) -> str:
    taken = [
        f"NULLIF(r -> {number}, 'null'::jsonb)"
        if kind == "jsonb"
        else f"r ->> {number}"
        if kind == "text"
        else f"(r ->> {number})::{kind}"
        for number, kind in enumerate(kinds)
    ]
    return f"SELECT {', '.join(taken)} FROM jsonb_array_elements(%s::jsonb) AS r"  # noqa: S608


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def _prepared(kind: str, field: models.Field[Any, Any], values: Sequence[Any]) -> Sequence[Any]:
    """Return values converted for SQLite; a value that is in many rows is converted only once."""
    if kind in _AS_IT_IS:
        return values
    if kind == "text":
        return [value if value is None or type(value) is str else str(value) for value in values]
    turn: Callable[[Any, Any], Any] = field.get_db_prep_save
    known: dict[int, Any] = {}
    prepared = []
    for value in values:
        # By identity: a dict has no hash, and equal values of different types are not the same.
        if id(value) not in known:
            known[id(value)] = turn(value, connection)
        prepared.append(known[id(value)])
    return prepared
