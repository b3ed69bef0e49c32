"""The mixin of forms that edit a row: sends along what was shown, and shows both values where both changed one."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.db import models, transaction
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.edits.shown import BothChanged, Shown, name_of, seal, unseal, who_changed
from callcenter.edits.states import UNKNOWN, Edited, Path, State, at, column_of, decode, encode, state_of
from callcenter.formats.calendars import whole_moment

if TYPE_CHECKING:
    Form = forms.Form
    RowModelForm = forms.ModelForm[Any]
else:
    Form, RowModelForm = object, forms.ModelForm

SHOWN, TAKE = "shown", "take:"
"""Names of the hidden input with what the page showed, and of the choices between two values."""
CHANGED_MEANWHILE = gettext_lazy("Another user changed this in the meantime. Choose which value to save.")


@dataclass(frozen=True, slots=True)
class BothValues:
    """Two values of one part of a form: what its person typed, and what is stored now."""

    name: str
    label: str
    typed: str
    stored: str
    who: str
    """Who changed it; empty where nothing says it."""
    at: datetime.datetime | None
    takes: str
    """"mine" or "theirs"."""

    @property
    def html_name(self) -> str:
        """The name of its choice in the form."""
        return f"{TAKE}{self.name}"


class EditsRow(Form):
    """A form that edits a row: only what its person changed is written, and never over a change that they did not see.

    A subclass names its columns in `edited` (by default, the model's columns among its fields). `row` is the row as it
    is stored; a model form works on a copy of it that holds what the page had shown, so that what is left alone counts
    as left alone. A plain form gets its row by `begin`.
    """

    edited: ClassVar[Edited | None] = None
    data: Any
    row: models.Model | None = None
    _about: str = ""
    _current: State
    _shown: Shown | None = None
    _both: Sequence[BothValues] = ()
    _is_new_view: bool = False

    def begin(self, data: Any, row: models.Model | None, *, about: str = "", state: State | None = None) -> None:
        """Take the row that is edited; `about` and `state` stand for it where a form edits no single row."""
        self.row = row
        self._about = about or (name_of(row) if row is not None else "")
        self._current = state if state is not None else self.read(row) if row is not None else {}
        if data is not None and self._about:
            taken = {name.removeprefix(TAKE): data.get(name) for name in data if name.startswith(TAKE)}
            self._shown = Shown(self.spec, unseal(self._about, data.get(SHOWN) or ""), taken)

    @property
    def spec(self) -> Edited:
        """What is edited, and what of it belongs together."""
        if self.edited is None:
            raise TypeError(f"{type(self).__name__} does not say which columns it edits.")
        return self.edited

    def read(self, row: models.Model) -> State:
        """Return what the page shows of a row."""
        return state_of(row, self.spec.columns)

    @property
    def shown_values(self) -> Shown | None:
        """What the page had shown, for the service that saves; None for a new row."""
        return self._shown

    @property
    def shown(self) -> str:
        """The hidden input with what this page shows; every template of such a form carries it."""
        if not self._about:
            return SafeString("")
        state = self._current
        if self._shown is not None and self._shown.state is not None and not self._is_new_view:
            state = self._shown.state
        return format_html('<input type="hidden" name="{}" value="{}">', SHOWN, seal(self._about, state))

    # Both changed one

    def show_anew(self, stored: State) -> None:
        """Send along what is stored now in place of what the page had shown."""
        self._current, self._is_new_view = stored, True

    def show_both(self, both: BothChanged, person: Any = None) -> None:
        """Show both values of each part that both changed; what was typed stays, and the next save knows both."""
        self.show_anew(both.stored)
        self._show(both.names, both.typed, both.stored, person)
        for name in both.names:
            field = next(
                (one for path in self._paths(name, both) if (one := self.field_of(*path)) in self.fields), None
            )
            self.add_error(field, forms.ValidationError(str(CHANGED_MEANWHILE), code="both_changed"))

    @property
    def both_changed(self) -> Sequence[BothValues]:
        """What both changed: found just now, or chosen between already where the form is shown for another reason."""
        if not self._both and self._shown is not None and self._shown.state is not None and self._shown.taken:
            given: Mapping[str, Any] = getattr(self, "cleaned_data", {})
            typed = {name: encode(given[name]) for name in self.spec.columns if name in given}
            self._show(list(self._shown.taken), typed, self._shown.state, None)
        return self._both

    def _show(self, names: Sequence[str], typed: State, stored: State, person: Any) -> None:
        parts = self.spec.parts(typed, stored)
        found = []
        for name in names:
            if name not in parts:
                continue
            paths = [path for path in parts[name] if path[0] in typed]
            known = who_changed(self.row, paths[0][0], getattr(person, "pk", None)) if self.row and paths else None
            found.append(
                BothValues(
                    name=name,
                    label=str(self.label_of(*parts[name][0])),
                    typed=self._in_words(paths, typed),
                    stored=self._in_words(paths, stored),
                    who=known[0] if known else "",
                    at=known[1] if known else None,
                    takes=(self._shown.taken.get(name) if self._shown else "") or "mine",
                )
            )
        self._both = found

    def _paths(self, name: str, both: BothChanged) -> list[Path]:
        return self.spec.parts(both.typed, both.stored).get(name, [])

    def _in_words(self, paths: Sequence[Path], state: State) -> str:
        values = [(path, at(state, path)) for path in paths]
        found = [str(self.words_of(*path, value)) for path, value in values if value is not UNKNOWN]
        said = [words for words in found if words]
        return " · ".join(said) if said else _("empty")

    # Words; a form with columns of its own kind writes them itself

    def field_of(self, column: str, key: str | None) -> str:
        """Return the name of the form's field of a part."""
        return column

    def label_of(self, column: str, key: str | None) -> str | Promise:
        """Return the label of a part."""
        if (field := self.fields.get(self.field_of(column, key))) is not None and field.label:
            return f"{field.label}: {key}" if key and self.field_of(column, key) == column else field.label
        found = column_of(type(self.row), column) if self.row is not None else None
        return capfirst(str(getattr(found, "verbose_name", column)))

    def words_of(self, column: str, key: str | None, value: Any) -> str | Promise:
        """Return a stored value in words; empty for none."""
        field: Any = column_of(type(self.row), column) if self.row is not None and key is None else None
        if value in (None, "", [], {}):
            return ""
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if field is not None and field.is_relation:
            rows = field.related_model._default_manager.filter(pk__in=value if isinstance(value, list) else [value])
            return ", ".join(str(row) for row in rows)
        if field is not None and field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if isinstance(field, models.DateTimeField) and (moment := parse_datetime(value)):
            return whole_moment(moment)
        if isinstance(field, models.TimeField):
            return str(value)[:5]
        if isinstance(value, Mapping):
            return ", ".join(f"{name}: {one}" for name, one in value.items())
        return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


class EditsModelRow(EditsRow, RowModelForm):
    """A model form that edits a row."""

    changes: Mapping[str, Any] | None = None
    """Values to write, as the columns take them; `join_now` sets them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        data = args[0] if args else kwargs.get("data")
        row = kwargs.get("instance")
        if row is not None and row.pk is not None:
            self.begin(data, row)
            if self._shown is not None:
                kwargs["instance"] = self._shown.onto(row)
        super().__init__(*args, **kwargs)

    @property
    def spec(self) -> Edited:
        """What is edited; without `edited`, the columns of the model among the form's fields."""
        if self.edited is not None:
            return self.edited
        columns = [*self._meta.model._meta.concrete_fields, *self._meta.model._meta.many_to_many]
        return Edited([field.name for field in columns if self._is_editable(field.name)])

    def _is_editable(self, name: str) -> bool:
        field = self.base_fields.get(name)
        return field is not None and not field.disabled

    def typed_values(self) -> dict[str, Any]:
        """Return what was typed, by column."""
        return {name: self.cleaned_data[name] for name in self.spec.columns if name in self.cleaned_data}

    def join_now(self, person: Any) -> None:
        """Set `changes`, or show both values of what both changed; for forms that are saved in this transaction."""
        if self.errors or self.row is None or self._shown is None:
            return
        rows = type(self.row)._default_manager.all()
        if transaction.get_connection().in_atomic_block:
            rows = rows.select_for_update(of=("self",))
        # The one row of settings is not stored before its first change.
        row = self.row if self.row._state.adding else rows.get(pk=self.row.pk)
        try:
            found = self._shown.join(self.typed_values(), self.read(row))
        except BothChanged as both:
            self.show_both(both, person)
        else:
            self.changes = {name: decode(type(row), name, value) for name, value in found.items()}
