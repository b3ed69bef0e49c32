"""Forms to start a campaign at a later time, and to try its message on one's own phone."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from callcenter.formats.moment_fields import names_zone
from callcenter.formats.zones import moment_at
from campaigns.contacts.forms.fields import PhoneField
from campaigns.core.forms.days_and_lengths import DayField
from campaigns.core.message import expected_names, missing_variables
from campaigns.core.variants import names_of
from campaigns.launch.start import FARTHEST
from campaigns.models import Campaign, Contact
from campaigns.numbers import UnderstoodNumber, text_of_digits, understand_number

MOST_SAMPLES = 40
"""Variables of one message for which samples are asked."""


class ClockField(forms.TimeField):
    """A time of day, in Latin, Persian or Arabic digits."""

    def to_python(self, value: Any) -> Any:
        """Return the time of a text."""
        return super().to_python(text_of_digits(value) if isinstance(value, str) else value)


class StartAtForm(forms.Form):
    """The day and time, on the viewer's clock, at which a campaign starts automatically."""

    day = DayField(label=_("Day"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    time = ClockField(label=_("Time"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"), help_text=names_zone())

    def clean(self) -> dict[str, Any]:
        """Add errors for a time that is past, too far ahead, or skipped or shown twice by a change of the clocks."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("day") is None or cleaned.get("time") is None:
            return cleaned
        try:
            at = moment_at(datetime.datetime.combine(cleaned["day"], cleaned["time"]))
        except ValidationError as error:
            self.add_error("day" if error.code == "overflow" else "time", error)
            return cleaned
        if at <= timezone.now():
            self.add_error("time", _("This time has passed. Choose a later one, or start now."))
        elif at > timezone.now() + FARTHEST:
            self.add_error("day", _("Choose a time within a year."))
        cleaned["at"] = at
        return cleaned


class TryForm(forms.Form):
    """The number to call, and the person of the audience whose message is heard.

    Whoever sees no contacts types sample values instead, one for each variable of the message.
    """

    number = PhoneField(label=_("Your own number"))
    hear = forms.CharField(
        label=_("Sample contact"),
        required=False,
        max_length=80,
        help_text=_("A name or number from the audience. Empty: the first contact with all values."),
    )

    variant = forms.ChoiceField(label=_("Variant"))

    def __init__(self, data: Any = None, *, campaign: Campaign, person: Person, **options: Any) -> None:
        super().__init__(data, **options)
        self.samples: dict[str, str] = {}
        fields: dict[str, Any] = self.fields
        if names := names_of(campaign):
            fields["variant"].choices = list(names.items())
        else:
            del fields["variant"]
        if may(person, "see_people"):
            return
        del self.fields["hear"]
        needed = missing_variables(campaign, None)
        for place, name in enumerate(dict.fromkeys([*needed, *expected_names(campaign)][:MOST_SAMPLES])):
            self.samples[f"sample_{place}"] = name
            label = format_lazy(_("Sample for “{name}”"), name=name)
            self.fields[f"sample_{place}"] = forms.CharField(label=label, required=name in needed, max_length=80)

    @property
    def sample_fields(self) -> list[BoundField]:
        """The fields of sample values."""
        return [self[field] for field in self.samples]

    def sample_person(self) -> Contact:
        """Return somebody with the sample values, who stands in no list and is not saved."""
        typed = {name: self.cleaned_data[field] for field, name in self.samples.items()}
        return Contact(name=typed.get("name", ""), variables=typed)

    def understood(self) -> UnderstoodNumber:
        """Return the number with its country."""
        return understand_number(self.cleaned_data["number"], settings.DEFAULT_REGION)
