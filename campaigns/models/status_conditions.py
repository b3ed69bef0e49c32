"""Query lookups on a call's status, with SQL that makes each database use the right index."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import F, Lookup

if TYPE_CHECKING:
    StatusLookup = Lookup[Any]
else:
    StatusLookup = Lookup


class StatusIsOneOf(StatusLookup):
    """`status IN (...)` with literals, as in a partial index's condition: SQLite would not use it for parameters.

    Without the index a commit point would read every call that its provider ever had.
    """

    lookup_name = "is_one_of"
    prepare_rhs = False

    def __init__(self, statuses: Collection[str]) -> None:
        super().__init__(F("status"), sorted(map(str, statuses)))

    def get_source_expressions(self) -> list[Any]:
        """Return the column only; the literals are not expressions."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Set the column as resolved by the query."""
        (self.lhs,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the SQL; the literals are constants, never input."""
        column, parameters = self.process_lhs(compiler, connection)
        words = ", ".join(f"'{word}'" for word in self.rhs)
        return f"{column} IN ({words})", parameters


class StatusIsMostly(StatusIsOneOf):
    """`status IN (...)` for statuses that most calls have: no index is used, since it would only cause sorting."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the SQL; on SQLite a unary plus prevents the use of an index."""
        condition, parameters = super().as_sql(compiler, connection)
        return f"+{condition}" if connection.vendor == "sqlite" else condition, parameters
