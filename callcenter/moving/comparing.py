"""Compares both databases after a copy: numbers of rows, sums of every column, and rows value by value.

The sums are made by each engine of its own stored values, so they do not rest on the conversion that they check.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connections, models
from django.db.models.functions import Cast

from callcenter.moving.databases import SOURCE, TARGET
from callcenter.moving.tables import TEXTS, Table, clean, kind_of
from campaigns.core.refusals import Refusal

PRIME = 1_000_003
"""Numbers are added up by their remainder, so that no sum outgrows 64 bits."""
SUMS: dict[str, tuple[str, str]] = {
    "text": ("length(CAST({0} AS BLOB))", "octet_length({0})"),
    "integer": (f"{{0}} % {PRIME}", f"{{0}} % {PRIME}"),
    "boolean": ("{0}", "{0}::int"),
    "decimal": (
        f"CAST(round({{0}} * {{1}}) AS INTEGER) % {PRIME}",
        f"round({{0}} * {{1}})::bigint % {PRIME}",
    ),
    "datetime": (
        # Whole seconds, because SQLite rounds what is behind them.
        f"CAST(strftime('%s', substr({{0}}, 1, 19)) AS INTEGER) % {PRIME}",
        f"floor(extract(epoch FROM {{0}}))::bigint % {PRIME}",
    ),
}
"""What is added up of a column ({1}: units of its last decimal), in SQLite's words and in PostgreSQL's."""


def compare_sums(reader: sqlite3.Connection, tables: Sequence[Table]) -> int:
    """Compare numbers of rows and sums of every table, and return how many rows; raises Refusal at a difference."""
    rows = 0
    for table in tables:
        names, ours, theirs = _sums_of(table)
        (source,) = reader.execute(f'SELECT {", ".join(ours)} FROM "{table.name}"').fetchall()  # noqa: S608
        with connections[TARGET].cursor() as cursor:
            cursor.execute(f'SELECT {", ".join(theirs)} FROM "{table.name}"'.replace("%", "%%"), [])  # noqa: S608
            (target,) = cursor.fetchall()
        for name, there, here in zip(names, source, target, strict=True):
            if there != (None if here is None else int(here)):
                raise Refusal(f"{table.name}, {name}: {there} in SQLite, {here} in PostgreSQL. Nothing was moved.")
        rows += source[0]
    return rows


def compare_samples(tables: Sequence[Table], samples: Mapping[str, Sequence[Any]]) -> int:
    """Compare rows as the product reads them, and return how many; raises Refusal at a difference."""
    compared = 0
    for table in tables:
        keys = samples[table.name]
        source, target = (_read(table, keys, alias) for alias in (SOURCE, TARGET))
        for there, here in zip(source, target, strict=True):
            if (wanted := tuple(clean(value) for value in there)) != here:
                column = next(
                    field.column for field, a, b in zip(table.fields, wanted, here, strict=True) if a != b
                )  # fmt: skip
                raise Refusal(f"{table.name}, row {there[table.key]}: {column} differs. Nothing was moved.")
        compared += len(source)
    return compared


def _sums_of(table: Table) -> tuple[list[str], list[str], list[str]]:
    """Return what is compared of a table: its names, and the expressions for SQLite and PostgreSQL."""
    names, ours, theirs = ["rows"], ["count(*)"], ["count(*)"]
    for field in table.fields:
        column = f'"{field.column}"'
        names.append(f"values of {field.column}")
        ours.append(f"count({column})")
        theirs.append(f"count({column})")
        if sums := SUMS.get(_group_of(field)):
            units = 10 ** int(getattr(field, "decimal_places", 0))
            names.append(f"sum of {field.column}")
            ours.append(f"sum({sums[0].format(column, units)})")
            theirs.append(f"sum({sums[1].format(column, units)})")
    return names, ours, theirs


def _group_of(field: models.Field[Any, Any]) -> str:
    kind = kind_of(field)
    if kind in TEXTS:
        return "text"
    if kind.endswith(("IntegerField", "AutoField")):
        return "integer"
    return kind.removesuffix("Field").lower()


def _read(table: Table, keys: Sequence[Any], alias: str) -> list[tuple[Any, ...]]:
    """Return rows through Django's conversions; what a field decrypts is read as it is stored."""
    rows = table.model._base_manager.using(alias).filter(pk__in=keys).order_by("pk")
    stored: dict[str, Any] = {
        f"stored_{field.attname}": Cast(field.attname, models.TextField())
        for field in table.fields
        if _is_encrypted(field)
    }
    names = [f"stored_{field.attname}" if _is_encrypted(field) else field.attname for field in table.fields]
    return list(rows.annotate(**stored).values_list(*names))


def _is_encrypted(field: models.Field[Any, Any]) -> bool:
    """Tell whether reading a field converts text by itself, as encrypted ones do."""
    return isinstance(field, models.TextField) and hasattr(field, "from_db_value")
