"""Forms of accounts: name, roles, team and time zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from callcenter.access.holders import holders_of
from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, ROLES
from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import Edited, State, encode, state_of
from callcenter.formats.zones import zone_choices, zone_named
from callcenter.parameters import RowsField

if TYPE_CHECKING:
    ChangeForm = UserChangeForm[User]
    GroupsField = forms.ModelMultipleChoiceField[Group]
    TeamField = forms.ModelChoiceField[Team]
else:
    ChangeForm = UserChangeForm
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


class UserForm(EditsModelRow, ChangeForm):
    """Changes an account, its roles and its team."""

    edited = Edited(["username", "first_name", "last_name", "email", "is_active", "roles", "team"])

    editor: ClassVar[User]
    """The person who edits; `PersonAdmin.get_form` sets it."""

    password = None  # type: ignore[assignment] # chosen by its owner alone
    roles = roles_field()
    team = team_field()

    successor = forms.ModelChoiceField(
        label=_("When switched off, work goes to"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("nobody: campaigns pause"),
        help_text=_(
            "Takes over campaigns, start times, exports and calls that were given to this user. Without a successor "
            "running campaigns pause and start times are canceled."
        ),
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")
        field_classes: ClassVar = UserChangeForm.Meta.field_classes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["roles"].initial = self.instance.groups.filter(name__in=ROLES)
            successors = holders_of("launch_campaign").exclude(pk=self.instance.pk)
            cast("forms.ModelChoiceField[User]", self.fields["successor"]).queryset = successors
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
        return bool(self.instance.pk == self.editor.pk)

    def read(self, row: Any) -> State:
        """Return what the page shows of an account, with its roles and team."""
        columns = [name for name in self.spec.columns if name not in {"roles", "team"}]
        return {
            **state_of(row, columns),
            "roles": encode(row.groups.filter(name__in=ROLES)),
            "team": Membership.objects.filter(user=row).values_list("team", flat=True).first(),
        }

    def typed_values(self) -> dict[str, Any]:
        """Return what was typed; an account's own roles and its being active cannot be changed by itself."""
        return {name: value for name, value in super().typed_values().items() if not self.fields[name].disabled}

    def words_of(self, column: str, key: str | None, value: Any) -> Any:
        """Return a value in words, roles and team by their names."""
        if column in {"roles", "team"}:
            rows = (Group if column == "roles" else Team)._default_manager.filter(
                pk__in=value if isinstance(value, list) else [value]
            )
            return ", ".join(str(row) for row in rows)
        return super().words_of(column, key, value)

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


class ClockForm(forms.Form):
    """The time zone in which a user sees and enters times."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Dates and times are shown in this zone, and what you type is read in it."),
        widget=forms.Select({"dir": "ltr"}),
    )

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        kept = str(self.initial.get("time_zone", ""))
        # A zone by another name, such as Iran, stays what it is until another is chosen.
        names = zone_choices() if not kept or kept in zone_choices() else (kept, *zone_choices())
        browser = str(self.data.get("time_zone", ""))
        if browser not in names and zone_named(browser) is not None:
            names = (browser, *names)
        cast(forms.ChoiceField, self.fields["time_zone"]).choices = [(name, name.replace("_", " ")) for name in names]
