"""Keyset pagination, and counts that stop at a limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection, models, transaction

from callcenter.parameters import whole_number

Row = TypeVar("Row", bound=models.Model)

ROWS_A_PAGE = 50

COUNT_UP_TO = 10_000
"""Rows are counted exactly up to this number; beyond it the pager says "more than"."""

FOUND_UP_TO = 500
"""The same limit for a search by a part of a name or number, which has to check every row."""

NAMED_UP_TO = 2_000
"""Up to this many matching people are passed to a query by id; of more, a scan in list order soon finds some."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list, newest first, with the keys of its neighbours."""

    rows: list[Row]
    newer: int | None = None
    """The `newer_than` key of the page before; None on the first page."""
    older: int | None = None
    """The `older_than` key of the next page; None on the last page."""


@dataclass(frozen=True, slots=True)
class Total:
    """The number of rows of a query, exact up to a limit."""

    count: int
    is_more: bool


def page_by_key(queryset: models.QuerySet[Row], asked: Mapping[str, Any], size: int = ROWS_A_PAGE) -> Page[Row]:
    """Return the page that `older_than` or `newer_than` in `asked` names, by id, newest first; one query, no offset.

    A key that is not a number is ignored.
    """
    older_than, newer_than = whole_number(asked.get("older_than")), whole_number(asked.get("newer_than"))
    if newer_than is not None:
        rows = _walk(queryset.filter(pk__gt=newer_than).order_by("pk")[: size + 1])
        has_newer, rows = len(rows) > size, rows[:size][::-1]
        # A page that was reached by `newer_than` always has an older page.
        return Page(rows, rows[0].pk if rows and has_newer else None, rows[-1].pk if rows else newer_than + 1)
    if older_than is not None:
        queryset = queryset.filter(pk__lt=older_than)
    rows = _walk(queryset.order_by("-pk")[: size + 1])
    has_older, rows = len(rows) > size, rows[:size]
    newer = (rows[0].pk if rows else older_than - 1) if older_than is not None else None
    return Page(rows, newer, rows[-1].pk if has_older else None)


def _walk(queryset: models.QuerySet[Row]) -> list[Row]:
    """Return the rows of one page, without PostgreSQL's parallel workers."""
    if connection.vendor != "postgresql":
        return list(queryset)
    with transaction.atomic(), connection.cursor() as cursor:
        # Parallel workers would each read far more than one page needs, and wait for the slowest.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        return list(queryset)


def count_up_to(queryset: models.QuerySet[Row], limit: int = COUNT_UP_TO) -> Total:
    """Count rows, stopping at the limit."""
    found = queryset.order_by()[: limit + 1].count()
    return Total(min(found, limit), found > limit)
