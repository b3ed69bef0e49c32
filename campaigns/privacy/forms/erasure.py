"""Forms that erase a person, or write all that is held about them into a file."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.formats.plain_text import plain_text
from campaigns.contacts.forms.fields import PhoneField
from campaigns.reasons import MAX_REASON


class EraseForm(forms.Form):
    """Why a person is erased."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_REASON,
        help_text=_("For example: requested by e-mail. Do not write a name or number."),
    )
    sure = forms.BooleanField(label=_("I understand that this cannot be undone"))

    def clean_reason(self) -> str:
        """Return the reason as one line."""
        return plain_text(self.cleaned_data["reason"], MAX_REASON)


class EraseNumberForm(EraseForm):
    """The same for a number that may belong to no contact."""

    phone = PhoneField(help_text=_("In any format, such as 0912 123 4567 or +98 912 123 4567."))
    field_order = ("phone", "reason", "sure")


class HeldForm(forms.Form):
    """Whose data are written into a file, by number."""

    phone = PhoneField(help_text=_("In any format, such as 0912 123 4567 or +98 912 123 4567."))
