"""Form fields for contacts: phone numbers, countries, tags."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from campaigns.core.typed_numbers import understand_typed
from campaigns.countries import country_choices

MAX_TAGS_TEXT = 300
"""Characters of a field of tags."""


class CountryField(forms.ChoiceField):
    """The country that is assumed for numbers without a country code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=lambda: country_choices(settings.DEFAULT_REGION),
            **{
                "label": _("Country of numbers without a country code"),
                "initial": lambda: settings.DEFAULT_REGION,
                **options,
            },
        )


class PhoneField(forms.CharField):
    """A phone number in any form; the cleaned value is E.164."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"type": "tel", "dir": "ltr", "autocomplete": "off", "inputmode": "tel"})
        super().__init__(**{"label": _("Number"), "max_length": 60, "widget": widget, **options})

    def clean(self, value: Any) -> str:
        """Return the number in E.164. Raises ValidationError that says what is wrong."""
        text = str(super().clean(value))
        found = understand_typed(text)
        if found.code:
            raise ValidationError(str(found.problem), code=found.code)
        return found.e164
