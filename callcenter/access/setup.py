"""Base classes of the Set-up area's pages: opened by a right, without deletion, saving only the edited columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise, cached_property
from django.utils.text import capfirst

from callcenter.access.roles import Person, may
from callcenter.access.sealed_searches import sealed_query
from callcenter.audit.changes import changes
from callcenter.audit.models import record
from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import State, put, state_of
from callcenter.formats.calendars import whole_moment
from callcenter.formats.json_field import JsonField

MOST_COUNTED = 10_000

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    AnyPaginator = Paginator


class CappedPaginator(AnyPaginator):
    """Paginator whose count stops at 10,000 rows, so that a list of a million calls opens fast."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most 10,000."""
        rows = cast("models.QuerySet[Any]", self.object_list)
        return int(rows.order_by()[:MOST_COUNTED].count())


def write_moment(column: models.Field[Any, Any]) -> Callable[[models.Model], str]:
    """Return an admin display function that writes a row's date and time in the page's calendar."""

    @admin.display(description=column.verbose_name, ordering=column.name, empty_value="-")
    def write(row: models.Model) -> str:
        value = getattr(row, column.name)
        return whole_moment(value) if value else "-"

    return write


class JoinsHere:
    """What a form of the admin does besides: its view saves in the transaction in which the form is checked."""

    who: ClassVar[Any] = None

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        cast(EditsModelRow, self).join_now(self.who)


class SealedList(ChangeList):
    """A list whose links carry no number that somebody looks for."""

    def get_query_string(self, new_params: Any = None, remove: Any = None) -> str:
        """Return the query of a link within the list, sealed."""
        return "?" + sealed_query(super().get_query_string(new_params, remove).removeprefix("?"))


class SetupAdmin(ModelAdmin):
    """A page of the Set-up area."""

    form = EditsModelRow

    actions = None
    formfield_overrides: ClassVar[Any] = {models.JSONField: {"form_class": JsonField}}
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False

    right = "manage_providers"
    """The right that opens the page."""
    plural: str | Promise = ""
    """Title of the list; empty for the model's own plural name."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the class of the list."""
        return SealedList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Allow the filters of the page only: with others, a masked number could be found out digit by digit."""
        columns = [str(name if isinstance(name, str) else name[0]) for name in self.list_filter]  # type: ignore[index]
        return any(lookup == name or lookup.startswith(f"{name}__") for name in (*columns, "pk", "id"))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the list under the title `plural`."""
        title = capfirst(str(self.plural or self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Show what was done to a row. Others do not learn here whether it exists: Django looks for it first."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return super().history_view(request, object_id, extra_context)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form with one save button instead of Django's three."""
        context = {"show_save_and_add_another": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Return the columns, dates and times written as the console writes them (in Persian in both calendars)."""
        return [self._written(name) for name in super().get_list_display(request)]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *rest: Any, **kwargs: Any) -> Any:
        """Write read-only dates and times as the console writes them."""
        shown = context["adminform"]
        shown.readonly_fields = [self._written(name) for name in shown.readonly_fields]
        shown.fieldsets = [
            (title, {**options, "fields": [self._in_line(line, shown.readonly_fields) for line in options["fields"]]})
            for title, options in shown.fieldsets
        ]
        return super().render_change_form(request, context, *rest, **kwargs)

    def _in_line(self, line: Any, readonly: list[Any]) -> Any:
        if isinstance(line, list | tuple):
            return [self._in_line(name, readonly) for name in line]
        written = self._written(line)
        return written if written in readonly else line

    def _written(self, name: Any) -> Any:
        """Return the column's name; for a date and time, a display function in its place."""
        column = self._columns.get(name) if isinstance(name, str) and not hasattr(self, name) else None
        return name if column is None else self._writers.setdefault(name, write_moment(column))

    @cached_property
    def _columns(self) -> dict[str, models.Field[Any, Any]]:
        return {field.name: field for field in self.opts.fields if isinstance(field, models.DateTimeField)}

    @cached_property
    def _writers(self) -> dict[str, Any]:
        return {}

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Return the form field without the icons that add, change or delete the row a foreign key points at."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Allow people with the page's right."""
        return may(cast(Person, request.user), self.right)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people with the page's right."""
        return may(cast(Person, request.user), self.right)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow people with the page's right."""
        return may(cast(Person, request.user), self.right)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow people with the page's right."""
        return may(cast(Person, request.user), self.right)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: calls and audit events point at the rows, so they are deactivated instead."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Save only what this person changed: somebody else, or a worker, may have written the rest meanwhile."""
        before = self.stored_values(obj, form) if change else {}
        if change:
            self.save_changes(obj, form)
        else:
            obj.save()
        verb, kept = "changed" if change else "created", self.before_and_after(obj, before)
        record(request.user, f"{obj._meta.model_name}.{verb}", obj, fields=self.names_for_audit(form, change), **kept)

    @staticmethod
    def stored_values(obj: Any, form: Any) -> State:
        """Return what is stored of the columns that the form's person changes."""
        columns = {field.name for field in obj._meta.concrete_fields}
        stored = type(obj)._default_manager.get(pk=obj.pk)
        return state_of(stored, [name for name in form.changes if name in columns])

    @staticmethod
    def before_and_after(obj: Any, before: State) -> dict[str, Any]:
        """Return the values of changed columns before and after, for the audit log."""
        return changes(before, state_of(obj, before), but=getattr(type(obj), "not_in_audit", ()))

    @staticmethod
    def save_changes(obj: Any, form: Any) -> None:
        """Write the columns that the form's person changed, as joined with what is stored."""
        columns = {field.name for field in obj._meta.concrete_fields}
        changes = {name: value for name, value in form.changes.items() if name in columns}
        for name, value in changes.items():
            put(obj, name, value)
        if changes:
            obj.save(update_fields=list(changes))

    @staticmethod
    def names_for_audit(form: Any, change: bool) -> list[str]:
        """Return the names of the fields that were changed."""
        return list(form.changes) if change else list(form.changed_data)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[Any]]:
        """Return the form class; one that changes a row joins its values under the row's lock, once they are valid."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (JoinsHere, form), {"who": request.user, "__module__": __name__}) if obj else form


class ReadOnlyAdmin(SetupAdmin):
    """A page of the Set-up area that only shows rows."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        return False
