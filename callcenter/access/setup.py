"""What every page of the Set-up area has in common: open by right, never deleting, writing only what was edited."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.core.paginator import Paginator
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise, cached_property
from django.utils.text import capfirst

from callcenter.access.roles import Person, may
from callcenter.audit.models import record
from callcenter.formats.calendars import whole_moment

MOST_COUNTED = 10_000

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
    AnyPaginator = Paginator[Any]
else:
    ModelAdmin = admin.ModelAdmin
    AnyPaginator = Paginator


class CappedPaginator(AnyPaginator):
    """Counts no further than 10,000 rows, so that a page of a million calls opens at once; filters find the rest."""

    @cached_property
    def count(self) -> int:
        """The number of rows, at most 10,000."""
        rows = cast("models.QuerySet[Any]", self.object_list)
        return int(rows.order_by()[:MOST_COUNTED].count())


def write_moment(column: models.Field[Any, Any]) -> Callable[[models.Model], str]:
    """Return a function that writes one instant of a row."""

    @admin.display(description=column.verbose_name, ordering=column.name, empty_value="-")
    def write(row: models.Model) -> str:
        value = getattr(row, column.name)
        return whole_moment(value) if value else "-"

    return write


class SetupAdmin(ModelAdmin):
    """A page of the Set-up area."""

    actions = None
    list_per_page = 50
    paginator = CappedPaginator
    show_full_result_count = False

    plural: str | Promise = ""
    """What the page is called in the work's words, where the rows' own name is not."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Call the page what it shows."""
        title = capfirst(str(self.plural or self.opts.verbose_name_plural))
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Leave out the second and third way to save."""
        context = {"show_save_and_add_another": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        """Write instants as the console does: in Persian of both calendars."""
        return [self._written(name) for name in super().get_list_display(request)]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *rest: Any, **kwargs: Any) -> Any:
        """Write instants that are only shown as the console does."""
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
        """Return what writes a column: itself, or for an instant a function that writes both calendars."""
        column = self._columns.get(name) if isinstance(name, str) and not hasattr(self, name) else None
        return name if column is None else self._writers.setdefault(name, write_moment(column))

    @cached_property
    def _columns(self) -> dict[str, models.Field[Any, Any]]:
        return {field.name: field for field in self.opts.fields if isinstance(field, models.DateTimeField)}

    @cached_property
    def _writers(self) -> dict[str, Any]:
        return {}

    def formfield_for_dbfield(self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out the icons that edit, add and delete what a row only points at."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        return field

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Open to whoever sets providers up."""
        return may(cast(Person, request.user), "manage_providers")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Open to whoever sets providers up."""
        return may(cast(Person, request.user), "manage_providers")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Open to whoever sets providers up."""
        return may(cast(Person, request.user), "manage_providers")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Open to whoever sets providers up."""
        return may(cast(Person, request.user), "manage_providers")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Closed: rows are switched off, because calls and the audit point at them."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: ModelForm[Any], change: bool) -> None:
        """Save what was edited and nothing else: a worker may have written the other columns meanwhile."""
        if change:
            columns = {field.name for field in obj._meta.concrete_fields}
            if edited := [name for name in form.changed_data if name in columns]:
                obj.save(update_fields=edited)
        else:
            obj.save()
        verb = "changed" if change else "created"
        record(request.user, f"{obj._meta.model_name}.{verb}", obj, fields=list(form.changed_data))


class ReadOnlyAdmin(SetupAdmin):
    """A page that shows and never writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Closed."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Closed."""
        return False
