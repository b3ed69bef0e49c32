"""The campaign builder: one page in sections; what it offers depends on the provider that is chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.forms.boundfield import BoundField
from django.forms.utils import ErrorDict
from django.utils.dates import WEEKDAYS
from django.utils.formats import get_format
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from campaigns.models import Campaign, ContactList
from campaigns.numbers import text_of_digits
from campaigns.services.launch_check import agent_warnings
from campaigns.services.rendering import MAX_VARIABLES, clean
from providers.models import Agent, CallerId, Dialer, Provider, Voice

if TYPE_CHECKING:
    CampaignModelForm = forms.ModelForm[Campaign]
else:
    CampaignModelForm = forms.ModelForm

Sentence = str | Promise
SPARE_ROWS = 2
LEAST_MINUTES = 30
RETRY_OUTCOMES: dict[str, Any] = {"busy": _("Busy"), "no_answer": _("No answer")}
CHOSEN_AT_VENDOR = {"agent": Agent, "voice": Voice, "caller_id": CallerId, "dialer": Dialer}
LOCKED = ("name", "provider", "agent", "voice", "text", "caller_id", "dialer", "lists")
"""What stands in the rows of people already queued: fixed once launched. Copy the campaign to change it."""


class NumberField(forms.IntegerField):
    """A whole number typed in any digits."""

    def __init__(self, **options: Any) -> None:
        attrs = {"inputmode": "numeric", "dir": "ltr", "autocomplete": "off"}
        super().__init__(widget=forms.TextInput(attrs=attrs), **options)

    def to_python(self, value: Any) -> int | None:
        """Read Persian and Arabic digits too."""
        return super().to_python(text_of_digits(value) if isinstance(value, str) else value)


class AmountField(forms.DecimalField):
    """An amount of money typed in any digits, with or without thousands apart."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=forms.TextInput(attrs={"inputmode": "decimal", "dir": "ltr"}), **options)

    def to_python(self, value: Any) -> Any:
        """Read Persian and Arabic digits and separators too."""
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
        if any(not part.isdecimal() or not 1 <= int(part) <= 43_200 for part in parts) or len(parts) > 9:
            raise ValidationError(_("Give up to nine times in minutes, such as 10, 30, 60."))
        minutes = [int(part) for part in parts]
        if minutes != sorted(minutes):
            raise ValidationError(_("Each time must be at least as long as the one before it."))
        return minutes


@dataclass(frozen=True, slots=True)
class VariableRow:
    """One variable of the message: its name and its text."""

    name: BoundField
    text: BoundField
    is_expected: bool


@dataclass(frozen=True, slots=True)
class Section:
    """One section of the builder and whether it is complete."""

    slug: str
    title: Sentence
    missing: Sentence
    """What is still to be done; empty where the section is complete."""


class CampaignForm(CampaignModelForm):
    """Everything of a campaign; while staying (`is_staying`) it shows what was typed and complains about nothing.

    A draft (`is_draft`) may lack what a launch needs.
    """

    hours_start = forms.TimeField(label=_("From"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    hours_end = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        help_text=_("00:00 to 00:00 is all day."),
    )
    days = forms.TypedMultipleChoiceField(
        label=_("Days"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    calls_per_minute = NumberField(
        label=_("Calls a minute, at most"), required=False, min_value=1, help_text=_("Empty: as the provider allows.")
    )
    max_lines = NumberField(
        label=_("Calls at the same time, at most"),
        required=False,
        min_value=1,
        help_text=_("Empty: as the provider allows."),
    )
    max_attempts = NumberField(label=_("Attempts a person, at most"), min_value=1, max_value=10)
    quiet_hours = NumberField(
        label=_("Hours between two campaigns’ calls to one person"),
        min_value=0,
        max_value=24 * 365,
        help_text=_("0: other campaigns do not matter."),
    )
    budget = AmountField(
        label=_("Budget"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        help_text=_("The campaign pauses itself before it costs more. Empty: no limit."),
    )
    lists = forms.ModelMultipleChoiceField(
        ContactList.objects.all(), label=_("Lists"), required=False, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Campaign
        fields = (
            "name",
            "provider",
            "agent",
            "voice",
            "text",
            "caller_id",
            "dialer",
            "lists",
            "hours_start",
            "hours_end",
            "days",
            "calls_per_minute",
            "max_lines",
            "max_attempts",
            "budget",
            "quiet_hours",
        )

    def __init__(
        self, *args: Any, person: Person, is_staying: bool = False, is_draft: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.is_staying = is_staying
        self.is_launched = self.instance.launched_at is not None
        fields: dict[str, Any] = self.fields
        first = int(get_format("FIRST_DAY_OF_WEEK")) - 1
        fields["days"].choices = [(day % 7, WEEKDAYS[day % 7]) for day in range(first, first + 7)]
        team = getattr(getattr(person, "membership", None), "team_id", None)
        mine = Q(is_active=True) & (Q(team__isnull=True) | Q(team=team)) | Q(pk=self.instance.provider_id or 0)
        fields["provider"].queryset = Provider.objects.filter(mine).distinct()
        fields["text"].widget.attrs["rows"] = 4
        self._offer_message()
        for outcome, label in RETRY_OUTCOMES.items():
            fields[f"retry_{outcome}"] = MinutesField(
                label=label,
                required=False,
                initial=self.instance.retries.get(outcome, []),
                widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric"}),
            )
        self._variable_rows = self._add_variable_rows()
        for name in LOCKED if self.is_launched else ():
            if name in fields:
                fields[name].disabled = True
        for name in () if is_draft and not self.is_launched else self._wanted():
            fields[name].required = True

    # What depends on the provider

    @cached_property
    def chosen_provider(self) -> Provider | None:
        """The provider that stands in the form now, saved or not."""
        field: Any = self.fields["provider"]
        value = self["provider"].value()
        if not value and not self.is_bound and field.queryset.count() == 1:
            self.initial["provider"] = value = field.queryset.get().pk
        return field.queryset.filter(pk=int(str(value))).first() if str(value or "").isdecimal() else None

    @cached_property
    def chosen_agent(self) -> Agent | None:
        """The agent that stands in the form now, saved or not."""
        value = self["agent"].value() if "agent" in self.fields else None
        if not str(value or "").isdecimal() or self.chosen_provider is None:
            return None
        return Agent.objects.filter(pk=int(str(value)), provider=self.chosen_provider).first()

    @property
    def warnings(self) -> list[Sentence]:
        """What stands against calling with the chosen agent."""
        return agent_warnings(self.chosen_agent) if self.chosen_agent else []

    def _offer_message(self) -> None:
        provider = self.chosen_provider
        fields: dict[str, Any] = self.fields
        backend = provider.backend_class if provider else None
        kinds = backend.message_kinds if backend else frozenset()
        offered = {
            "agent": "agent" in kinds,
            "voice": bool(backend) and ("voice" in kinds or bool(backend and backend.accepts_voice_override)),
            "text": "text" in kinds,
            "caller_id": bool(backend and (backend.accepts_caller_id or backend.needs_caller_id)),
            "dialer": bool(backend and backend.accepts_dialer),
        }
        for name, model in CHOSEN_AT_VENDOR.items():
            if not offered[name]:
                del fields[name]
                continue
            here = Q(provider=provider) & (Q(is_present=True) | Q(pk=getattr(self.instance, f"{name}_id") or 0))
            fields[name].queryset = model._default_manager.filter(here)
            fields[name].required = False
        if not offered["text"]:
            del fields["text"]
        if "voice" in fields and "agent" in fields:
            fields["voice"].help_text = _("Empty: the agent’s own voice.")

    def _wanted(self) -> list[str]:
        """Return what a launch needs; a draft may be saved without it."""
        backend = self.chosen_provider.backend_class if self.chosen_provider else None
        wanted = ["lists", "days"]
        if backend and backend.message_kinds == {"agent"}:
            wanted.append("agent")
        if backend and backend.needs_caller_id:
            wanted.append("caller_id")
        return wanted

    # Variables

    def _add_variable_rows(self) -> list[VariableRow]:
        if self.chosen_provider is None or not self.chosen_provider.backend_class.accepts_variables:
            return []
        fields: dict[str, Any] = self.fields
        expected = [clean(name, 80) for name in self.chosen_agent.variables] if self.chosen_agent else []
        stored: Mapping[str, Any] = self.instance.variables
        typed = self._typed_variables()
        data: Any = self.data
        known = dict.fromkeys(expected, "") | (typed if typed is not None else dict(stored))
        rows = []
        pairs = [*known.items(), *[("", "")] * SPARE_ROWS]
        for position, (name, text) in enumerate(pairs[:MAX_VARIABLES]):
            key = f"variable_{position}"
            fields[f"{key}_name"] = forms.CharField(label=_("Name"), required=False, max_length=80, initial=name)
            fields[f"{key}_text"] = forms.CharField(label=_("Text"), required=False, max_length=500, initial=text)
            fields[f"{key}_name"].widget.attrs["dir"] = "ltr"
            if typed is not None:
                # Rows move when the agent changes: each shows its own pair, not what was posted at its place.
                data[self.add_prefix(f"{key}_name")] = name
                data[self.add_prefix(f"{key}_text")] = text
            rows.append(VariableRow(self[f"{key}_name"], self[f"{key}_text"], bool(name) and name in expected))
        return rows

    def _typed_variables(self) -> dict[str, str] | None:
        """Return the pairs that were posted, without those that have neither text nor meaning; None where unbound."""
        if not self.is_bound:
            return None
        posted: Any = self.data
        self.data = posted.copy()
        names = [(n, clean(self.data.get(self.add_prefix(f"variable_{n}_name")), 80)) for n in range(MAX_VARIABLES)]
        return {
            name: str(self.data.get(self.add_prefix(f"variable_{n}_text"), "")).strip() for n, name in names if name
        }

    @property
    def variable_rows(self) -> list[VariableRow]:
        """The rows of the variables, those the agent expects first."""
        return self._variable_rows

    @property
    def variables(self) -> dict[str, str]:
        """The variables that stand in the form now; those without a text are left to the contact's own columns."""
        if not self.variable_rows:
            return {}
        pairs = {clean(row.name.value(), 80): str(row.text.value() or "").strip() for row in self.variable_rows}
        return {name: text for name, text in pairs.items() if name and text}

    @property
    def retry_fields(self) -> list[BoundField]:
        """The waiting times by outcome."""
        return [self[f"retry_{outcome}"] for outcome in RETRY_OUTCOMES]

    # Checks

    @property
    def errors(self) -> ErrorDict:
        """What is wrong; nothing while the person only changed a choice."""
        return ErrorDict() if self.is_staying else super().errors

    def clean(self) -> dict[str, Any]:
        """Refuse what can never be called with."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("voice") and cleaned.get("text"):
            self.add_error("text", _("A call plays a recorded voice or speaks a text: keep one of them."))
        longest = max((len(cleaned.get(f"retry_{outcome}") or []) for outcome in RETRY_OUTCOMES), default=0)
        if cleaned.get("max_attempts") and longest and cleaned["max_attempts"] == 1:
            self.add_error("max_attempts", _("With one attempt there is no further one: raise it, or empty the times."))
        start, end = cleaned.get("hours_start"), cleaned.get("hours_end")
        if start is not None and end is not None:
            minutes = (end.hour * 60 + end.minute - start.hour * 60 - start.minute) % 1440
            if 0 < minutes < LEAST_MINUTES:
                self.add_error("hours_end", _("Give at least 30 minutes: a shorter time may never come for somebody."))
        return cleaned

    def preview(self) -> Campaign:
        """Return an unsaved campaign with the message as it stands in the form, to show what a person hears."""
        text = str(self["text"].value() or "") if "text" in self.fields else ""
        return Campaign(variables=self.variables, text=text)

    def chosen_lists(self) -> list[ContactList]:
        """Return the lists that are ticked in the form now."""
        if self.is_launched:
            return list(self.instance.lists.all())
        wanted = self["lists"].value() or []
        ids = [int(getattr(value, "pk", value)) for value in wanted if str(getattr(value, "pk", value)).isdecimal()]
        return list(ContactList.objects.filter(pk__in=ids))

    def sections(self) -> list[Section]:
        """Return the sections with what each still lacks."""
        given = {name for name in ("agent", "voice", "text", "caller_id") if name in self.fields and self[name].value()}
        backend = self.chosen_provider.backend_class if self.chosen_provider else None
        message: Sentence = ""
        if backend is None:
            message = _("Choose the provider first.")
        elif not given & set(backend.message_kinds):
            message = _("Choose what is said.")
        elif backend.needs_caller_id and "caller_id" not in given:
            message = _("Choose the caller ID.")
        basics = "" if self["name"].value() and backend else _("Give a name and choose the provider.")
        return [
            Section("basics", _("Name and provider"), basics),
            Section("message", _("Message"), message),
            Section("audience", _("Audience"), "" if self["lists"].value() else _("Choose a list.")),
            Section("hours", _("Hours and days"), "" if self["days"].value() else _("Choose a day.")),
            Section("pace", _("Pace"), ""),
            Section("retries", _("Further attempts"), ""),
            Section("budget", _("Budget"), ""),
        ]

    # Saving

    def values(self) -> dict[str, Any]:
        """Return the checked values of the campaign's columns; those that are fixed after a launch are left out."""
        cleaned = self.cleaned_data
        values: dict[str, Any] = {name: cleaned[name] for name in self._meta.fields or () if name in cleaned}
        values.pop("lists", None)
        values["days"] = sorted(cleaned.get("days") or [])
        values["retries"] = {outcome: cleaned.get(f"retry_{outcome}") or [] for outcome in RETRY_OUTCOMES}
        if self.is_launched:
            return {name: value for name, value in values.items() if name not in LOCKED}
        # What this provider has no use for must not stay from another one.
        values |= {name: None for name in CHOSEN_AT_VENDOR if name not in self.fields}
        values |= {} if "text" in self.fields else {"text": ""}
        return values | {"variables": self.variables}
