"""Conditions on the state of a call, worded so that each engine uses the right index."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import F, Lookup

if TYPE_CHECKING:
    StatusLookup = Lookup[Any]
else:
    StatusLookup = Lookup


class StatusIsOneOf(StatusLookup):
    """The condition of a partial index, word for word: SQLite uses the index only where the words are no parameters.

    Without it a commit point would read every call that its provider ever had.
    """

    lookup_name = "is_one_of"
    prepare_rhs = False

    def __init__(self, statuses: Collection[str]) -> None:
        super().__init__(F("status"), sorted(map(str, statuses)))

    def get_source_expressions(self) -> list[Any]:
        """Return the column alone: the words are no expression."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the column that the query resolved."""
        (self.lhs,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition; the words are constants of ours."""
        column, parameters = self.process_lhs(compiler, connection)
        words = ", ".join(f"'{word}'" for word in self.rhs)
        return f"{column} IN ({words})", parameters


class StatusIsMostly(StatusIsOneOf):
    """A condition on the state that nearly every call passes: an index by state would only have them all sorted."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition; on SQLite a plus keeps the indexes away."""
        condition, parameters = super().as_sql(compiler, connection)
        return f"+{condition}" if connection.vendor == "sqlite" else condition, parameters
