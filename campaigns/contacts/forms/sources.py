"""The form of a source: the address from which an import is repeated, and how often."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing.sources.keeping import EVERY
from campaigns.models.import_sources import MAX_ADDRESS

WORDS = {1: _("Every hour"), 6: _("Every 6 hours"), 24: _("Every day"), 168: _("Every week")}


class SourceForm(forms.Form):
    """An address and how often it is read."""

    address = forms.CharField(
        label=_("File address"),
        max_length=MAX_ADDRESS,
        widget=forms.TextInput({"dir": "ltr", "autocomplete": "off", "inputmode": "url"}),
        help_text=_("Address of a CSV or XLSX file, or of a Google Sheet shared with anyone who has the link."),
    )
    every_hours = forms.TypedChoiceField(
        label=_("Repeat"), choices=[(hours, WORDS[hours]) for hours in EVERY], coerce=int, initial=24
    )
