"""A form field for JSON that anybody may have written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError


class JsonField(forms.JSONField):
    """JSON in a form; what Python's parser gives up on is as invalid as what is no JSON.

    Beside its own error it raises ValueError for a number of more than 4300 digits and RecursionError for lists within
    lists within lists (https://docs.python.org/3/library/json.html#implementation-limitations).
    """

    def to_python(self, value: Any) -> Any:
        """Return the value. Raises ValidationError for what cannot be read."""
        try:
            return super().to_python(value)
        except ValidationError:
            raise
        except (ValueError, RecursionError):
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": "…"}) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the value is another one; one that cannot be read is."""
        try:
            return super().has_changed(initial, data)
        except (ValueError, RecursionError):
            return True

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what the field shows again; what cannot be read as it was typed."""
        try:
            return super().bound_data(data, initial)
        except (ValueError, RecursionError):
            return forms.fields.InvalidJSONInput(data)
