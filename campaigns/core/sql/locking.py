"""Locks a few rows by a statement that is built once: the dialler asks for the same ones many times a second.

PostgreSQL's weaker lock, which no foreign key waits for: a poller that plans a retry refers to the very provider and
campaign that a commit point holds, and would wait for it with a lock in its hands that the commit point wants.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection, models

from campaigns.core.sql.bulk import among

Row = TypeVar("Row", bound=models.Model)
Turn = Callable[[Any], Any]


def lock_rows(model: type[Row], ids: Collection[int], columns: tuple[str, ...]) -> dict[int, Row]:
    """Return rows by id, with these fields only, locked in the order of their ids for the rest of the transaction."""
    if not ids:
        return {}
    names, select, turns = _columns(model, columns, connection.vendor)
    those, parameters = among("id", ids, "bigint")
    lock = " FOR NO KEY UPDATE" if connection.features.has_select_for_update else ""
    with connection.cursor() as cursor:
        cursor.execute(f"{select} WHERE {those} ORDER BY id{lock}", parameters)
        rows = cursor.fetchall()
    found = {}
    for row in rows:
        values = [turn(value) if turn else value for turn, value in zip(turns, row, strict=True)]
        found[row[0]] = model.from_db(connection.alias, names, values)
    return found


@lru_cache(maxsize=20)
def _columns(
    model: type[models.Model], columns: tuple[str, ...], _vendor: str
) -> tuple[list[str], str, list[Turn | None]]:
    wanted = {"id", *columns}
    # In the model's own order, as `from_db` takes them.
    fields: list[Any] = [field for field in model._meta.concrete_fields if field.name in wanted]
    select = f"SELECT {', '.join(str(field.column) for field in fields)} FROM {model._meta.db_table}"  # noqa: S608
    return [str(field.attname) for field in fields], select, [_turn(field) for field in fields]


def _turn(field: Any) -> Turn | None:
    """Return what makes a stored value of a field what the model holds; none where it is that already."""
    column = field.cached_col
    turns = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    if not turns:
        return None

    def turn(value: Any) -> Any:
        for one in turns:
            value = one(value, column, connection)
        return value

    return turn
