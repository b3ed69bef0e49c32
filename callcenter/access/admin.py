"""People, roles and teams, in Set-up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from callcenter.access.forms import UserForm, give_roles, put_in_further_teams, put_in_team
from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.models import Team
from callcenter.access.own_roles import may_manage
from callcenter.access.reach import forget_teams
from callcenter.access.role_admin import RoleAdmin
from callcenter.access.role_words import role_in_words
from callcenter.access.roles import membership_of
from callcenter.access.setup import SetupAdmin
from callcenter.audit.models import record

if TYPE_CHECKING:
    StockUserAdmin = UserAdmin[User]
else:
    StockUserAdmin = UserAdmin

for model in (User, Group):
    admin.site.unregister(model)


admin.site.register(Group, RoleAdmin)


class RoleFilter(admin.RelatedFieldListFilter):
    """The choice of a role, by the names that pages show."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Return the roles."""
        return [(key, role_in_words(str(name))) for key, name in super().field_choices(field, request, model_admin)]


@admin.register(User)
class PersonAdmin(SetupAdmin, StockUserAdmin):
    """The page of accounts: added with a role, deactivated instead of deleted; nobody changes their own roles."""

    right = "manage_people"
    plural = _("people")
    form = UserForm
    list_display = ["username", "full_name", "role_names", "team_name", "is_active", "last_login"]
    list_filter = [("groups", RoleFilter), "is_active"]
    search_fields = ["username__startswith", "first_name__startswith", "last_name__startswith", "email__startswith"]
    filter_horizontal = ()
    readonly_fields = ["last_login", "date_joined"]
    fieldsets = [
        (None, {"fields": ["username"]}),
        (_("Identity"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Permissions"), {"fields": ["roles", "team", "further_teams", "is_active", "successor"]}),
        (_("Seen"), {"fields": ["last_login", "date_joined"]}),
    ]

    @admin.display(description=_("name"))
    def full_name(self, person: User) -> str:
        """Return the first and the last name."""
        return person.get_full_name()

    @admin.display(description=_("roles"))
    def role_names(self, person: User) -> str:
        """Return the roles on one line."""
        names = [role_in_words(group.name) for group in person.groups.all()]
        if person.is_superuser:
            names.append(str(_("all permissions")))
        return ", ".join(names)

    @admin.display(description=_("team"))
    def team_name(self, person: User) -> str:
        """Return the team, if any."""
        membership = membership_of(person)
        return membership.team.name if membership else ""

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Return accounts with their roles and teams prefetched."""
        found = super().get_queryset(request)
        return found.select_related("membership__team").prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Allow changing the account of nobody who may do more than the one who edits."""
        may_change = super().has_change_permission(request, obj)
        return may_change and (obj is None or may_manage(request.user, obj))

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """Return the form class with the person who edits set as its `editor`."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"editor": request.user, "__module__": __name__})

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[Any], change: bool) -> None:
        """Save the account, then its roles and team, and write an audit event if its roles changed."""
        before = sorted(obj.groups.values_list("name", flat=True)) if change else []
        teams_before = team_names(obj) if change else []
        # Whoever hears that the account is switched off reads these.
        obj.successor = form.cleaned_data.get("successor")  # type: ignore[attr-defined]
        obj.switched_off_by = request.user  # type: ignore[attr-defined]
        super().save_model(request, obj, form, change)
        if not isinstance(form, UserForm):
            return
        changes = form.changes or {}
        if "roles" in changes:
            give_roles(obj, Group.objects.filter(pk__in=changes["roles"]))
        if "team" in changes:
            put_in_team(obj, Team.objects.filter(pk=changes["team"]).first())
        if "further_teams" in changes:
            put_in_further_teams(obj, Team.objects.filter(pk__in=changes["further_teams"]))
        forget_teams(obj)
        if (teams_after := team_names(obj)) != teams_before:
            record(request.user, "user.team_changed", obj, before=teams_before, after=teams_after)
        after = sorted(obj.groups.values_list("name", flat=True))
        if before != after:
            record(request.user, "user.roles_changed", obj, before=before, after=after)
        if "is_active" in changes:
            record(request.user, "user.switched_on" if obj.is_active else "user.switched_off", obj)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save the formsets, but not the form's many-to-many fields.

        Django would call `form.save_m2m()` here; roles and team are not fields of the model and were saved in
        `save_model`.
        """
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Lead to the page that invites: nobody chooses a password for somebody else."""
        return redirect("invite")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        """Lead to the page of users, where a link for a new password is made."""
        return redirect("users")

    @method_decorator(needs_fresh_sign_in)
    def changeform_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        """Show and change an account, after a fresh sign-in."""
        return super().changeform_view(request, *arguments, **options)


def team_names(person: User) -> list[str]:
    """Return the names of a person's teams, in order."""
    theirs = Q(memberships__user=person.pk) | Q(further_members__user=person.pk)
    return sorted(set(Team.objects.filter(theirs).values_list("name", flat=True)))


@admin.register(Team)
class TeamAdmin(SetupAdmin):
    """Teams; people are put in them on their own page."""

    right = "manage_people"
    list_display = ["name", "people"]
    search_fields = ["name__startswith"]
    fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Team]:
        """Return the teams with their sizes."""
        found: QuerySet[Team] = super().get_queryset(request)
        return found.annotate(size=Count("memberships", distinct=True) + Count("further_members", distinct=True))

    @admin.display(description=_("people"), ordering="size")
    def people(self, team: Team) -> int:
        """Return how many people are in the team."""
        return int(getattr(team, "size", 0))
