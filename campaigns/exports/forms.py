"""The form that asks for a file of calls."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import CallExport


class ExportForm(forms.Form):
    """The format of the wanted file."""

    file_format = forms.ChoiceField(
        label=_("Kind of file"),
        choices=CallExport.Format.choices,
        initial=CallExport.Format.XLSX,
        widget=forms.RadioSelect,
    )
