"""Forms of an import: upload, confirmation; its columns: `import_columns`."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.formats.plain_text import plain_text
from campaigns.contacts.forms.fields import MAX_TAGS_TEXT, CountryField
from campaigns.contacts.tags import read_tags
from campaigns.models.contacts import MAX_CONSENT_SOURCE


class FileForm(forms.Form):
    """The file, and the country of numbers without a country code."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
        help_text=_("CSV or XLSX, one contact per row. Titles, order and separators do not matter."),
    )
    region = CountryField()


class OptOutFileForm(FileForm):
    """A file of numbers for the do-not-call list."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["file"].help_text = _(
            "CSV or XLSX with one or more columns of numbers. Columns named Reason and Until apply to their own row."
        )


class SaveForm(forms.Form):
    """Confirmation before people are saved: tags, consent."""

    consent_source = forms.CharField(
        label=_("Consent: how it was given"),
        required=False,
        max_length=MAX_CONSENT_SOURCE,
        help_text=_(
            "Such as: ticked the box in the web shop. Saved for all contacts without consent so far, but not "
            "for rows whose consent column is empty, says no or cannot be read."
        ),
    )
    tags = forms.CharField(
        label=_("Tags"),
        required=False,
        max_length=MAX_TAGS_TEXT,
        help_text=_("Separate with commas. All contacts added to the list get these tags, existing ones too."),
    )

    def clean_consent_source(self) -> str:
        """Return the source of consent as one line."""
        return plain_text(self.cleaned_data["consent_source"], MAX_CONSENT_SOURCE)

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return read_tags(self.cleaned_data["tags"])
