"""The forms that go with the call log: saving its filters, asking for a file."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.models import CallExport


class ExportForm(forms.Form):
    """In which form the calls are wanted."""

    file_format = forms.ChoiceField(
        label=_("Kind of file"),
        choices=CallExport.Format.choices,
        initial=CallExport.Format.XLSX,
        widget=forms.RadioSelect,
    )
