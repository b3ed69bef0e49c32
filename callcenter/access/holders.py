"""Who holds a right: active users, by their roles, whether those are the built-in ones or made in Set-up."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

_BY_GROUPS = "django.contrib.auth.backends.ModelBackend"


def holders_of(code: str, *, by_role: bool = False) -> QuerySet[User]:
    """Return the active users who hold the right `access.<code>`, by name, in one statement.

    With `by_role` superusers, who hold every right, are among them only where a role gives it to them.
    """
    found: QuerySet[User] = User.objects.with_perm(
        f"access.{code}", is_active=True, include_superusers=not by_role, backend=_BY_GROUPS
    )
    return found.order_by("username")


def in_teams(teams: Collection[int]) -> Q:
    """Return the condition of users who are in one of the teams, as their own or as a further one."""
    wanted = sorted(teams)
    further = User.objects.filter(further_teams__team__in=wanted)
    return Q(membership__team__in=wanted) | Q(pk__in=further.values("pk"))


def names_of(people: Iterable[User]) -> list[str]:
    """Return the names of people as pages show them."""
    return [person.get_full_name() or person.get_username() for person in people]
