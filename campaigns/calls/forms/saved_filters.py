"""Form that saves the filters of the call log."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote_plus

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from callcenter.formats.plain_text import plain_text
from campaigns.calls.saved_filters import filters_state


class SaveFilterForm(EditsRow, forms.Form):
    """The name of a saved filter, and whether it is shared."""

    edited = Edited(["filters"], by_key=frozenset({"filters"}))

    name = forms.CharField(label=_("Name"), max_length=80)
    is_shared = forms.BooleanField(
        label=_("Shared"),
        required=False,
        help_text=_(
            "Visible to your team, or to everybody if you have no team. Each user sees only the calls they "
            "have access to."
        ),
    )

    def __init__(self, *arguments: object, person: Person) -> None:
        super().__init__(*arguments)  # type: ignore[arg-type]
        self.begin(
            self.data if self.is_bound else None, None, about=f"filters:{person.pk}", state=filters_state(person)
        )
        if not may(person, "share_filters"):
            del self.fields["is_shared"]

    def field_of(self, column: str, key: str | None) -> str:
        """Return the field that names the filter."""
        return "name"

    def label_of(self, column: str, key: str | None) -> str:
        """Return the filter's name."""
        return key or ""

    def words_of(self, column: str, key: str | None, value: Any) -> str:
        """Return what is filtered, as it stands in the address of the log."""
        return unquote_plus(value[0]) if value else ""

    def clean_name(self) -> str:
        """Return the name as one line."""
        return plain_text(self.cleaned_data["name"], 80)
