"""Form fields of a vendor's extra options, which are passed on unchecked; for admins, on single calls only."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from callcenter.formats.json_field import JsonField
from callcenter.formats.moment_fields import MomentField
from callcenter.parameters import whole_number
from campaigns.numbers import text_of_digits
from providers.types import Field

LARGEST_NUMBER = 100_000


class ExtraWordsField(forms.CharField):
    """Several words in one line, separated by commas or spaces; the cleaned value is a list."""

    def prepare_value(self, value: Any) -> Any:
        """Return a list as one line for display."""
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        """Split the line into a list without duplicates."""
        return list(dict.fromkeys(text_of_digits(str(super().clean(value))).replace(",", " ").split()))


class NumbersField(ExtraWordsField):
    """Several positive whole numbers in one line."""

    def clean(self, value: Any) -> list[str]:
        """Split the line into numbers, as text. Raises ValidationError for anything but 1 to `LARGEST_NUMBER`."""
        words = super().clean(value)
        if not all(whole_number(word, LARGEST_NUMBER) for word in words):
            raise ValidationError(_("Enter whole numbers, such as 30, 60."), code="numbers")
        return words


def extra_field(field: Field) -> forms.Field:
    """Return the form field of a vendor's option: never required, with the option's default as initial value."""
    common: dict[str, Any] = {"label": field.label, "required": False, "help_text": field.help_text}
    match field.kind:
        case "boolean":
            return forms.BooleanField(**common)
        case "integer":
            return forms.IntegerField(min_value=field.least, max_value=field.most, **common)
        case "choice":
            return forms.ChoiceField(
                choices=[("", field.empty_label or _("Provider's default")), *field.choices], **common
            )
        case "words" if field.choices:
            return forms.MultipleChoiceField(choices=list(field.choices), widget=forms.CheckboxSelectMultiple, **common)
        case "words":
            return ExtraWordsField(max_length=200, widget=forms.TextInput({"dir": "ltr"}), **common)
        case "integers":
            return NumbersField(
                max_length=200, widget=forms.TextInput({"dir": "ltr", "inputmode": "numeric"}), **common
            )
        case "datetime":
            return MomentField(**common)
        case "json":
            return JsonField(widget=forms.Textarea({"rows": 3, "dir": "ltr"}), **common)
        case _:
            return forms.CharField(max_length=300, **common)
