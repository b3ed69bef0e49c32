"""Forms of the do-not-call list."""

from __future__ import annotations

import datetime

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.formats.plain_text import plain_text
from callcenter.formats.zones import end_of
from campaigns.contacts.forms.fields import PhoneField
from campaigns.core.forms.days_and_lengths import DayField
from campaigns.models import DoNotCall
from campaigns.reasons import MAX_REASON


class OptOutForm(forms.Form):
    """Why a person must not be called, who asked for it, and until when."""

    reason = forms.CharField(label=_("Reason"), max_length=MAX_REASON)
    source = forms.ChoiceField(label=_("Source"), choices=DoNotCall.Source.choices)
    until = DayField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day. Empty: permanently."),
    )

    def clean_reason(self) -> str:
        """Return the reason as one line."""
        return plain_text(self.cleaned_data["reason"], MAX_REASON)

    def clean_until(self) -> datetime.datetime | None:
        """Return the end of the chosen day; None for no end."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise ValidationError(_("This day has passed. Choose a later day, or leave it empty."), code="over")
        return end_of(day)


class ForbidForm(OptOutForm):
    """One number for the do-not-call list."""

    phone = PhoneField(help_text=_("In any format, such as 0912 123 4567 or +98 912 123 4567."))
