"""The form of a list."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing.people_rows import plain_text
from campaigns.models.contacts import MAX_LIST_NAME


class ListForm(forms.Form):
    """The name of a list."""

    name = forms.CharField(label=_("Name of the list"), max_length=MAX_LIST_NAME)

    def clean_name(self) -> str:
        """Return the name as one line."""
        return plain_text(self.cleaned_data["name"], MAX_LIST_NAME)
