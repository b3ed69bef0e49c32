"""Form of the settings of this installation; an empty field is "as the environment says"."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from callcenter.access.rights import ROLES
from callcenter.access.role_words import role_in_words
from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import Edited
from callcenter.formats.amounts import number
from campaigns.core.installation import from_environment
from campaigns.models import InstallationSettings
from campaigns.models.installation import MOST_MEGABYTES, MOST_ROWS
from campaigns.notices.kinds import KINDS
from campaigns.number_types import LABELS

NUMBERS = (
    "quiet_period_hours",
    "person_calls_a_day",
    "person_calls_a_week",
    "single_call_minutes",
    "caller_launch_limit",
    "test_calls_a_day",
    "import_keep_days",
    "import_max_megabytes",
    "import_max_rows",
)
AMOUNT = re.compile(r"[0-9]{1,10}(\.[0-9]{1,2})?", re.ASCII)
CHANGED_HERE = (
    "refused_number_types", "consent_required", "second_factor_roles", "single_call_start", "single_call_end",
    "caller_launch_prices", "notices_off", "legal_texts", *NUMBERS,
)  # fmt: skip
"""The columns that the form changes."""


class PricesField(forms.CharField):
    """Amounts by currency, written as `USD 50, IRT 2000000`; empty is None."""

    def prepare_value(self, value: Any) -> Any:
        """Return stored amounts as they are written."""
        return ", ".join(f"{name} {most}" for name, most in value.items()) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        """Return the amounts as texts, by currency."""
        if isinstance(value, dict):
            return value
        text = (super().to_python(value) or "").upper()
        found: dict[str, str] = {}
        for part in filter(None, (one.strip() for one in text.split(","))):
            name, _blank, most = part.partition(" ")
            if not (len(name) == 3 and name.isascii() and name.isalpha() and AMOUNT.fullmatch(most.strip())):
                raise forms.ValidationError(
                    gettext("Enter currency and amount, such as USD 50, IRT 2000000."), code="prices"
                )
            found[name] = most.strip()
        return found or None


class LegalTextsField(forms.CharField):
    """Texts by country, one a line, written as `DE: This call is recorded.`; empty is None."""

    def prepare_value(self, value: Any) -> Any:
        """Return stored texts as they are written."""
        return "\n".join(f"{country}: {text}" for country, text in value.items()) if isinstance(value, dict) else value

    def to_python(self, value: Any) -> Any:
        """Return the texts, by country."""
        if isinstance(value, dict):
            return value
        found: dict[str, str] = {}
        for line in filter(None, (one.strip() for one in (super().to_python(value) or "").splitlines())):
            country, _colon, text = (part.strip() for part in line.partition(":"))
            country = country.upper()
            if country not in SUPPORTED_REGIONS or not text or country in found:
                raise forms.ValidationError(
                    gettext("Enter one country per line, such as DE: This call is recorded."), code="legal"
                )
            found[country] = text
        return found or None


class InstallationForm(EditsModelRow):
    """The limits, hours and number types of this installation."""

    edited = Edited(CHANGED_HERE, together=[("single_call_start", "single_call_end")])

    number_types_decided = forms.TypedChoiceField(
        label=_("Blocked number types"),
        coerce=lambda value: value == "here",
        choices=[("environment", _("server default")), ("here", _("those ticked here"))],
        widget=forms.RadioSelect,
    )
    refused_number_types = forms.MultipleChoiceField(
        label=_("Number types to block"),
        choices=[(kind, label) for kind, label in LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "Short, emergency and unknown numbers are never called. A manager can allow one number with a "
            "reason, under Contacts, “Allowed numbers”."
        ),
    )
    consent_required = forms.NullBooleanField(
        label=_("Call only contacts with consent"),
        required=False,
        help_text=_(
            "Applies to all calls. Contacts without recorded consent are not called. A campaign can also "
            "require this on its own."
        ),
    )
    second_factor_decided = forms.TypedChoiceField(
        label=_("Two-factor login required for"),
        coerce=lambda value: value == "here",
        choices=[("environment", _("server default")), ("here", _("roles ticked here"))],
        widget=forms.RadioSelect,
    )
    second_factor_roles = forms.MultipleChoiceField(
        label=_("Roles that need two-factor login"),
        choices=lambda: [(role, role_in_words(role)) for role in ROLES],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_(
            "An authenticator app or security key. Users with these roles must set one up at their next log-in "
            "before they can do anything else."
        ),
    )
    legal_texts = LegalTextsField(
        label=_("Legal texts by country"),
        required=False,
        max_length=4_000,
        widget=forms.Textarea({"rows": 3, "placeholder": "DE: This call is recorded."}),
        help_text=_(
            "Such as a recording notice. One country per line. A campaign with contacts there can launch only "
            "if its text says this, or a user confirmed that its agent or voice does."
        ),
    )
    notices_decided = forms.TypedChoiceField(
        label=_("Notices not sent by email and chat"),
        coerce=lambda value: value == "here",
        choices=[("product", _("Callcenter default")), ("here", _("those ticked here"))],
        widget=forms.RadioSelect,
    )
    notices_off = forms.MultipleChoiceField(
        label=_("Notices to turn off for email and chat"),
        choices=lambda: [(kind.key, kind.label) for kind in KINDS.values()],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text=_("They are still shown in the inbox. Each user can change this under Preferences, “Notices”."),
    )
    caller_launch_prices = PricesField(
        label=_("Launch limit per caller and day without approval"),
        required=False,
        max_length=200,
        widget=forms.TextInput({"dir": "ltr", "placeholder": "USD 50, IRT 2000000"}),
    )
    single_call_start = forms.TimeField(
        label=_("Single calls from"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )
    single_call_end = forms.TimeField(
        label=_("Single calls until"), required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M")
    )

    class Meta:
        model = InstallationSettings
        fields = CHANGED_HERE

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        given = from_environment()
        for name in NUMBERS:
            self.fields[name].help_text = gettext("Empty: %(value)s (server default).") % {
                "value": getattr(given, name)
            }
        for name, most in (("import_max_megabytes", MOST_MEGABYTES), ("import_max_rows", MOST_ROWS)):
            self.fields[name].help_text = gettext(
                "From 1 to %(most)s, for files of contacts and do-not-call numbers. Empty: %(value)s (server default)."
            ) % {"most": number(most), "value": number(getattr(given, name))}
        prices = ", ".join(f"{name} {most}" for name, most in given.caller_launch_prices.items())
        self.fields["caller_launch_prices"].help_text = gettext(
            "Currency and amount, such as USD 50, IRT 2000000. Empty: %(value)s (server default)."
        ) % {"value": prices or gettext("no limit")}
        answers = {True: gettext("yes"), False: gettext("no")}
        self.fields["consent_required"].widget.choices = [
            ("unknown", gettext("Server default: %(value)s") % {"value": answers[given.consent_required]}),
            ("true", gettext("Yes")),
            ("false", gettext("No")),
        ]
        hours = f"{given.single_call_start:%H:%M}–{given.single_call_end:%H:%M}"
        for name in ("single_call_start", "single_call_end"):
            self.fields[name].help_text = gettext(
                "In the contact's local time. Both empty: %(hours)s (server default). The same time twice "
                "means all day."
            ) % {"hours": hours}
        stored = self.instance.refused_number_types
        shown = given.refused_number_types if stored is None else stored
        self.initial["refused_number_types"] = [kind for kind in LABELS if kind in shown]
        chosen = self.instance.second_factor_roles
        self.initial["second_factor_roles"] = sorted(given.second_factor_roles if chosen is None else chosen)
        self.initial["second_factor_decided"] = "environment" if chosen is None else "here"
        off = self.instance.notices_off
        self.initial["notices_off"] = sorted(given.notices_off if off is None else off)
        self.initial["notices_decided"] = "product" if off is None else "here"
        self.initial["number_types_decided"] = "environment" if stored is None else "here"

    def clean(self) -> dict[str, Any]:
        """Check the hours, and that a week allows what a day does."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if (found.get("single_call_start") is None) != (found.get("single_call_end") is None):
            self.add_error("single_call_end", _("Enter both times, or neither."))
        day, week = found.get("person_calls_a_day"), found.get("person_calls_a_week")
        if day and week and week < day:
            text = ngettext(
                "The weekly limit must be at least the daily limit: %(n)d or more.",
                "The weekly limit must be at least the daily limit: %(n)d or more.",
                day,
            )
            self.add_error("person_calls_a_week", text % {"n": day})
        found["refused_number_types"] = (
            found.get("refused_number_types", []) if found.get("number_types_decided") else None
        )
        found["second_factor_roles"] = (
            sorted(found.get("second_factor_roles", [])) if found.get("second_factor_decided") else None
        )
        found["notices_off"] = sorted(found.get("notices_off", [])) if found.get("notices_decided") else None
        return found
