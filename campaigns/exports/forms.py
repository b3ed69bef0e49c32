"""Forms that ask for a file: of which people, and in which format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from callcenter.formats.plain_text import plain_text
from campaigns.contacts.tags import MAX_TAG
from campaigns.core.scope import seen_by
from campaigns.exports.people_filters import MAX_TEXT, PeopleFilters
from campaigns.models import CallExport, ContactList


class ExportForm(forms.Form):
    """The format of the wanted file."""

    file_format = forms.ChoiceField(
        label=_("File type"),
        choices=CallExport.Format.choices,
        initial=CallExport.Format.XLSX,
        widget=forms.RadioSelect,
    )


class PeopleExportForm(ExportForm):
    """The format of a file of people: those that an import reads."""

    file_format = forms.ChoiceField(
        label=_("File type"),
        choices=[(kind.value, kind.label) for kind in CallExport.Format if kind != CallExport.Format.JSON],
        initial=CallExport.Format.XLSX,
        widget=forms.RadioSelect,
    )


class PeopleFilterForm(forms.Form):
    """Which people a file is of."""

    list = forms.ModelChoiceField(
        ContactList.objects.none(), label=_("List"), required=False, empty_label=_("Any list or none")
    )
    q = forms.CharField(
        label=_("Name or number"),
        required=False,
        max_length=MAX_TEXT,
        help_text=_("Part of it is enough. Numbers in any format."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    tag = forms.CharField(
        label=_("Tag"),
        required=False,
        max_length=MAX_TAG,
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )

    def __init__(self, data: Any, person: Person) -> None:
        super().__init__(data)
        fields: dict[str, Any] = self.fields
        fields["list"].queryset = seen_by(person, ContactList.objects.order_by("name"))

    def clean_tag(self) -> str:
        """Return the tag in one line, as tags are kept."""
        return plain_text(self.cleaned_data["tag"], MAX_TAG)

    def filters(self) -> PeopleFilters:
        """Return what is asked for; the form must be valid."""
        found = self.cleaned_data
        return PeopleFilters(contact_list=found["list"], text=" ".join(found["q"].split()), tag=found["tag"])

    def pairs(self) -> Sequence[tuple[str, str]]:
        """Return what is asked for as parameters of an address; the form must be valid."""
        found = self.cleaned_data
        asked = [("list", str(found["list"].pk) if found["list"] else ""), ("q", found["q"]), ("tag", found["tag"])]
        return [(name, value) for name, value in asked if value]
