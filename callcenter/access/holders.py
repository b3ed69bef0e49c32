"""Who holds a right: active users, by their roles, whether those are the built-in ones or made in Set-up."""

from __future__ import annotations

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet


def holders_of(code: str) -> QuerySet[User]:
    """Return the active users who hold the right `access.<code>` by a role; superusers, who hold all, only so too."""
    return User.objects.filter(
        is_active=True, groups__permissions__codename=code, groups__permissions__content_type__app_label="access"
    ).distinct()


def in_team(team: int) -> Q:
    """Return the condition of users who are in a team, as their own or as a further one."""
    return Q(membership__team=team) | Q(pk__in=User.objects.filter(further_teams__team=team).values("pk"))
