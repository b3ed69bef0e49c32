"""The tables that are moved, and how a value as SQLite stores it becomes one that PostgreSQL reads."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.db import models

from campaigns.core.refusals import Refusal

LEFT_BEHIND = frozenset({"sessions.session", "access.keptform", "access.opensession", "django_q.ormq", "django_q.task"})
"""Models whose rows stay: everybody logs in anew, forms are kept for an hour, and a queue message is only a nudge."""
AS_STORED = frozenset(
    {
        *("AutoField", "BigAutoField", "SmallAutoField"),
        *("BigIntegerField", "IntegerField", "SmallIntegerField"),
        *("PositiveBigIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField"),
        # 0 and 1, texts of UTC, hexadecimal digits: PostgreSQL reads all of them.
        *("BooleanField", "DateField", "DateTimeField", "FloatField", "TimeField", "UUIDField"),
        *("BinaryField", "GenericIPAddressField"),
    }
)
"""Kinds of fields whose value PostgreSQL takes as SQLite stores it, in a session whose zone is UTC."""
TEXTS = frozenset({"CharField", "FileField", "FilePathField", "SlugField", "TextField"})
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
"""Characters that SQLite stores and PostgreSQL refuses; a question mark takes their place."""
SUSPECT = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")

Turn = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its model, and its columns in the order in which they are copied."""

    model: type[models.Model]
    fields: Sequence[models.Field[Any, Any]]

    @property
    def name(self) -> str:
        """The table's name in the database."""
        return str(self.model._meta.db_table)

    @property
    def columns(self) -> str:
        """The quoted names of its columns, separated by commas."""
        return ", ".join(f'"{field.column}"' for field in self.fields)

    @property
    def key(self) -> int:
        """The place of the primary key among the columns."""
        return next(place for place, field in enumerate(self.fields) if field.primary_key)

    def turns(self) -> list[tuple[int, Turn]]:
        """Return what to do with which value of a row, by its place; None is never turned."""
        found = [(place, turn_of(field)) for place, field in enumerate(self.fields)]
        return [(place, turn) for place, turn in found if turn is not None]


def tables_to_move() -> list[Table]:
    """Return every table of every app whose rows are moved, in the order of the models."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        options = model._meta
        if options.managed and not options.proxy and not options.swapped and options.label_lower not in LEFT_BEHIND:
            fields = [field for field in options.concrete_fields if not getattr(field, "generated", False)]
            found.append(Table(model, fields))
    return found


def kind_of(field: models.Field[Any, Any]) -> str:
    """Return the kind of a field's values; a foreign key has that of the key it points at."""
    while field.remote_field is not None and hasattr(field, "target_field"):
        field = field.target_field
    return field.get_internal_type()


def turn_of(field: models.Field[Any, Any]) -> Turn | None:
    """Return what makes a stored value readable for PostgreSQL; None where nothing does.

    Raises Refusal for a kind of field without a rule.
    """
    kind = kind_of(field)
    if kind in AS_STORED:
        return None
    if kind in TEXTS:
        return clean
    if kind == "JSONField":
        return clean_json
    if kind == "DurationField":
        return lambda microseconds: datetime.timedelta(microseconds=microseconds)
    if kind == "DecimalField":
        return _decimal(field)
    raise Refusal(f"{field} is a {kind}, and moving has no rule for that. Nothing was changed.")


def clean(value: Any) -> Any:
    """Return a value, or what JSON stands for, without the characters that PostgreSQL refuses."""
    if isinstance(value, str):
        return UNSTORABLE.sub("?", value)
    if isinstance(value, dict):
        return {clean(name): clean(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [clean(inner) for inner in value]
    return value


def clean_json(text: Any) -> Any:
    """Return the text of a JSON value without the characters that PostgreSQL refuses."""
    return json.dumps(clean(json.loads(text))) if SUSPECT.search(text) else text


def _decimal(field: models.Field[Any, Any]) -> Turn:
    """Return a turn for decimals, which SQLite stores as floats or integers, with as many places as the field has."""
    places = Decimal(1).scaleb(-int(getattr(field, "decimal_places", 0)))
    return lambda value: Decimal(repr(value) if isinstance(value, float) else str(value)).quantize(places)
