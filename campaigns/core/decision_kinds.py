"""What needs a decision by a person: the kinds of open calls, each with its query, its sentence and its answers.

Every count and list of such calls comes from here: the page *Needs a decision*, Today, campaigns, providers, the menu,
the call log's filter, alerts. A new kind is one more entry.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.reach import grasp_of
from callcenter.access.roles import Person, may
from campaigns.core import conditions
from campaigns.models import Call, HeardOptOut
from campaigns.models.calls import CallQuerySet
from providers.types import CallStatus

Words = str | Promise

TOOK_PLACE, DID_NOT, WAIT, CALL_AGAIN = "took_place", "did_not", "wait", "call_again"
FORBID, ALLOW = "forbid", "allow"
"""Answers that a kind may offer."""
WHO_DECIDES: Words = _("A manager must decide this.")
"""What is said to whoever may not decide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of calls about which a person decides."""

    key: str
    """Its name in URLs; must never change."""
    label: Words
    sentence: Words
    """What is known, and what the person does next."""
    condition: Callable[[datetime.datetime], Q]
    """The query condition of such calls at a time; few calls pass it, and an index finds them."""
    holds: Callable[[Call, datetime.datetime], bool]
    """The same of one call."""
    answers: tuple[str, ...]


def _is_asked_again(now: datetime.datetime) -> Q:
    return Q(decide_after__isnull=True) | Q(decide_after__lte=now)


def _waits_for_nothing(call: Call, now: datetime.datetime) -> bool:
    return call.decide_after is None or call.decide_after <= now


KINDS: tuple[Kind, ...] = (
    Kind(
        key="no_news",
        label=_("No updates from the provider"),
        sentence=_(
            "The provider accepted this call but sends no more updates. The call may have taken place. Check "
            "at the provider, then enter the result here."
        ),
        condition=lambda now: conditions.no_news() & _is_asked_again(now),
        holds=lambda call, now: conditions.is_without_news(call.failure_reason) and _waits_for_nothing(call, now),
        answers=(TOOK_PLACE, DID_NOT, WAIT),
    ),
    Kind(
        key="unknown",
        label=_("Unknown whether it was placed"),
        sentence=_(
            "The provider's response was lost. Check at the provider, then enter here whether the call was "
            "placed. Until then this number is not called."
        ),
        condition=lambda now: conditions.unclear(now) & _is_asked_again(now),
        holds=lambda call, now: conditions.is_unclear(call, now) and _waits_for_nothing(call, now),
        answers=(TOOK_PLACE, DID_NOT, WAIT),
    ),
    Kind(
        key="held",
        label=_("On hold: not placed"),
        sentence=_("The provider has no such call, so nobody was called. Call again if still needed."),
        condition=lambda _now: conditions.held(),
        holds=lambda call, _now: conditions.is_held(call.held_at),
        answers=(CALL_AGAIN,),
    ),
    Kind(
        key="opt_out",
        label=_("Possible opt-out"),
        sentence=_(
            "The contact may have asked not to be called again, but it is not certain. Listen to the call or "
            "read it, then decide. Until then nobody calls this contact."
        ),
        condition=lambda _now: Q(pk__in=HeardOptOut.objects.undecided().in_calls().order_by().values("call")),
        holds=lambda call, _now: any(row.decided_at is None for row in call.heard_opt_outs.all()),
        answers=(FORBID, ALLOW),
    ),
)
"""In the order in which they are shown."""
BY_KEY: Mapping[str, Kind] = {kind.key: kind for kind in KINDS}
SETTLED = frozenset({"no_news", "unknown"})
"""Kinds whose result a person tells; their buttons stand on the call's own page as well."""


def kind_of(call: Call, now: datetime.datetime) -> Kind | None:
    """Return the kind of a call that needs a decision now, else None."""
    return next((kind for kind in KINDS if kind.holds(call, now)), None)


def may_be_told(call: Call) -> bool:
    """Tell whether a person may say what came of a call: it is unknown, or the provider reports nothing more of it."""
    return call.status == CallStatus.UNKNOWN or conditions.is_without_news(call.failure_reason)


def may_decide(call: Call, person: Person, kind: Kind | None = None) -> bool:
    """Return whether a person may decide about a call: one within reach with the right, or a single call of their own.

    Of an opt-out that is not certain, who may take numbers off the do-not-call list.
    """
    is_within = grasp_of(person).holds(call.owner_id, call.team_id)
    if kind is not None and FORBID in kind.answers:
        return is_within and may(person, "remove_do_not_call")
    if is_within and may(person, "settle_calls"):
        return True
    is_own = call.owner_id is not None and call.owner_id == person.pk
    return is_own and call.campaign_id is None and may(person, "settle_own_calls")


def to_decide(now: datetime.datetime, kinds: Collection[Kind] = KINDS) -> Q:
    """Return the condition of calls of these kinds, for use beside other conditions."""
    # One subquery of ids, found by the small index of each kind: joined by OR, PostgreSQL would check every call.
    first, *others = (Call.objects.filter(kind.condition(now)).order_by().values("pk") for kind in kinds)
    return Q(pk__in=first.union(*others, all=True) if others else first)


def count(calls: CallQuerySet, now: datetime.datetime, *beside: QuerySet[Any, Any]) -> dict[str, int]:
    """Count those of the calls that need a decision, by the key of their kind, in one statement.

    `beside` are counts of other things as `kind` and `n`, read in the same statement; they come after the kinds.
    """
    first, *others = (
        calls.filter(kind.condition(now)).order_by().values(kind=Value(kind.key)).annotate(n=Count("pk"))
        for kind in KINDS
    )
    found = {row["kind"]: row["n"] for row in first.union(*others, *beside, all=True)}
    return {kind.key: found.pop(kind.key, 0) for kind in KINDS} | found


def count_by(column: str, ids: Collection[int] | None, now: datetime.datetime) -> Counter[int]:
    """Count the calls that need a decision by campaign or provider, in one statement.

    `column` is "campaign_id" or "provider_id"; `ids` are those that are wanted; None: all.
    """
    found: Counter[int] = Counter()
    if ids is not None and not ids:
        return found
    parts = []
    for kind in KINDS:
        few = Call.objects.filter(kind.condition(now))
        if ids is not None:
            # Coalesce keeps the planner from reading all calls of a campaign instead of the few of this kind.
            few = few.alias(of=Coalesce(F(column), 0)).filter(of__in=list(ids))
        parts.append(few.order_by().values(whose=F(column)).annotate(n=Count("pk")))
    for row in parts[0].union(*parts[1:], all=True):
        found[row["whose"]] += row["n"]
    return found
