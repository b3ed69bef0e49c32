"""The values of a row as JSON, and the three-way join of what was shown, what was typed and what is stored now.

A row's version is these values themselves: only what its form edits is among them, so that nothing that a worker writes
moves it, and every other change does, whoever made it.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

State = dict[str, Any]
"""JSON values by column."""
Path = tuple[str, str | None]
"""A column, and for a column that is joined key by key, the key."""
UNKNOWN = object()
"""Stands for a value of which the page did not say what it was."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Which columns a form edits, and which of them are one thing."""

    columns: Sequence[str]
    by_key: frozenset[str] = frozenset()
    """Columns that hold a JSON object of which each key is a field of its own."""
    together: Sequence[Sequence[str]] = ()
    """Columns that mean something only together, such as a price and its currency; the first gives the name."""

    def parts(self, *states: Mapping[str, Any]) -> dict[str, list[Path]]:
        """Return by name the parts that are joined each for itself; `states` tell the keys."""
        groups = [tuple(group) for group in self.together]
        grouped = {column for group in groups for column in group}
        found: dict[str, list[Path]] = {}
        for group in (*groups, *((column,) for column in self.columns if column not in grouped)):
            if not set(group) <= self.by_key:
                found[group[0]] = [(column, None) for column in group]
                continue
            keys = dict.fromkeys(key for state in states for column in group for key in state.get(column) or {})
            found |= {f"{group[0]}.{key}": [(column, key) for column in group] for key in keys}
        return found


def encode(value: Any) -> Any:
    """Return a column's value as JSON; rows by their primary key, and several of them in its order."""
    match value:
        case models.Model():
            return value.pk
        case models.QuerySet() | models.Manager():
            return sorted(value.values_list("pk", flat=True))
        case Decimal():
            return format(value.normalize(), "f")
        case datetime.datetime():
            return value.astimezone(datetime.UTC).isoformat()
        case datetime.date() | datetime.time():
            return value.isoformat()
        case None | bool() | int() | str():
            return value
        case list() | tuple() | set() if any(isinstance(one, models.Model) for one in value):
            return sorted(one.pk for one in value)
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder))


def column_of(model: type[models.Model], name: str) -> Any:
    """Return the field of a model, None where it has none of this name."""
    return next((field for field in model._meta.get_fields() if field.name == name), None)


def state_of(row: models.Model, columns: Iterable[str]) -> State:
    """Return the values of these columns of a row, as JSON."""
    found: State = {}
    for name in columns:
        field = column_of(type(row), name)
        found[name] = encode(getattr(row, getattr(field, "attname", name)))
    return found


def decode(model: type[models.Model], name: str, value: Any) -> Any:
    """Return what a column takes for a JSON value; of a foreign key and of several rows, the primary keys."""
    field = column_of(model, name)
    if value is None or field is None or field.is_relation or isinstance(field, models.JSONField):
        return value
    return field.to_python(value)


def put(row: models.Model, name: str, value: Any) -> None:
    """Set a column of a row to a decoded value."""
    field = column_of(type(row), name)
    setattr(row, getattr(field, "attname", name), value)


def at(state: Mapping[str, Any], path: Path) -> Any:
    """Return the value of a part; None for a key that is not there."""
    column, key = path
    if column not in state:
        return UNKNOWN
    return state[column] if key is None else (state[column] or {}).get(key)


def join(
    edited: Edited,
    *,
    shown: Mapping[str, Any] | None,
    typed: Mapping[str, Any],
    stored: State,
    taken: Mapping[str, str],
) -> tuple[State, list[str]]:
    """Return the columns to write, and the names of the parts that both changed.

    `shown` is what the page had shown, None where it does not say; `taken` says for parts that were shown as changed by
    both whether "mine" or "theirs" is taken.
    """
    joined, both = deepcopy(stored), []
    before: Mapping[str, Any] = {} if shown is None else shown
    for name, paths in edited.parts(before, typed, stored).items():
        is_now = [at(stored, path) for path in paths]
        was = [at(before, path) for path in paths]
        mine = [at(typed, path) for path in paths]
        if all(value is UNKNOWN for value in mine):
            continue
        mine = [now if value is UNKNOWN else value for value, now in zip(mine, is_now, strict=True)]
        if mine in (was, is_now) or taken.get(name) == "theirs":
            continue
        if was != is_now:
            both.append(name)
            continue
        for (column, key), value in zip(paths, mine, strict=True):
            if key is None:
                joined[column] = value
            elif value is None:
                joined[column].pop(key, None)
            else:
                joined[column] = {**(joined[column] or {}), key: value}
    return {column: value for column, value in joined.items() if value != stored[column]}, both
