"""Which users a person is told of by name: everybody, or those of their own teams and those of none."""

from __future__ import annotations

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

from callcenter.access.holders import in_teams
from callcenter.access.models import FurtherTeam
from callcenter.access.reach import sight_of
from callcenter.access.roles import Person

_KEPT = "_unknown_users_of_the_request"
"""Attribute of a user under which the ids of those whom they are not told of are kept: for one request."""


def known_to(person: Person, users: QuerySet[User], *, but: Collection[int] = ()) -> QuerySet[User]:
    """Return those of the users whom a person may be offered or told of; who reaches everything is told of all.

    Those of the ids in `but` are told of whatever their team.
    """
    reach = sight_of(person)
    if reach.is_everything:
        return users
    of_none = Q(membership__isnull=True) & ~Q(pk__in=FurtherTeam.objects.values("user"))
    return users.filter(Q(pk__in=[reach.person, *but]) | in_teams(reach.teams) | of_none)


def is_known_to(person: Person, user: int) -> bool:
    """Return whether a person is told of one user, by their id; read once for each object of a person."""
    unknown: frozenset[int] | None = getattr(person, _KEPT, None)
    if unknown is None:
        known = known_to(person, User.objects.all())
        all_known = sight_of(person).is_everything
        unknown = frozenset(
            () if all_known else User.objects.exclude(pk__in=known.values("pk")).values_list("pk", flat=True)
        )
        setattr(person, _KEPT, unknown)
    return user not in unknown
