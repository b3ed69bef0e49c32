"""The form of a list."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from callcenter.formats.plain_text import plain_text
from campaigns.models import ContactList
from campaigns.models.contacts import MAX_LIST_NAME


class ListForm(EditsRow, forms.Form):
    """The name of a list, of a new one without `row`."""

    edited = Edited(["name"])

    name = forms.CharField(label=_("List name"), max_length=MAX_LIST_NAME)

    def __init__(self, data: Any = None, row: ContactList | None = None) -> None:
        super().__init__(data, initial={"name": row.name} if row else None)
        self.begin(data, row)

    def clean_name(self) -> str:
        """Return the name as one line."""
        return plain_text(self.cleaned_data["name"], MAX_LIST_NAME)
