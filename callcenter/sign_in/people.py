"""Whom a person may invite, and whose link they may renew: admins everybody, managers the callers of their team."""

from __future__ import annotations

from django.contrib.auth.models import Group, User
from django.db.models import Q, QuerySet

from callcenter.access.models import Team
from callcenter.access.rights import CALLER, ROLES
from callcenter.access.roles import Person, may, team_of


def is_admin(person: Person) -> bool:
    """Return whether a person manages every user."""
    return may(person, "change_settings")


def managed_by(person: Person) -> QuerySet[User]:
    """Return the users whom a person may invite anew: an admin all but superusers, a manager callers of their team."""
    users = User.objects.select_related("membership__team").prefetch_related("groups")
    if is_admin(person):
        return users if person.is_superuser else users.filter(is_superuser=False)
    team = team_of(person)
    above = User.objects.filter(Q(groups__name__in=[role for role in ROLES if role != CALLER]) | Q(is_superuser=True))
    if team is None:
        return users.none()
    return users.filter(membership__team_id=team, groups__name=CALLER).exclude(pk__in=above.values("pk"))


def roles_given_by(person: Person) -> QuerySet[Group]:
    """Return the roles that a person may give."""
    return Group.objects.filter(name__in=ROLES if is_admin(person) else [CALLER])


def teams_given_by(person: Person) -> QuerySet[Team]:
    """Return the teams that a person may put somebody in."""
    teams = Team.objects.all()
    return teams if is_admin(person) else teams.filter(pk=team_of(person) or 0)
