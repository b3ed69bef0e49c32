"""Prepared queries: the ORM builds the SQL once, later runs only put in the current time."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet

MARK = datetime.datetime(1999, 12, 31, 23, 59, 59, 999_999, tzinfo=datetime.UTC)
"""Placeholder for the current time while a statement is built; replaced at every run."""
NEAR = datetime.timedelta(days=90)
"""Times that are no further from the placeholder were computed from it; nothing of that year is stored."""


class IdsAt:
    """A callable that runs a query for ids at a given time; its SQL is compiled once for each database vendor.

    Compiling costs ten times as much as running. Raises ValueError for a query that does not use the time it is given.
    """

    def __init__(self, query: Callable[[datetime.datetime], QuerySet[Any, int]]) -> None:
        self._query = query
        self._built: dict[str, tuple[str, list[Any], dict[int, datetime.timedelta]]] = {}

    def __call__(self, now: datetime.datetime) -> list[int]:
        """Run the query for the time `now` and return the ids."""
        statement, parameters, places = self._built.get(connection.vendor) or self._build()
        given = list(parameters)
        for place, apart in places.items():
            given[place] = connection.ops.adapt_datetimefield_value(now + apart)
        with connection.cursor() as cursor:
            cursor.execute(statement, given)
            return [row[0] for row in cursor.fetchall()]

    def _build(self) -> tuple[str, list[Any], dict[int, datetime.timedelta]]:
        statement, found = self._query(MARK).query.get_compiler(connection=connection).as_sql()
        parameters = list(found)
        apart = {place: _apart(value) for place, value in enumerate(parameters)}
        places = {place: distance for place, distance in apart.items() if distance is not None}
        if not places:
            # Otherwise every run would ask about the placeholder's date, find nothing, and nobody would ever be called.
            raise ValueError("The query does not ask about its instant.")
        built = self._built[connection.vendor] = (statement, parameters, places)
        return built


def _apart(value: Any) -> datetime.timedelta | None:
    """Return how far from the placeholder a parameter is that was computed from it; None for any other."""
    if isinstance(value, str):
        try:
            value = datetime.datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime.datetime):
        return None
    apart = value.replace(tzinfo=value.tzinfo or datetime.UTC) - MARK
    return apart if abs(apart) <= NEAR else None
