"""Forms of people."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from callcenter.edits.forms import EditsModelRow, EditsRow
from callcenter.edits.states import Edited
from callcenter.formats.plain_text import plain_text
from callcenter.formats.zones import start_of
from campaigns.contacts.forms.fields import MAX_TAGS_TEXT, PhoneField
from campaigns.contacts.importing.rows.details import MAX_VARIABLE
from campaigns.contacts.tags import read_tags
from campaigns.core.forms.days_and_lengths import DayField
from campaigns.core.message import clean
from campaigns.core.scope import changed_by
from campaigns.core.typed_numbers import understand_typed
from campaigns.models import Contact, ContactList
from campaigns.models.contacts import MAX_NAME, MAX_NOTE
from campaigns.time_zones import place_names

MOST_VARIABLES = 100
"""Variables of one person."""
MAX_VARIABLE_KEY = 80
"""Characters of a variable's name."""


class PersonForm(EditsModelRow):
    """The data of one person."""

    edited = Edited(
        ["name", "phone", "region", "time_zone", "variables", "tags", "consent_source", "consent_at"],
        by_key=frozenset({"variables"}),
        together=[("phone", "region")],
    )

    phone = PhoneField(help_text=_("In any format, such as 0912 123 4567 or +98 912 123 4567."))
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=60,
        widget=forms.TextInput({"dir": "ltr", "list": "zones", "autocomplete": "off"}),
        help_text=_("Such as Asia/Tehran. Empty: all possible time zones of the number apply."),
    )
    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=MAX_TAGS_TEXT, help_text=_("Separate with commas.")
    )
    variables = forms.CharField(
        label=_("Information for the agent"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
        help_text=_("One per line, such as order: 4711"),
    )
    consent_at = DayField(
        label=_("Consent date"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
    )

    class Meta:
        model = Contact
        fields = ["name", "phone", "time_zone", "variables", "tags", "consent_source", "consent_at"]

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.initial["variables"] = "\n".join(f"{name}: {text}" for name, text in self.instance.variables.items())
        self.initial["tags"] = ", ".join(self.instance.tags)
        if self.instance.consent_at:
            self.initial["consent_at"] = timezone.localtime(self.instance.consent_at).date()

    def clean_name(self) -> str:
        """Return the name as one line."""
        return plain_text(self.cleaned_data["name"], MAX_NAME)

    def clean_time_zone(self) -> str:
        """Return the name of the time zone. Raises ValidationError if it does not exist."""
        name = str(self.cleaned_data["time_zone"]).strip()
        if name and name not in place_names():
            raise ValidationError(_("Unknown time zone. Enter it like Asia/Tehran."), code="zone")
        return name

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return read_tags(self.cleaned_data["tags"])

    def clean_variables(self) -> dict[str, str]:
        """Parse `name: value` lines into variables."""
        found: dict[str, str] = {}
        for line in str(self.cleaned_data["variables"]).splitlines():
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon or not clean(name, 80):
                raise ValidationError(_("Enter each line as name: value."), code="line")
            found[clean(name, MAX_VARIABLE_KEY)] = plain_text(value, MAX_VARIABLE)
        if len(found) > MOST_VARIABLES:
            raise ValidationError(_("Enter at most %(n)d lines."), params={"n": MOST_VARIABLES}, code="many")
        return found

    def clean_consent_at(self) -> datetime.datetime | None:
        """Return the time that was shown if the day is unchanged, else the beginning of the day."""
        day: datetime.date | None = self.cleaned_data["consent_at"]
        shown: datetime.datetime | None = self.instance.consent_at
        if day is None:
            return None
        if shown and timezone.localtime(shown).date() == day:
            return shown
        if day > timezone.localdate():
            raise ValidationError(
                _("This day is in the future. Enter the day on which consent was given."), code="future"
            )
        return start_of(day)

    def validate_unique(self) -> None:
        """Skip the check: the service handles a taken number, with its own message and without a race."""

    def values(self) -> dict[str, Any]:
        """Return the new values by field; with a new number also its country."""
        number = understand_typed(self.cleaned_data["phone"])
        return {**{name: self.cleaned_data[name] for name in self.Meta.fields}, "region": number.region}


class NewPersonForm(PersonForm):
    """A new person, with a list to add them to."""

    contact_list = forms.ModelChoiceField(
        ContactList.objects.none(), label=_("List"), required=False, empty_label=_("No list")
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=MAX_NOTE, widget=forms.Textarea({"rows": 3, "dir": "auto"})
    )

    def __init__(self, *arguments: Any, person: Person, **options: Any) -> None:
        super().__init__(*arguments, **options)
        fields: dict[str, Any] = self.fields
        fields["contact_list"].queryset = changed_by(person, ContactList.objects.all())


class ContactNoteForm(forms.Form):
    """A note on a person."""

    text = forms.CharField(label=_("New note"), max_length=MAX_NOTE, widget=forms.Textarea({"rows": 3, "dir": "auto"}))


class TagsForm(EditsRow, forms.Form):
    """The tags of one person."""

    edited = Edited(["tags"])

    tags = forms.CharField(
        label=_("Tags"), required=False, max_length=MAX_TAGS_TEXT, help_text=_("Separate with commas.")
    )

    def __init__(self, data: Any, contact: Contact) -> None:
        super().__init__(data, initial={"tags": ", ".join(contact.tags)})
        self.begin(data, contact)

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return read_tags(self.cleaned_data["tags"])


class OtherNumberForm(forms.Form):
    """Another number of one person."""

    phone = PhoneField(
        label=_("Another number"),
        help_text=_("This number is not called. If it is on the do-not-call list, the contact is not called either."),
    )


class MergeForm(forms.Form):
    """Which of a merged person's numbers is called from now on."""

    number = forms.ChoiceField(label=_("Number to call from now on"), widget=forms.RadioSelect)

    def __init__(self, data: Any, kept: Contact, other: Contact) -> None:
        super().__init__(data, initial={"number": kept.phone})
        number: Any = self.fields["number"]
        number.choices = [(contact.phone, f"\u2066{contact.phone}\u2069") for contact in (kept, other)]
