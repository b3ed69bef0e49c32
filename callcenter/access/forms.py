"""Forms of accounts: name, roles and team."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, ROLES
from callcenter.parameters import RowsField

if TYPE_CHECKING:
    CreationForm = AdminUserCreationForm[User]
    ChangeForm = UserChangeForm[User]
    GroupsField = forms.ModelMultipleChoiceField[Group]
    TeamField = forms.ModelChoiceField[Team]
else:
    CreationForm, ChangeForm = AdminUserCreationForm, UserChangeForm
    GroupsField, TeamField = forms.ModelMultipleChoiceField, forms.ModelChoiceField

SELF = _("You cannot change your own roles or switch yourself off. Ask another admin.")
LAST = _("This is the last person who can set things up. Give somebody else the role Admins first.")


def admins() -> QuerySet[User]:
    """Return the active admins, locked for update so that two of them cannot demote each other at once."""
    return User.objects.select_for_update(of=("self",)).filter(
        Q(pk__in=User.objects.filter(groups__name=ADMIN).values("pk")) | Q(is_superuser=True),
        is_active=True,
        is_staff=True,
    )


def roles_field() -> GroupsField:
    """Return a field of checkboxes, one for each role."""
    return RowsField(
        label=_("Roles"),
        queryset=Group.objects.filter(name__in=ROLES),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Callers call and run campaigns, managers also approve and read everything, admins set things up."),
    )


def team_field() -> TeamField:
    """Return a field that chooses a team or none."""
    return forms.ModelChoiceField(
        label=_("Team"), queryset=Team.objects.all(), required=False, help_text=_("Whose work this person sees.")
    )


def give_roles(person: User, groups: Iterable[Group]) -> None:
    """Set a person's roles to exactly these; groups that are not roles stay as they are."""
    chosen = list(groups)
    person.groups.set([*person.groups.exclude(name__in=ROLES), *chosen])
    is_staff = person.is_superuser or any(group.name == ADMIN for group in chosen)
    User.objects.filter(pk=person.pk).update(is_staff=is_staff)
    person.is_staff = is_staff


def put_in_team(person: User, team: Team | None) -> None:
    """Put a person in one team, or in none."""
    if team is None:
        Membership.objects.filter(user=person).delete()
    else:
        Membership.objects.update_or_create(user=person, defaults={"team": team})


class NewUserForm(CreationForm):
    """Adds an account, with its roles and team."""

    roles = roles_field()
    team = team_field()

    class Meta(AdminUserCreationForm.Meta):
        model = User
        fields = ("username", "first_name", "last_name", "email")


class UserForm(ChangeForm):
    """Changes an account, its roles and its team."""

    editor: ClassVar[User]
    """The person who edits; `PersonAdmin.get_form` sets it."""

    roles = roles_field()
    team = team_field()

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")
        field_classes: ClassVar = UserChangeForm.Meta.field_classes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["roles"].initial = self.instance.groups.filter(name__in=ROLES)
            self.fields["team"].initial = Team.objects.filter(memberships__user=self.instance).first()
        if self.is_self:
            for name in ("roles", "is_active"):
                if name in self.fields:
                    self.fields[name].disabled = True
                    self.fields[name].required = False
                    self.fields[name].help_text = SELF

    @property
    def is_self(self) -> bool:
        """Whether the editor edits their own account."""
        return self.instance.pk == self.editor.pk

    def clean(self) -> dict[str, Any]:
        """Refuse a change that would leave no active admin."""
        super().clean()
        found: dict[str, Any] = self.cleaned_data
        stays = found.get("is_active", True) and (
            self.instance.is_superuser or any(group.name == ADMIN for group in found.get("roles", ()))
        )
        if not self.is_self and not stays and not self.errors:
            others = [person.pk for person in admins() if person.pk != self.instance.pk]
            if not others:
                raise ValidationError(LAST, code="last_admin")
        return found
