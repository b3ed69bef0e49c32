"""Daily spending limits of teams and users: set, changed and removed by admins, each with an audit event."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import transaction

from callcenter.access.models import Team
from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.edits.shown import Shown
from callcenter.edits.states import State, encode
from campaigns.core import budget, day_caps
from campaigns.core.day_caps import CapToday
from campaigns.models import DayCap
from campaigns.reasons import MoneyWait


@dataclass(frozen=True, slots=True)
class LimitToday:
    """A limit of a team or user, and what is left of it today."""

    limit: DayCap
    today: CapToday


def limits_today() -> list[LimitToday]:
    """Return all limits of teams and users with what is used of them today, teams first, then by name and currency."""
    limits = sorted(
        DayCap.objects.select_related("team", "person"),
        key=lambda limit: (limit.team_id is None, str(limit.team or limit.person), limit.currency),
    )
    found = []
    for currency in sorted({limit.currency for limit in limits}):
        of_it = [limit for limit in limits if limit.currency == currency]
        shown = day_caps.today_of({_key(limit): limit.amount for limit in of_it}, currency)
        found += [LimitToday(limit, today) for limit, today in zip(of_it, shown, strict=True)]
    return sorted(found, key=lambda one: limits.index(one.limit))


def _key(limit: DayCap) -> tuple[MoneyWait, int]:
    return (MoneyWait.TEAM_DAY, limit.team_id) if limit.team_id else (MoneyWait.PERSON_DAY, limit.person_id or 0)


def key_of(whose: Team | User, currency: str) -> str:
    """Return what names the limit of a team or user in one currency."""
    return f"{whose._meta.model_name} {whose.pk} {currency}"


def limits_state() -> State:
    """Return the amounts of all limits by `key_of`, as their form shows them."""
    limits = DayCap.objects.select_related("team", "person")
    return {"limits": {key_of(one.team or one.person, one.currency): encode(one.amount) for one in limits}}  # type: ignore[arg-type]


def set_limit(
    person: Person, whose: Team | User, currency: str, amount: Decimal, shown: Shown | None = None
) -> DayCap | None:
    """Set or change the limit of a team or user in one currency; who waits for money looks again at once.

    Returns None where nothing was changed. Raises PermissionDenied, and BothChanged if somebody else changed the limit
    since the page was shown.
    """
    _demand(person)
    of = {"team": whose} if isinstance(whose, Team) else {"person": whose}
    with transaction.atomic():
        if shown is not None:
            # Under the lock of whose it is: a new limit has no row of its own yet.
            type(whose)._default_manager.select_for_update().get(pk=whose.pk)
            before = shown.state or limits_state()
            typed = {"limits": {**before["limits"], key_of(whose, currency): encode(amount)}}
            if not shown.join(typed, limits_state()):
                return None
        was = DayCap.objects.filter(**of, currency=currency).values_list("amount", flat=True).first()
        limit, _is_new = DayCap.objects.update_or_create(**of, currency=currency, defaults={"amount": amount})
        kept = {"before": str(was)} if was is not None else {}
        record(person, "spending_limit.set", whose, amount=str(amount), currency=currency, **kept)
        transaction.on_commit(budget.wake_waiting)
    return limit


def remove_limit(person: Person, limit_id: int) -> None:
    """Remove a limit; who waits for money looks again at once. Raises PermissionDenied and DayCap.DoesNotExist."""
    _demand(person)
    with transaction.atomic():
        limit = DayCap.objects.select_related("team", "person").get(pk=limit_id)
        record(
            person,
            "spending_limit.removed",
            limit.team or limit.person,
            currency=limit.currency,
            before=str(limit.amount),
        )
        limit.delete()
        transaction.on_commit(budget.wake_waiting)


def _demand(person: Person) -> None:
    if not may(person, "manage_providers"):
        raise PermissionDenied("manage_providers")
