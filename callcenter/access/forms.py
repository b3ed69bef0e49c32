"""Forms of accounts: name, roles, team and time zone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.contrib.auth.forms import UserChangeForm
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.access.holders import holders_of
from callcenter.access.models import FurtherTeam, Membership, Team
from callcenter.access.own_roles import NOT_YOURS, given_by, is_admin, lacking, rights_of_roles, sync_staff
from callcenter.access.reach import teams_of
from callcenter.access.rights import ADMIN
from callcenter.access.role_words import role_in_words
from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import Edited, State, encode, state_of
from callcenter.formats.zones import zone_choices, zone_named
from callcenter.parameters import RowsField

if TYPE_CHECKING:
    ChangeForm = UserChangeForm[User]
    GroupsField = forms.ModelMultipleChoiceField[Group]
    TeamField = forms.ModelChoiceField[Team]
    TeamsField = forms.ModelMultipleChoiceField[Team]
else:
    ChangeForm = UserChangeForm
    GroupsField, TeamField, TeamsField = (
        forms.ModelMultipleChoiceField,
        forms.ModelChoiceField,
        forms.ModelMultipleChoiceField,
    )

SELF = _("You cannot change your own roles or turn off your own account. Ask another admin.")
NOT_YOUR_TEAM = _("You can add users only to your own teams, and remove them only from your own teams. Ask an admin.")
IN_TABLES_OF_THEIR_OWN = frozenset({"roles", "team", "further_teams"})
"""What an account's page edits beside columns of the account."""
LAST = _("This is the last user who can change settings. Give another user the Admins role first.")


def admins() -> QuerySet[User]:
    """Return the active admins, locked for update so that two of them cannot demote each other at once."""
    return User.objects.select_for_update(of=("self",)).filter(
        Q(pk__in=User.objects.filter(groups__name=ADMIN).values("pk")) | Q(is_superuser=True),
        is_active=True,
        is_staff=True,
    )


class RolesField(RowsField):
    """Chosen roles, by their names as pages show them."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the name of a role."""
        return role_in_words(obj.name)


def roles_field() -> GroupsField:
    """Return a field of checkboxes, one for each role."""
    return RolesField(
        label=_("Roles"),
        queryset=Group.objects.order_by("pk"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Callers make calls and run campaigns. Managers also approve campaigns and see everything. "
            "Admins manage settings."
        ),
    )


def team_field() -> TeamField:
    """Return a field that chooses a team or none."""
    return forms.ModelChoiceField(
        label=_("Team"),
        queryset=Team.objects.all(),
        required=False,
        help_text=_("The user sees the work of this team, and what they create belongs to it."),
    )


def further_teams_field() -> TeamsField:
    """Return a field that chooses further teams."""
    return RowsField(
        label=_("Other teams"),
        queryset=Team.objects.all(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The user can also see and edit the work of these teams, for example if they lead several teams."),
    )


def give_roles(person: User, groups: Iterable[Group]) -> None:
    """Set a person's roles to exactly these."""
    person.groups.set(groups)
    sync_staff(person)


def put_in_team(person: User, team: Team | None) -> None:
    """Put a person in one team, or in none."""
    if team is None:
        Membership.objects.filter(user=person).delete()
    else:
        Membership.objects.update_or_create(user=person, defaults={"team": team})


def put_in_further_teams(person: User, teams: Iterable[Team]) -> None:
    """Let a person see and change the work of exactly these teams besides their own."""
    chosen = list(teams)
    FurtherTeam.objects.filter(user=person).exclude(team__in=chosen).delete()
    FurtherTeam.objects.bulk_create([FurtherTeam(user=person, team=team) for team in chosen], ignore_conflicts=True)


class GivesRights(forms.Form):
    """What forms of accounts have in common: nobody gives, or takes, rights or sight that they do not have."""

    editor: ClassVar[User]
    """The person who edits; `PersonAdmin.get_form` sets it."""

    def clean_roles(self) -> QuerySet[Group]:
        """Return the chosen roles. Raises ValidationError where one is given or taken by who may not."""
        chosen: QuerySet[Group] = self.cleaned_data["roles"]
        if self.fields["roles"].disabled:
            return chosen
        person: User = self.instance  # type: ignore[attr-defined]
        before = set(person.groups.all()) if person.pk else set()
        changed = before.symmetric_difference(chosen)
        if changed.difference(given_by(self.editor)):
            names = ", ".join(gettext(label) for label in lacking(self.editor, rights_of_roles(changed)))
            raise ValidationError(NOT_YOURS, params={"rights": names or ADMIN}, code="not_held")
        return chosen

    def clean_team(self) -> Team | None:
        """Return the team. Raises ValidationError where the editor is not in it, or was not in the one before."""
        chosen: Team | None = self.cleaned_data["team"]
        person: User = self.instance  # type: ignore[attr-defined]
        before = Team.objects.filter(memberships__user=person.pk).first() if person.pk else None
        self._demand_teams({before, chosen} - {None} if before != chosen else set())
        return chosen

    def clean_further_teams(self) -> QuerySet[Team]:
        """Return the further teams. Raises ValidationError where the editor is not in one that changes."""
        chosen: QuerySet[Team] = self.cleaned_data["further_teams"]
        person: User = self.instance  # type: ignore[attr-defined]
        before = set(Team.objects.filter(further_members__user=person.pk)) if person.pk else set()
        self._demand_teams(before.symmetric_difference(chosen))
        return chosen

    def _demand_teams(self, changed: set[Any]) -> None:
        if not is_admin(self.editor) and {team.pk for team in changed} - teams_of(self.editor).own:
            raise ValidationError(NOT_YOUR_TEAM, code="not_held")


class UserForm(GivesRights, EditsModelRow, ChangeForm):
    """Changes an account, its roles and its teams."""

    edited = Edited(["username", "first_name", "last_name", "email", "is_active", "roles", "team", "further_teams"])

    password = None  # type: ignore[assignment] # chosen by its owner alone
    roles = roles_field()
    team = team_field()
    further_teams = further_teams_field()

    successor = forms.ModelChoiceField(
        label=_("When turned off, work goes to"),
        queryset=User.objects.none(),
        required=False,
        empty_label=_("nobody: campaigns pause"),
        help_text=_(
            "Takes over this user’s campaigns, scheduled starts, exports and assigned calls. If nobody is "
            "chosen, running campaigns pause and scheduled starts are cancelled."
        ),
    )

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email", "is_active")
        field_classes: ClassVar = UserChangeForm.Meta.field_classes

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields["roles"].initial = self.instance.groups.all()
            successors = holders_of("launch_campaign").exclude(pk=self.instance.pk)
            cast("forms.ModelChoiceField[User]", self.fields["successor"]).queryset = successors
            self.fields["team"].initial = Team.objects.filter(memberships__user=self.instance).first()
            self.fields["further_teams"].initial = Team.objects.filter(further_members__user=self.instance)
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
        columns = [name for name in self.spec.columns if name not in IN_TABLES_OF_THEIR_OWN]
        return {
            **state_of(row, columns),
            "roles": encode(row.groups.all()),
            "team": Membership.objects.filter(user=row).values_list("team", flat=True).first(),
            "further_teams": encode(Team.objects.filter(further_members__user=row)),
        }

    def typed_values(self) -> dict[str, Any]:
        """Return what was typed; an account's own roles and its being active cannot be changed by itself."""
        return {name: value for name, value in super().typed_values().items() if not self.fields[name].disabled}

    def words_of(self, column: str, key: str | None, value: Any) -> Any:
        """Return a value in words, roles and team by their names."""
        if column in IN_TABLES_OF_THEIR_OWN:
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
        is_asked = not self.is_self and not stays and not self.errors
        if is_asked and [person.pk for person in admins()] == [self.instance.pk]:
            raise ValidationError(LAST, code="last_admin")
        return found


class ClockForm(forms.Form):
    """The time zone in which a user sees and enters times."""

    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        help_text=_("Used for all dates and times you see or enter."),
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
