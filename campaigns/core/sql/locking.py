"""Row locks by prepared SQL: SELECT ... FOR NO KEY UPDATE, built once because the dispatcher runs it constantly.

NO KEY UPDATE does not block inserts that refer to the row by a foreign key. A plain FOR UPDATE would deadlock: a poller
that inserts a retry refers to the provider and campaign that a commit point has locked, while it holds a lock that
the commit point waits for. On SQLite no lock is taken: a write transaction already excludes every other writer.
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
    """Lock rows in order of id until the transaction ends; returns instances by id, with only these columns loaded."""
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
    """Return the function that converts a stored value to the field's Python value; None where none is needed."""
    column = field.cached_col
    turns = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
    if not turns:
        return None

    def turn(value: Any) -> Any:
        for one in turns:
            value = one(value, column, connection)
        return value

    return turn
