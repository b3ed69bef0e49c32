"""Whom a person may invite, and whose link they may renew: admins everybody, managers the callers of their team."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet

from callcenter.access.models import Team
from callcenter.access.own_roles import given_by, is_admin
from callcenter.access.reach import teams_of
from callcenter.access.rights import CALLER
from callcenter.access.roles import Person


def managed_by(person: Person) -> QuerySet[User]:
    """Return the users whom a person may invite anew: an admin all but superusers, a manager callers of their teams.

    Callers who have a role beside that one are an admin's: the link would give away whatever it lets them do.
    """
    users = User.objects.select_related("membership__team").prefetch_related("groups")
    if is_admin(person):
        return users if person.is_superuser else users.filter(is_superuser=False)
    above = User.objects.filter(Q(groups__isnull=False) & ~Q(groups__name=CALLER) | Q(is_superuser=True))
    theirs = users.filter(membership__team__in=teams_of(person).own, groups__name=CALLER)
    return theirs.exclude(pk__in=above.values("pk"))


def roles_given_by(person: Person) -> QuerySet[Group]:
    """Return the roles that a person may give: an admin all, others that of callers, if they hold its rights."""
    return given_by(person) if is_admin(person) else given_by(person).filter(name=CALLER)


def teams_given_by(person: Person) -> QuerySet[Team]:
    """Return the teams that a person may put somebody in."""
    teams = Team.objects.all()
    return teams if is_admin(person) else teams.filter(pk__in=teams_of(person).own)
