"""Forms of an import: upload, columns, confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.forms.fields import MAX_TAGS_TEXT, CountryField, read_tags
from campaigns.contacts.importing import mapping as meanings
from campaigns.contacts.importing.mapping import ColumnMapping, variable_name
from campaigns.contacts.importing.people_rows import plain_text
from campaigns.models import ContactImport, ContactList
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_LIST_NAME

KEPT = "kept"
COLUMN = "column_"


class FileForm(forms.Form):
    """The file, and the country of numbers without a country code."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
        help_text=_("CSV or XLSX, one person a row. Titles, order and separators do not matter."),
    )
    region = CountryField()


class OptOutFileForm(FileForm):
    """A file of numbers for the do-not-call list."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["file"].help_text = _(
            "CSV or XLSX with one or more columns of numbers. Columns named Reason and Until count for their own row."
        )


class MappingForm(forms.Form):
    """What each column means, and the list to add the people to."""

    has_titles = forms.BooleanField(label=_("The first row holds titles, not a person"), required=False)
    region = CountryField()
    contact_list = forms.ModelChoiceField(
        ContactList.objects.all(), label=_("Into the list"), required=False, empty_label=_("A new list")
    )
    list_name = forms.CharField(label=_("Name of the new list"), required=False, max_length=MAX_LIST_NAME)
    update_known = forms.BooleanField(
        label=_("Give people we know already the file's values"),
        required=False,
        help_text=_("Else their name and details stay as they are; either way they join the list and get the tags."),
    )

    def __init__(self, data: Any, record: ContactImport, samples: Sequence[Sequence[str]]) -> None:
        kept = ColumnMapping.from_json(record.mapping)
        name = record.list_name or record.original_name.rsplit(".", 1)[0]
        super().__init__(
            data,
            initial={
                "has_titles": kept.has_titles,
                "update_known": kept.update_known,
                "region": record.region,
                "contact_list": record.contact_list_id,
                "list_name": name,
            },
        )
        self.record, self.samples = record, samples
        taken: set[str] = set()
        self._names = {
            column: variable_name(title, taken) for column, title in enumerate(record.headers)
        } | kept.variables()
        for column, title in enumerate(record.headers):
            meaning = kept.columns.get(column, meanings.IGNORED)
            self.fields[f"{COLUMN}{column}"] = forms.ChoiceField(
                label=title,
                required=False,
                choices=[
                    *meanings.FIELDS.items(),
                    (KEPT, gettext("Keep as {%(name)s}") % {"name": self._names[column]}),
                    (meanings.IGNORED, _("Leave out")),
                ],
                initial=KEPT if meaning.startswith(meanings.VARIABLE) else meaning,
            )

    @property
    def columns(self) -> list[tuple[BoundField, list[str]]]:
        """Each column's field with the column's first values."""
        return [
            (self[f"{COLUMN}{column}"], [row[column][:60] for row in self.samples if column < len(row) and row[column]])
            for column in range(len(self.record.headers))
        ]

    @property
    def other_fields(self) -> list[BoundField]:
        """The fields that are not columns."""
        return [self[name] for name in ("contact_list", "list_name", "region", "has_titles", "update_known")]

    def clean_list_name(self) -> str:
        """Return the name in one line."""
        return plain_text(self.cleaned_data["list_name"], MAX_LIST_NAME)

    def clean(self) -> dict[str, Any]:
        """Check that exactly one column is the phone number, and that a new list has a name."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        phones = [column for column in range(len(self.record.headers)) if self._meaning(column) == meanings.PHONE]
        if not phones:
            raise ValidationError(_("Say which column holds the phone number."), code="phone")
        for column in phones[1:]:
            self.add_error(
                f"{COLUMN}{column}", gettext("Only one column can be the phone number: keep this one apart.")
            )
        for meaning in (meanings.TIME_ZONE, meanings.CONSENT, meanings.CONSENT_SOURCE, meanings.CONSENT_AT):
            same = [column for column in range(len(self.record.headers)) if self._meaning(column) == meaning]
            for column in same[1:]:
                self.add_error(f"{COLUMN}{column}", gettext("Another column is this already."))
        if found.get("contact_list") is None and not self.errors.get("list_name"):
            name = str(found.get("list_name", ""))
            if not name:
                self.add_error("list_name", gettext("Name the new list, or choose one."))
            elif ContactList.objects.filter(name=name).exists():
                self.add_error("list_name", gettext("There is a list of this name: choose it above, or another name."))
        return found

    def _meaning(self, column: int) -> str:
        return str(self.cleaned_data.get(f"{COLUMN}{column}", ""))

    def mapping(self) -> ColumnMapping:
        """Return the chosen mapping; the form must be valid."""
        columns = {
            column: meanings.VARIABLE + self._names[column] if self._meaning(column) == KEPT else self._meaning(column)
            for column in range(len(self.record.headers))
        }
        return ColumnMapping(columns, self.cleaned_data["has_titles"], self.cleaned_data["update_known"])


class SaveForm(forms.Form):
    """Confirmation before people are saved: tags, consent."""

    consent_source = forms.CharField(
        label=_("Who agreed to be called, and how"),
        required=False,
        max_length=MAX_CONSENT_SOURCE,
        help_text=_(
            "Such as: ticked the box in the web shop. Noted for everybody of whom no consent is noted yet; not for "
            "rows in which the file's own consent column is empty, says no or cannot be read."
        ),
    )
    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=MAX_TAGS_TEXT,
        help_text=_("Parted by commas. Everybody who joins the list gets them, also people we know already."),
    )

    def clean_consent_source(self) -> str:
        """Return the source of consent as one line."""
        return plain_text(self.cleaned_data["consent_source"], MAX_CONSENT_SOURCE)

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return read_tags(self.cleaned_data["tags"])
