"""Call log filters whose fastest SQL depends on how many calls pass."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db.models import DecimalField, Exists, F, IntegerField, Lookup, Max, Min, OuterRef, Q
from django.db.models.functions import Cast, Coalesce
from django.db.models.lookups import Exact, GreaterThanOrEqual, LessThanOrEqual

from callcenter.access.reach import Reach
from campaigns.models import Call, CallDisposition, CallReview, CallTagging, Disposition, ScorecardReview

if TYPE_CHECKING:
    AnswerLookup = Lookup[Any]
else:
    AnswerLookup = Lookup

FEW = 10_000
"""Up to this many matches are found by index and then sorted; with more, scanning the log in order is faster."""
FIGURES: dict[str, Any] = {"talk_seconds": IntegerField(), "cost": DecimalField(max_digits=14, decimal_places=4)}
HUMAN, MACHINE, NOT_KNOWN = "human", "machine", "unknown"
REVIEWED, NOT_REVIEWED = "yes", "no"


class AnsweredByMachine(AnswerLookup):
    """The condition of the partial index over voicemails, as a literal: SQLite uses it for no parameter."""

    lookup_name = "answered_by_machine"
    prepare_rhs = False

    def __init__(self) -> None:
        super().__init__(F("answered_by"), MACHINE)

    def get_source_expressions(self) -> list[Any]:
        """Return the column only; the literal is not an expression."""
        return [self.lhs]

    def set_source_expressions(self, exprs: Any) -> None:
        """Set the column as resolved by the query."""
        (self.lhs,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """Return the SQL; the literal is a constant, never input."""
        column, parameters = self.process_lhs(compiler, connection)
        return f"{column} = '{MACHINE}'", parameters


def answered_by(who: str) -> Q:
    """Return the condition of calls answered by `HUMAN`, `MACHINE`, or `NOT_KNOWN`."""
    return Q(AnsweredByMachine()) if who == MACHINE else Q(answered_by=who)


def within(column: str, at_least: Decimal | int | None, at_most: Decimal | int | None, *, is_walked: bool = True) -> Q:
    """Return the condition of calls whose `column` is between two values, inclusive; NULL does not pass.

    Few matches are found through the column's index. With many, and `is_walked` (a page in list order), the condition
    is written so that no index applies: scanning the log soon finds a page, and nothing has to be sorted.
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
    """Return the ids of the calls that pass any of these conditions; None if there are more than `FEW`.

    Each condition should have an index. Used because a scan of the log would find a few matches too late.
    """
    found: list[int] = []
    for condition in conditions:
        rows = Call.objects.filter(condition).order_by().values_list("pk", flat=True)
        found += rows[: FEW + 1 - len(found)]
        if len(found) > FEW:
            return None
    return found


def reached(reach: Reach, *, is_walked: bool = True) -> Q:
    """Return the condition of the calls within a person's reach, as `campaigns.core.scope` says it.

    Few of them are found by index and named. With many, and `is_walked` (a page in list order), the condition is
    written so that no index applies: scanning the log soon finds a page, and no team's calls have to be sorted.
    """
    asked = reach.condition("owner", "team")
    if asked is None or not is_walked:
        return asked or Q()
    teams = sorted(reach.teams)
    parts = [Q(owner=reach.person), *([Q(team__in=teams)] if teams else [])]
    ids = None if reach.has_unassigned else ids_of_few(*parts)
    if ids is not None:
        return Q(pk__in=ids)
    of_team = Coalesce("team", 0)
    walked = Q(Exact(Coalesce("owner", 0), reach.person)) if reach.person else Q(pk__in=[])
    for team in [*teams, *([0] if reach.has_unassigned else [])]:
        walked |= Q(Exact(of_team, team))
    return walked


def tagged(key: str) -> Q:
    """Return the condition of calls with a tag, by the tag's normalized key."""
    return Q(pk__in=CallTagging.objects.filter(tag__key=key).values("call"))


def reviewed(answer: str) -> Q:
    """Return the condition of calls that have, or have not, been reviewed."""
    known = Q(pk__in=CallReview.objects.values("pk")) | Q(pk__in=ScorecardReview.objects.values("call"))
    if answer == REVIEWED:
        return known
    return Q(~Exists(ScorecardReview.objects.filter(call=OuterRef("pk"))), review__isnull=True)


def disposed(disposition: Disposition, *, is_walked: bool = True) -> Q:
    """Return the condition of calls with a disposition. Few are found by its index; of many, a page is walked.

    As for answers: from the newest call that has it down, each call looked up by its key, so that nothing is sorted.
    """
    found = CallDisposition.objects.filter(disposition=disposition).order_by()
    if not is_walked or found.values("pk")[: FEW + 1].count() <= FEW:
        return Q(pk__in=found.values("pk"))
    ends = found.aggregate(oldest=Min("pk"), newest=Max("pk"))
    here = Exists(found.filter(pk=OuterRef("pk")))
    return Q(here, pk__gte=ends["oldest"], pk__lte=ends["newest"])
