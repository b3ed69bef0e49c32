"""Rows of a query in batches of columns, as the database's driver gives them, without an object or a dict a row.

Django converts each value of each row by itself, which takes longer than everything else about a file of a million
rows. Here a value is converted when somebody asks for it, and a column at a time. Moments and UUIDs are read as the
database's text, which is what a file needs; as a value they are what Django gives.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property, partial
from typing import Any

from django.db import connections, models
from django.db.models.functions import Cast

Convert = Callable[[Any], Any]
SIZE = 1_000
"""Rows of a batch."""


class Batch:
    """Rows of a query: `raw` gives a column as the driver does, `values` as Django does, `rows` all of it by row."""

    def __init__(self, rows: Sequence[Sequence[Any]], converters: dict[str, Convert | None]) -> None:
        self._converters = converters
        self._raw = dict(zip(converters, zip(*rows, strict=True), strict=True))
        self.kept: dict[str, Any] = {}
        """What several columns make of the batch together."""
        self.size = len(rows)

    def raw(self, name: str) -> Sequence[Any]:
        """Return a column as the driver gives it; moments and UUIDs as the database's text."""
        return self._raw[name]

    def converter(self, name: str) -> Convert | None:
        """Return what makes Django's value of the driver's; None where they are the same."""
        return self._converters[name]

    def values(self, name: str) -> Sequence[Any]:
        """Return a column as Django gives it."""
        convert, column = self._converters[name], self._raw[name]
        return column if convert is None else [None if value is None else convert(value) for value in column]

    def in_order(self, keys: Sequence[Any]) -> Batch:
        """Return the rows in the order of these primary keys; one that is not there is left out."""
        places = {key: at for at, key in enumerate(self.raw("pk"))}
        wanted = [places[key] for key in keys if key in places]
        return Batch([[column[at] for column in self._raw.values()] for at in wanted], self._converters)

    def row(self, at: int, names: Iterable[str]) -> dict[str, Any]:
        """Return some columns of one row as Django gives them."""
        found = {}
        for name in names:
            value, convert = self._raw[name][at], self._converters[name]
            found[name] = value if value is None or convert is None else convert(value)
        return found

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """All rows as Django's `values()` gives them; what is put into one stays there."""
        names = list(self._raw)
        columns = [self.values(name) for name in names]
        return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def batches_of(found: models.QuerySet[Any], names: Sequence[str]) -> Iterator[Batch]:
    """Yield the rows of a query with the fields of these names (`__` for relations), in constant memory.

    On PostgreSQL they come through a cursor of the server.
    """
    in_text = {name: own for name in names if (own := _of_text(_field(found.model, name))) is not None}
    plain = [name for name in names if name not in in_text]
    converters: dict[str, Convert | None] = {**dict.fromkeys(plain), **in_text}
    texts = {f"text_{place}": Cast(name, models.TextField()) for place, name in enumerate(in_text)}
    compiler = found.annotate(**texts).values_list(*plain, *texts).query.get_compiler(found.db)
    chunks = compiler.execute_sql(chunked_fetch=True, chunk_size=SIZE)
    selected = [expression for expression, _sql, _alias in compiler.select[: compiler.col_count]]
    for place, (steps, expression) in compiler.get_converters(selected).items():
        if place < len(plain):
            converters[plain[place]] = partial(_converted, steps, expression, connections[found.db])
    for chunk in chunks or ():
        for start in range(0, len(chunk), SIZE):
            yield Batch(chunk[start : start + SIZE], converters)


def _field(model: type[models.Model], path: str) -> Any:
    """Return the field of a path such as `contact__name`."""
    *relations, name = path.split("__")
    for relation in relations:
        model = model._meta.get_field(relation).related_model  # type: ignore[assignment]
    return model._meta.pk if name == "pk" else model._meta.get_field(name)


def _of_text(field: Any) -> Convert | None:
    """Return what makes a value of a field's text in the database; None for a field that is read as it is."""
    return _OF_TEXT.get(field.get_internal_type())


def moment(text: str) -> datetime.datetime:
    """Return the moment of a database's text, such as `2026-05-05 08:30:00.25` (SQLite, in UTC) or with `+00`."""
    found = datetime.datetime.fromisoformat(text)
    return found.replace(tzinfo=datetime.UTC) if found.tzinfo is None else found


_OF_TEXT: dict[str, Convert] = {"DateTimeField": moment, "UUIDField": uuid.UUID}


def _converted(steps: Sequence[Any], expression: Any, connection: Any, value: Any) -> Any:
    for step in steps:
        value = step(value, expression, connection)
    return value
