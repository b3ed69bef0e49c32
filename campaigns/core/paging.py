"""Pages of a long list by key, and totals that stop counting in time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models, transaction

Row = TypeVar("Row", bound=models.Model)

ROWS_A_PAGE = 50

COUNT_UP_TO = 10_000
"""Rows that are counted exactly; a pager then says how many there are more than."""

FOUND_UP_TO = 500
"""The same of a search by a part of a name or number, which looks at each row."""

NAMED_UP_TO = 2_000
"""A part that more people share is met often enough on the way through any list in its own order."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a long list, newest first; the keys lead to the pages beside it."""

    rows: list[Row]
    newer: int | None = None
    """Key to hand over as `newer_than`; None on the first page."""
    older: int | None = None
    """Key to hand over as `older_than`; None on the last page."""


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows a selection has, exact up to a limit."""

    count: int
    is_more: bool


def page_by_key(queryset: models.QuerySet[Row], asked: Mapping[str, Any], size: int = ROWS_A_PAGE) -> Page[Row]:
    """Return the page that `older_than` or `newer_than` asks for, by id, newest first; one query, never an offset.

    A key that is not a number is as good as none.
    """
    older_than, newer_than = _key(asked.get("older_than")), _key(asked.get("newer_than"))
    if newer_than is not None:
        rows = _walk(queryset.filter(pk__gt=newer_than).order_by("pk")[: size + 1])
        has_newer, rows = len(rows) > size, rows[:size][::-1]
        # A page reached from an older one always has that one beneath it.
        return Page(rows, rows[0].pk if rows and has_newer else None, rows[-1].pk if rows else newer_than + 1)
    if older_than is not None:
        queryset = queryset.filter(pk__lt=older_than)
    rows = _walk(queryset.order_by("-pk")[: size + 1])
    has_older, rows = len(rows) > size, rows[:size]
    newer = (rows[0].pk if rows else older_than - 1) if older_than is not None else None
    return Page(rows, newer, rows[-1].pk if has_older else None)


def _walk(queryset: models.QuerySet[Row]) -> list[Row]:
    """Return the rows of one page; one process walks to them."""
    if connection.vendor != "postgresql":
        return list(queryset)
    with transaction.atomic(), connection.cursor() as cursor:
        # Several would each read on, far beyond what one page needs, and wait for the slowest.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        return list(queryset)


def _key(text: Any) -> int | None:
    digits = str(text or "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 19 else None


def count_up_to(queryset: models.QuerySet[Row], limit: int = COUNT_UP_TO) -> Total:
    """Count rows, but no further than the limit."""
    found = queryset.order_by()[: limit + 1].count()
    return Total(min(found, limit), found > limit)
