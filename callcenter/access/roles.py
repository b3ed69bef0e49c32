"""The three roles as Django groups, and checks of a person's rights."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from callcenter.access.rights import RIGHTS, ROLES

if TYPE_CHECKING:
    from callcenter.access.models import Membership

Person = AbstractUser | AnonymousUser
P = ParamSpec("P")


def may(person: Person, code: str) -> bool:
    """Return whether a person holds the right `access.<code>`."""
    return person.has_perm(f"access.{code}")


def membership_of(person: Any) -> Membership | None:
    """Return a person's place in a team; None for nobody, an anonymous user and a person without a team."""
    return getattr(person, "membership", None)


def team_of(person: Any) -> int | None:
    """Return a person's team; None for an anonymous user and for a person without a team."""
    return getattr(membership_of(person), "team_id", None)


def needs(
    code: str,
) -> Callable[
    [Callable[Concatenate[HttpRequest, P], HttpResponseBase]],
    Callable[Concatenate[HttpRequest, P], HttpResponseBase],
]:
    """Decorate a view so that it needs a right: anonymous users are sent to the log-in, others get a 403."""
    if code not in {right.code for right in RIGHTS}:
        raise KeyError(code)

    def opened(
        view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
    ) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
        @wraps(view)
        def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not may(cast(Person, request.user), code):
                raise PermissionDenied(code)
            return view(request, *args, **kwargs)

        checked.needs_right = code  # type: ignore[attr-defined]
        return cast(Callable[Concatenate[HttpRequest, P], HttpResponseBase], login_required(checked))

    return opened


def sync_roles(**_: Any) -> None:
    """Give each role's group exactly the permissions of the table; idempotent."""
    from django.contrib.auth.models import Group, Permission
    from django.contrib.contenttypes.models import ContentType

    from callcenter.access.models import Right

    content_type = ContentType.objects.get_for_model(Right, for_concrete_model=False)
    known = {
        right.code: Permission.objects.update_or_create(
            content_type=content_type, codename=right.code, defaults={"name": right.label}
        )[0]
        for right in RIGHTS
    }
    for role in ROLES:
        group, _created = Group.objects.get_or_create(name=role)
        ours = [known[right.code] for right in RIGHTS if role in right.roles]
        group.permissions.remove(
            *group.permissions.filter(content_type=content_type).exclude(pk__in=[p.pk for p in ours])
        )
        group.permissions.add(*ours)
