"""Conditions on the columns of a call, worded so that each engine uses the right index."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import F, Lookup

if TYPE_CHECKING:
    AnyLookup = Lookup[Any]
else:
    AnyLookup = Lookup


class ConstantLookup(AnyLookup):
    """The condition of a partial index, word for word: SQLite uses the index only where the words are no parameters."""

    prepare_rhs = False

    def get_source_expressions(self) -> list[Any]:
        """Return the column alone: the words are no expression."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the column that the query resolved."""
        (self.lhs,) = exprs


class StatusIsOneOf(ConstantLookup):
    """The condition that a call has one of some states.

    Word for word as in the indexes: else a commit point would read every call that its provider ever had.
    """

    lookup_name = "is_one_of"

    def __init__(self, statuses: Collection[str]) -> None:
        super().__init__(F("status"), sorted(map(str, statuses)))

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


class AnsweredByMachine(ConstantLookup):
    """The condition that a machine answered a call, word for word as in the index over voicemails."""

    lookup_name = "answered_by_machine"

    def __init__(self) -> None:
        super().__init__(F("answered_by"), "machine")

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition; the word is a constant of ours."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = '{self.rhs}'", parameters
