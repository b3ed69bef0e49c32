"""Query lookups on a call's status, with SQL that makes each database use the right index; what takes a line.

What is parked and what holds a line is said here once: as a query condition, as a predicate on one row, and as plain
SQL over the table of calls. A test checks that they agree.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from django.db.models import F, Lookup, Q

from providers.types import HOLDS_LINE, LIVE, CallStatus

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


class IsInbound(StatusLookup):
    """`direction = 'inbound'` as a literal, so that SQLite uses the small index of inbound calls."""

    lookup_name = "is_inbound"
    prepare_rhs = False

    def __init__(self) -> None:
        super().__init__(F("direction"), "inbound")

    def get_source_expressions(self) -> list[Any]:
        """Return the column only; the literal is not an expression."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Set the column as resolved by the query."""
        (self.lhs,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the SQL; the literal is a constant, never input."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = 'inbound'", parameters


class HasVariant(StatusLookup):
    """`NOT variant = ''` as a literal, so that SQLite uses the index of calls with one; most calls have none."""

    lookup_name = "has_variant"
    prepare_rhs = False

    def __init__(self) -> None:
        super().__init__(F("variant"), "")

    def get_source_expressions(self) -> list[Any]:
        """Return the column only; the literal is not an expression."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Set the column as resolved by the query."""
        (self.lhs,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the SQL; the literal is a constant, never input."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"NOT ({column} = '')", parameters


class StatusIsMostly(StatusIsOneOf):
    """`status IN (...)` for statuses that most calls have: no index is used, since it would only cause sorting."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the SQL; on SQLite a unary plus prevents the use of an index."""
        condition, parameters = super().as_sql(compiler, connection)
        return f"+{condition}" if connection.vendor == "sqlite" else condition, parameters


# Orders that the vendor keeps until a time, and what takes one of a provider's lines


def parked(now: datetime.datetime) -> Q:
    """Return the condition of calls that the vendor keeps and will not dial before a time that is still to come."""
    return Q(status=CallStatus.QUEUED, not_before__gt=now)


def is_parked(status: str, not_before: datetime.datetime | None, now: datetime.datetime) -> bool:
    """Tell whether the vendor keeps a call with these values and will not dial it yet."""
    return status == CallStatus.QUEUED and not_before is not None and not_before > now


def holds_line(now: datetime.datetime) -> Q:
    """Return the condition, among live calls, of those that take one of their provider's lines."""
    return ~Q(status__in=sorted(LIVE - HOLDS_LINE)) & ~(Q(not_before__isnull=False) & parked(now))


HOLDS_LINE_NOW = (
    f"status NOT IN ({', '.join(repr(status.value) for status in sorted(LIVE - HOLDS_LINE))}) "
    f"AND NOT (status = '{CallStatus.QUEUED.value}' AND not_before IS NOT NULL AND not_before > %s)"
)
"""The same condition as plain SQL over the table of calls; the parameter is the time."""
