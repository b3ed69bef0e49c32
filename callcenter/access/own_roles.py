"""Roles made in Set-up beside the built-in three: what each may, and who may give which rights to whom."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.contrib.auth.models import Group, Permission, User
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from callcenter.access.rights import ADMIN, OPENS_SET_UP, RIGHTS, ROLES
from callcenter.access.roles import Person, may

NOT_YOURS = _("You can grant only permissions that you have yourself. Ask an admin for: %(rights)s.")


def is_admin(person: Person) -> bool:
    """Return whether a person is an admin: of the built-in role, or a superuser."""
    if not person.is_active or person.is_anonymous:
        return False
    return bool(person.is_superuser) or person.groups.filter(name=ADMIN).exists()


def rights_of_roles(roles: Iterable[Group]) -> frozenset[str]:
    """Return the codes of the rights that these roles give together."""
    codes = Permission.objects.filter(group__in=list(roles), content_type__app_label="access")
    known = {right.code for right in RIGHTS}
    return frozenset(known.intersection(codes.values_list("codename", flat=True)))


def rights_of(person: Person) -> frozenset[str]:
    """Return the codes of the rights that a person holds."""
    return frozenset(right.code for right in RIGHTS if may(person, right.code))


def lacking(giver: Person, codes: Collection[str]) -> list[str]:
    """Return the names of those rights that a person may not give; an admin may give all, others what they hold."""
    if is_admin(giver):
        return []
    beyond = set(codes) - rights_of(giver)
    return [right.label for right in RIGHTS if right.code in beyond]


def may_manage(giver: Person, person: User) -> bool:
    """Return whether somebody may change an account: that of nobody who may do more than they, themselves included."""
    if person.is_superuser:
        return bool(giver.is_superuser)
    if is_admin(giver):
        return True
    return not is_admin(person) and not lacking(giver, rights_of(person))


def given_by(giver: Person) -> QuerySet[Group]:
    """Return the roles that a person may give."""
    roles = Group.objects.order_by("pk")
    if is_admin(giver):
        return roles
    may_give = [role.pk for role in roles if role.name != ADMIN and not lacking(giver, rights_of_roles([role]))]
    return roles.filter(pk__in=may_give)


def set_rights(role: Group, codes: Collection[str]) -> None:
    """Give a role of one's own exactly these rights; built-in ones follow the table in `rights.py`."""
    if role.name in ROLES:
        raise ValueError(role.name)
    ours = Permission.objects.filter(content_type__app_label="access")
    role.permissions.set(ours.filter(codename__in=list(codes)))
    for person in User.objects.filter(groups=role):
        sync_staff(person)


def sync_staff(person: User) -> None:
    """Let a person into Set-up if a role of theirs opens it, and no one else."""
    is_staff = person.is_superuser or bool(OPENS_SET_UP & rights_of_roles(person.groups.all()))
    if person.is_staff != is_staff:
        User.objects.filter(pk=person.pk).update(is_staff=is_staff)
        person.is_staff = is_staff
