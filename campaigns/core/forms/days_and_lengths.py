"""Form fields for dates and durations, typed in the digits of any script."""

from __future__ import annotations

import datetime
import re
from typing import Any

import jdatetime
from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.formats.moment_fields import names_zone
from campaigns.numbers import text_of_digits

JALALI = re.compile(r"(1[2-5]\d\d)[-/](\d{1,2})[-/](\d{1,2})")
LONGEST = 24 * 3600
"""Seconds."""
FIRST_YEAR, LAST_YEAR = 1900, 2200
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,4}):([0-5]?\d)")


class DayField(forms.DateField):
    """A date in ISO form, Gregorian or Jalali, typed in the digits of any script; a day of the viewer's clock.

    The help text names the viewer's zone.
    """

    def __init__(self, *, help_text: str | Promise = "", **options: Any) -> None:
        super().__init__(**{"help_text": names_zone(help_text), **options})

    def to_python(self, value: Any) -> Any:
        """Return the Gregorian date; years before 1700 are Jalali. Raises ValidationError for a year out of range."""
        day = self._day_of(value)
        if isinstance(day, datetime.date) and not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return day

    def _day_of(self, value: Any) -> Any:
        if not isinstance(value, str):
            return super().to_python(value)
        text = text_of_digits(value).strip()
        if (found := JALALI.fullmatch(text)) is None:
            return super().to_python(text)
        try:
            return jdatetime.date(*map(int, found.groups())).togregorian()
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


class LengthField(forms.CharField):
    """A duration as seconds, or as minutes and seconds such as 1:30; becomes whole seconds."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"dir": "ltr", "autocomplete": "off"})
        help_text = _("Seconds, or minutes such as 1:30.")
        super().__init__(**{"max_length": 12, "widget": widget, "help_text": help_text, **options})

    def clean(self, value: Any) -> Any:
        """Return whole seconds; None for an empty field."""
        text = text_of_digits(str(super().clean(value))).replace(" ", "").replace("٫", ":")
        if not text:
            return None
        if text.isdecimal():
            seconds = int(text)
        elif found := _CLOCK.fullmatch(text):
            seconds = int(found[1] or 0) * 3600 + int(found[2]) * 60 + int(found[3])
        else:
            seconds = LONGEST + 1
        if seconds > LONGEST:
            raise ValidationError(_("Enter seconds, such as 90, or minutes and seconds, such as 1:30."), code="length")
        return seconds
