"""The forms of people, lists and the do-not-call list."""

from __future__ import annotations

import datetime
import zoneinfo
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing.people_rows import plain_text
from campaigns.core.forms.days_and_lengths import DayField
from campaigns.core.message import clean
from campaigns.models import Contact, ContactList, DoNotCall
from campaigns.numbers import understand_number

MOST_VARIABLES = 100
COUNTRIES: tuple[tuple[str, str | Promise], ...] = (
    ("IR", _("Iran (0912…)")),
    ("IN", _("India (98765…)")),
    ("US", _("United States (202 555…)")),
    ("AE", _("United Arab Emirates")),
    ("AF", _("Afghanistan")),
    ("AU", _("Australia")),
    ("BD", _("Bangladesh")),
    ("CA", _("Canada")),
    ("DE", _("Germany")),
    ("FR", _("France")),
    ("GB", _("United Kingdom")),
    ("IQ", _("Iraq")),
    ("OM", _("Oman")),
    ("PK", _("Pakistan")),
    ("QA", _("Qatar")),
    ("SA", _("Saudi Arabia")),
    ("TR", _("Turkey")),
)


def country_choices() -> list[tuple[str, str | Promise]]:
    """Return the countries to choose from, the default one always among them."""
    default = settings.DEFAULT_REGION
    known = any(code == default for code, _name in COUNTRIES)
    return [*COUNTRIES] if known else [(default, default), *COUNTRIES]


class CountryField(forms.ChoiceField):
    """The country of numbers that carry no country code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=country_choices,
            **{
                "label": _("Numbers without a country code are from"),
                "initial": lambda: settings.DEFAULT_REGION,
                **options,
            },
        )


class PhoneField(forms.CharField):
    """A phone number in any form; becomes E.164."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TextInput({"type": "tel", "dir": "ltr", "autocomplete": "off", "inputmode": "tel"})
        super().__init__(**{"label": _("Number"), "max_length": 60, "widget": widget, **options})

    def clean(self, value: Any) -> str:
        """Return the number in E.164, or say what is wrong with it."""
        text = str(super().clean(value))
        found = understand_number(text, settings.DEFAULT_REGION)
        if found.code:
            raise ValidationError(str(found.problem), code=found.code)
        return found.e164


if TYPE_CHECKING:
    ContactForm = forms.ModelForm[Contact]
else:
    ContactForm = forms.ModelForm


class PersonForm(ContactForm):
    """What is known of one person."""

    phone = PhoneField(help_text=_("In any form, such as 0912 123 4567 or +98 912 123 4567."))
    time_zone = forms.CharField(
        label=_("Time zone"),
        required=False,
        max_length=60,
        widget=forms.TextInput({"dir": "ltr", "list": "zones", "autocomplete": "off"}),
        help_text=_("Such as Asia/Tehran. Empty: every zone the number may be in counts."),
    )
    tags = forms.CharField(label=_("Tags"), required=False, max_length=300, help_text=_("Parted by commas."))
    variables = forms.CharField(
        label=_("What an agent may know"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea({"rows": 4, "dir": "auto"}),
        help_text=_("One a line, such as order: 4711"),
    )
    consent_at = DayField(
        label=_("Consent given at"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d")
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
        """Return the name in one line."""
        return plain_text(self.cleaned_data["name"], 200)

    def clean_time_zone(self) -> str:
        """Return the name of a zone that exists."""
        name = str(self.cleaned_data["time_zone"]).strip()
        if name:
            try:
                zoneinfo.ZoneInfo(name)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
                raise ValidationError(
                    _("This time zone is not known: write it like Asia/Tehran."), code="zone"
                ) from None
        return name

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return read_tags(self.cleaned_data["tags"])

    def clean_variables(self) -> dict[str, str]:
        """Read `name: value` lines."""
        found: dict[str, str] = {}
        for line in str(self.cleaned_data["variables"]).splitlines():
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon or not clean(name, 80):
                raise ValidationError(_("Write each line as name: value."), code="line")
            found[clean(name, 80)] = plain_text(value, 1000)
        if len(found) > MOST_VARIABLES:
            raise ValidationError(_("Write at most %(n)d lines."), params={"n": MOST_VARIABLES}, code="many")
        return found

    def clean_consent_at(self) -> datetime.datetime | None:
        """Return the moment: the kept one where the day is the same, else the day's beginning."""
        day, kept = self.cleaned_data["consent_at"], Contact.objects.filter(pk=self.instance.pk).first()
        if day is None:
            return None
        if kept is not None and kept.consent_at and timezone.localtime(kept.consent_at).date() == day:
            return kept.consent_at
        return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))

    def validate_unique(self) -> None:
        """Leave it to the service, which says it in our words, race or not."""

    def values(self) -> dict[str, Any]:
        """Return the fields and what they shall become; a new number brings its country along."""
        number = understand_number(self.cleaned_data["phone"], settings.DEFAULT_REGION)
        return {**{name: self.cleaned_data[name] for name in self.Meta.fields}, "region": number.region}


class NewPersonForm(PersonForm):
    """One person, with the list they go into."""

    contact_list = forms.ModelChoiceField(
        ContactList.objects.all(), label=_("List"), required=False, empty_label=_("No list")
    )
    note = forms.CharField(
        label=_("Note"), required=False, max_length=4000, widget=forms.Textarea({"rows": 3, "dir": "auto"})
    )


class NoteForm(forms.Form):
    """One thing to remember of a person."""

    text = forms.CharField(label=_("New note"), max_length=4000, widget=forms.Textarea({"rows": 3, "dir": "auto"}))


class TagsForm(forms.Form):
    """The tags of one person."""

    tags = forms.CharField(label=_("Tags"), required=False, max_length=300, help_text=_("Parted by commas."))

    def clean_tags(self) -> list[str]:
        """Return the tags, each once."""
        return read_tags(self.cleaned_data["tags"])


class MergeForm(forms.Form):
    """Which number of a person who stood here twice is called from now on."""

    number = forms.ChoiceField(label=_("Which number do we call from now on?"), widget=forms.RadioSelect)

    def __init__(self, data: Any, kept: Contact, other: Contact) -> None:
        super().__init__(data, initial={"number": kept.phone})
        number: Any = self.fields["number"]
        number.choices = [(contact.phone, f"\u2066{contact.phone}\u2069") for contact in (kept, other)]


class ListForm(forms.Form):
    """The name of a list."""

    name = forms.CharField(label=_("Name of the list"), max_length=120)

    def clean_name(self) -> str:
        """Return the name in one line."""
        return plain_text(self.cleaned_data["name"], 120)


class WishForm(forms.Form):
    """Why somebody must not be called, who wishes it, and until when."""

    reason = forms.CharField(label=_("Why?"), max_length=300)
    source = forms.ChoiceField(label=_("Who wishes it"), choices=DoNotCall.Source.choices)
    until = DayField(
        label=_("Until"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The last day. Empty: for ever."),
    )

    def clean_reason(self) -> str:
        """Return the reason in one line."""
        return plain_text(self.cleaned_data["reason"], 300)

    def clean_until(self) -> datetime.datetime | None:
        """Return the end of the last day."""
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise ValidationError(_("This day is over: choose a later one, or leave it empty."), code="over")
        return timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min))


class ForbidForm(WishForm):
    """A number that must not be called."""

    phone = PhoneField(help_text=_("In any form, such as 0912 123 4567 or +98 912 123 4567."))


class ForbidFileForm(WishForm):
    """A file of numbers that must not be called."""

    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput({"accept": ".csv,.txt,.tsv,.xlsx"}),
        help_text=_("CSV or XLSX with a column of numbers. Columns named Reason and Until count for their own row."),
    )
    region = CountryField()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["source"].initial = DoNotCall.Source.IMPORT


def read_tags(text: str) -> list[str]:
    """Read words parted by commas (of either script) into a list, each once."""
    parts = (plain_text(part, 60) for part in text.replace("،", ",").split(","))
    return list(dict.fromkeys(part for part in parts if part))[:20]
