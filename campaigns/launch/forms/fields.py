"""Form fields of campaigns: numbers, amounts, waiting times and tags as people type them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from callcenter.parameters import whole_number
from campaigns.contacts.tags import read_tags
from campaigns.launch.audience_query import unknown_tags
from campaigns.numbers import text_of_digits


class NumberField(forms.IntegerField):
    """A whole number, in Latin, Persian or Arabic digits."""

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **options)

    def to_python(self, value: Any) -> int | None:
        """Return the number of a text."""
        return super().to_python(text_of_digits(value) if isinstance(value, str) else value)


class AmountField(forms.DecimalField):
    """An amount of money, in Latin, Persian or Arabic digits, with or without thousands separators."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr"}), **options)

    def to_python(self, value: Any) -> Any:
        """Return the amount of a text, with Persian and Arabic separators too."""
        if isinstance(value, str):
            value = text_of_digits(value).replace("٫", ".").replace("٬", "").replace(",", "")
        return super().to_python(value)


class MinutesField(forms.CharField):
    """Waiting times in minutes before each further attempt, each at least as long as the one before."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as a line."""
        return ", ".join(str(minutes) for minutes in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[int]:
        """Read the line into a list."""
        parts = text_of_digits(str(value or "")).replace("،", " ").replace(",", " ").split()
        minutes = [number for part in parts if (number := whole_number(part, 43_200))]
        if len(minutes) < len(parts) or len(parts) > 9:
            raise ValidationError(_("Enter up to nine times in minutes, such as 10, 30, 60."))
        if minutes != sorted(minutes):
            raise ValidationError(_("Each time must be at least as long as the previous one."))
        return minutes


class AudienceTagsField(forms.CharField):
    """Tags separated by commas, each of which at least one contact must have."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as a line."""
        return ", ".join(str(tag) for tag in value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        """Read the line into a list."""
        tags = read_tags(str(value or ""))
        if unknown := unknown_tags(tags):
            raise ValidationError(
                _("No contact has the tag %(tags)s. Check the spelling, or import contacts with it."),
                params={"tags": ", ".join(f"“{tag}”" for tag in unknown)},
                code="unknown",
            )
        return tags
