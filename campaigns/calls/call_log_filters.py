"""Conditions of the call log whose fast way depends on how many calls pass."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import DecimalField, F, IntegerField, Lookup, Q
from django.db.models.functions import Cast
from django.db.models.lookups import GreaterThanOrEqual, LessThanOrEqual

from campaigns.models import Call, CallReview, CallTagging

if TYPE_CHECKING:
    AnswerLookup = Lookup[Any]
else:
    AnswerLookup = Lookup

FEW = 10_000
"""So many calls are found first and put in order then; of more, the newest page is near in the log itself."""
FIGURES: dict[str, Any] = {"talk_seconds": IntegerField(), "cost": DecimalField(max_digits=14, decimal_places=4)}
HUMAN, MACHINE, NOT_KNOWN = "human", "machine", "unknown"
REVIEWED, NOT_REVIEWED = "yes", "no"


class AnsweredByMachine(AnswerLookup):
    """The condition of the index over voicemails, word for word: SQLite uses it only where the word is no parameter."""

    lookup_name = "answered_by_machine"
    prepare_rhs = False

    def __init__(self) -> None:
        super().__init__(F("answered_by"), MACHINE)

    def get_source_expressions(self) -> list[Any]:
        """Return the column alone: the word is no expression."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Take the column that the query resolved."""
        (self.lhs,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the condition; the word is a constant of ours."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = '{MACHINE}'", parameters


def answered_by(who: str) -> Q:
    """Return the condition of calls that a person, a machine or nobody we know of answered."""
    return Q(AnsweredByMachine()) if who == MACHINE else Q(answered_by=who)


def within(column: str, at_least: Decimal | int | None, at_most: Decimal | int | None, *, is_walked: bool = True) -> Q:
    """Return the condition of calls whose figure lies between two, both included; calls without a figure do not pass.

    Few are found through the column's index. Many are met soon while the log is walked in its order: then the
    column is asked in a form that no index serves, so that no engine sorts half the log first.
    """
    asked, walked = Q(), Q()
    plain = Cast(column, FIGURES[column])
    if at_least is not None:
        asked &= Q(**{f"{column}__gte": at_least})
        walked &= Q(GreaterThanOrEqual(plain, at_least))
    if at_most is not None:
        asked &= Q(**{f"{column}__lte": at_most})
        walked &= Q(LessThanOrEqual(plain, at_most))
    if not is_walked:
        return asked
    found = Call.objects.filter(asked).order_by().values("pk")
    return Q(pk__in=found) if found[: FEW + 1].count() <= FEW else walked


def ids_of_few(*conditions: Q) -> list[int] | None:
    """Return the calls that pass one of some conditions, each with an index of its own; None where they are many.

    Few among a million would be met too late on the way through the log.
    """
    found: list[int] = []
    for condition in conditions:
        rows = Call.objects.filter(condition).order_by().values_list("pk", flat=True)
        found += rows[: FEW + 1 - len(found)]
        if len(found) > FEW:
            return None
    return found


def tagged(key: str) -> Q:
    """Return the condition of calls that carry a tag, by the tag's folded name."""
    return Q(pk__in=CallTagging.objects.filter(tag__key=key).values("call"))


def reviewed(answer: str) -> Q:
    """Return the condition of calls that a manager has, or has not, given a score."""
    known = Q(pk__in=CallReview.objects.values("pk"))
    return known if answer == REVIEWED else Q(review__isnull=True)
