"""Form that allows one number."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.forms.fields import PhoneField
from campaigns.numbers import possible_number, understand_number
from campaigns.reasons import MAX_REASON


class AllowableField(PhoneField):
    """A phone number in any form, also of a range that nobody knows; the cleaned value is E.164."""

    def clean(self, value: object) -> str:
        """Return the number in E.164. Raises ValidationError that says what is wrong."""
        text = str(forms.CharField.clean(self, value))
        found = understand_number(text, settings.DEFAULT_REGION)
        e164 = found.e164 or possible_number(text, settings.DEFAULT_REGION)
        if not e164:
            raise ValidationError(str(found.problem), code=found.code)
        return e164


class AllowNumberForm(forms.Form):
    """One number, and why it may be called."""

    phone = AllowableField(help_text=_("With its country code, such as +44 845 123 4567."))
    reason = forms.CharField(label=_("Reason to allow it"), max_length=MAX_REASON)
