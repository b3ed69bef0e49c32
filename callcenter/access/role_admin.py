"""Roles, in Set-up: the built-in three to read, and roles of one's own from the same rights."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.access.fresh import needs_fresh_sign_in
from callcenter.access.own_roles import NOT_YOURS, lacking, rights_of_roles, set_rights
from callcenter.access.rights import RIGHTS, ROLES
from callcenter.access.role_words import role_in_words
from callcenter.access.roles import Person
from callcenter.access.setup import SetupAdmin
from callcenter.audit.models import record
from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import Edited, State


class RoleForm(EditsModelRow):
    """Makes or changes a role of one's own: its name and its rights."""

    edited = Edited(["name", "rights"])

    editor: ClassVar[Person]
    """The person who edits; `RoleAdmin.get_form` sets it."""

    rights = forms.MultipleChoiceField(
        label=_("Permissions of this role"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You can tick only permissions that you have yourself, unless you are an admin."),
    )

    class Meta:
        model = Group
        fields = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["rights"].choices = [(right.code, gettext(right.label)) for right in RIGHTS]
        if self.instance.pk:
            fields["rights"].initial = sorted(rights_of_roles([self.instance]))

    def read(self, row: Any) -> State:
        """Return what the page shows of a role."""
        return {"name": row.name, "rights": sorted(rights_of_roles([row]))}

    def typed_values(self) -> dict[str, Any]:
        """Return what was typed; the rights in the order in which they are compared."""
        typed = super().typed_values()
        return typed | ({"rights": sorted(typed["rights"])} if "rights" in typed else {})

    def words_of(self, column: str, key: str | None, value: Any) -> Any:
        """Return a value in words, rights by their names."""
        if column == "rights":
            return ", ".join(gettext(right.label) for right in RIGHTS if right.code in (value or ()))
        return super().words_of(column, key, value)

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean_rights(self) -> list[str]:
        """Return the chosen rights. Raises ValidationError for one that is given or taken by who does not hold it."""
        chosen: list[str] = self.cleaned_data["rights"]
        before = rights_of_roles([self.instance]) if self.instance.pk else frozenset()
        beyond = lacking(self.editor, before.symmetric_difference(chosen))
        if beyond:
            names = ", ".join(gettext(label) for label in beyond)
            raise ValidationError(NOT_YOURS, params={"rights": names}, code="not_held")
        return chosen


class RoleAdmin(SetupAdmin):
    """The page of roles: the built-in ones, whose only source is the table in the code, and those made here."""

    form = RoleForm
    right = "manage_people"
    plural = _("roles")
    list_display = ["shown_name", "people"]
    fields = ["name", "rights"]
    search_fields: ClassVar[list[str]] = []

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        """Return the roles with the number of people who hold them."""
        found: QuerySet[Group] = super().get_queryset(request)
        return found.annotate(held_by=Count("user"))

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return name and rights; of a role that cannot be changed, the rights as a sentence."""
        return ["name", "rights"] if self.has_change_permission(request, obj) else ["shown_name", "rights_in_words"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the sentence of a role that cannot be changed."""
        return [] if self.has_change_permission(request, obj) else ["shown_name", "rights_in_words"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow changing roles of one's own, not the built-in ones."""
        return super().has_change_permission(request, obj) and (obj is None or obj.name not in ROLES)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Return the form class with the person who edits set as its `editor`."""
        if obj is not None and not self.has_change_permission(request, obj):
            kwargs["form"] = forms.ModelForm
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"editor": request.user, "__module__": __name__})

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **kwargs: Any) -> Any:
        """Show a role under the name that pages show; only its copy carries it."""
        if obj is not None:
            shown = copy.copy(obj)
            shown.name = role_in_words(obj.name)
            context |= {"original": shown, "subtitle": str(shown)}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    @method_decorator(needs_fresh_sign_in)
    def changeform_view(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponse:
        """Show, make and change a role, after a fresh sign-in."""
        return super().changeform_view(request, *arguments, **options)

    def save_model(self, request: HttpRequest, obj: Group, form: Any, change: bool) -> None:
        """Save the role and its rights, with an audit event that tells what it might before and may now."""
        before = sorted(rights_of_roles([obj])) if change else []
        if change:
            self.save_changes(obj, form)
            if "rights" in form.changes:
                set_rights(obj, form.changes["rights"])
        else:
            obj.save()
            set_rights(obj, form.cleaned_data["rights"])
        after = sorted(rights_of_roles([obj]))
        verb = "changed" if change else "created"
        fields = self.names_for_audit(form, change)
        record(request.user, f"role.{verb}", obj, fields=fields, before=before, after=after)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save nothing more: the rights were saved with the role."""

    @admin.display(description=_("name"), ordering="name")
    def shown_name(self, role: Group) -> str:
        """Return the name as pages show it."""
        return role_in_words(role.name)

    @admin.display(description=_("people"))
    def people(self, role: Group) -> int:
        """Return how many people hold the role."""
        return int(getattr(role, "held_by", 0))

    @admin.display(description=_("may"))
    def rights_in_words(self, role: Group) -> str:
        """Return the names of the role's rights."""
        codes = rights_of_roles([role])
        return ". ".join(gettext(right.label) for right in RIGHTS if right.code in codes) + "."
