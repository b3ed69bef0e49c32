"""Bulk loading: writes very many rows as fast as the engine allows; columns not named get the field's default."""

from __future__ import annotations

import datetime
import itertools
import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from django.core.management.color import no_style
from django.db import connection, models, transaction

BATCH = 20_000
"""Rows of one transaction."""
CACHE_KIB = 800_000
"""Page cache of SQLite while loading."""

Told = Callable[[str], None]


class Loader:
    """Writes the rows of one model after another, and reports the speed to `tell`."""

    def __init__(self, tell: Told) -> None:
        self._tell = tell
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            # Index entries of calls arrive in random order: pages beyond the cache would be written again and again.
            with connection.cursor() as cursor:
                cursor.execute(f"PRAGMA cache_size = {-CACHE_KIB}")
                cursor.execute("PRAGMA synchronous = OFF")

    def next_id(self, model: type[models.Model]) -> int:
        """Return the first free id of a model."""
        highest = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        return int(highest or 0) + 1

    def load(self, model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
        """Insert rows in transactions of `BATCH`; returns how many.

        Values are aware datetimes, decimals, UUIDs, and JSON as text. If ids are given, the table's sequence is set to
        continue after the highest.
        """
        began, count = time.monotonic(), 0
        given, constant = self._columns(model, columns)
        rows = _adapted(model, columns, rows) if connection.vendor == "sqlite" else iter(rows)
        while batch := list(itertools.islice(rows, BATCH)):
            with transaction.atomic():
                self._insert(model, given, constant, batch)
            count += len(batch)
        if connection.vendor == "postgresql" and "id" in columns:
            with connection.cursor() as cursor:
                for statement in connection.ops.sequence_reset_sql(no_style(), [model]):
                    cursor.execute(statement)
        seconds = max(time.monotonic() - began, 0.001)
        self._tell(f"{count:>9,} {model._meta.verbose_name_plural} in {seconds:.1f} s, {count / seconds:,.0f} a second")
        return count

    def _columns(self, model: type[models.Model], columns: Sequence[str]) -> tuple[list[str], dict[str, Any]]:
        """Return the database names of the given columns, and the default value of each other column, by name."""
        fields = [cast("models.Field[Any, Any]", model._meta.get_field(name)) for name in columns]
        others = [field for field in model._meta.concrete_fields if field not in fields and not field.primary_key]
        constant = {str(field.column): field.get_db_prep_save(field.get_default(), connection) for field in others}
        return [str(field.column) for field in fields], constant

    def _insert(
        self, model: type[models.Model], given: list[str], constant: dict[str, Any], batch: list[Sequence[Any]]
    ) -> None:
        names = ", ".join(f'"{name}"' for name in [*given, *constant])
        tail = tuple(constant.values())
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                # COPY is five times as fast as INSERT; both need the defaults that Django sets in Python.
                statement = f'COPY "{model._meta.db_table}" ({names}) FROM STDIN'
                with cast(Any, cursor.cursor).copy(statement) as copy:
                    for row in batch:
                        copy.write_row((*row, *tail))
            else:
                marks = ", ".join(["%s"] * (len(given) + len(tail)))
                statement = f'INSERT INTO "{model._meta.db_table}" ({names}) VALUES ({marks})'  # noqa: S608
                cursor.executemany(statement, [(*row, *tail) for row in batch])


def _adapted(
    model: type[models.Model], columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> Iterator[Sequence[Any]]:
    """Convert values of types that SQLite lacks into the text that Django reads back."""
    turns: dict[str, Callable[[Any], Any]] = {
        "DateTimeField": lambda value: value.astimezone(datetime.UTC).replace(tzinfo=None).isoformat(" "),
        "UUIDField": lambda value: value.hex,
        "DecimalField": str,
    }
    kinds = [model._meta.get_field(name).get_internal_type() for name in columns]
    turned = [(place, turns[kind]) for place, kind in enumerate(kinds) if kind in turns]
    for row in rows:
        made = list(row)
        for place, turn in turned:
            if made[place] is not None:
                made[place] = turn(made[place])
        yield made


def as_json(value: Any) -> str:
    """Return a value as the text of a JSON column."""
    return json.dumps(value, ensure_ascii=False)


def tidy_up() -> None:
    """Bring the engine's statistics up to date, and make what was loaded durable."""
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("VACUUM ANALYZE")
        else:
            cursor.execute("PRAGMA synchronous = FULL")
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
