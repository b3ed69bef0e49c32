"""The form of the campaign builder: one page in sections, whose fields depend on the chosen provider."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.forms.utils import ErrorDict
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from callcenter.edits.states import Edited
from callcenter.parameters import RowsField, whole_number
from campaigns.contacts.tags import read_tags
from campaigns.core.allowed_use import offered_to, team_for
from campaigns.core.hours.week import Week
from campaigns.core.installation import current
from campaigns.core.scope import seen_by
from campaigns.launch.audience_query import Selection
from campaigns.launch.drafts import visible_to
from campaigns.launch.forms.fields import AmountField, AudienceTagsField, NumberField
from campaigns.launch.forms.hours import OF_HOURS, HoursForm, day_order
from campaigns.launch.forms.living import LivingForm
from campaigns.launch.forms.offered import CHOSEN_AT_VENDOR, parts_offered, rows_offered
from campaigns.launch.forms.pace import OF_PACE, PaceForm
from campaigns.launch.forms.sections import FormSection, Sentence
from campaigns.launch.launch_check import agent_warnings
from campaigns.launch.living_terms import TERMS
from campaigns.models import Campaign, ContactList
from providers.models import Agent, Provider

LEAST_MINUTES = 30
OFFERED_TO_LEAVE_OUT = 50
WHO_IS_LEFT_OUT = (
    (False, _("All contacts queued there, called or not")),
    (True, _("Only contacts who talked with us")),
)
MESSAGE = ("provider", "agent", "voice", "text", "caller_id", "dialer", "on_machine")
HOURS = ("hours_start", "hours_end")
POLICY = ("retries", "hand_overs")
"""Columns that mean something only together: what one of them may be depends on the others."""
LOCKED = (
    "name", "provider", "agent", "voice", "text", "caller_id", "dialer", "on_machine", "lists", "tags",
    "excluded_campaigns", "excludes_only_reached", "is_living",
)  # fmt: skip
"""Fields of message and audience, which cannot change after the launch: everybody of one campaign hears the same."""


class CampaignForm(LivingForm, HoursForm, PaceForm):
    """All settings of a campaign.

    With `is_staying`, the page is only shown again after a choice, without error messages. With `is_draft`, fields that
    a launch needs may be empty.
    """

    edited = Edited(
        [
            "name", "lists", "tags", "excluded_campaigns", "excludes_only_reached", "variables", "days",
            *OF_PACE, "max_attempts", "attempts_a_day", "budget", "budget_is_soft", "quiet_hours", *MESSAGE, *HOURS,
            *OF_HOURS, *POLICY, *TERMS,
        ],
        by_key=frozenset({"variables", *POLICY}),
        together=[MESSAGE, HOURS, POLICY, TERMS],
    )  # fmt: skip

    hours_start = forms.TimeField(label=_("From"), widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    hours_end = forms.TimeField(
        label=_("Until"),
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        help_text=_("00:00 to 00:00 means all day."),
    )
    days = forms.TypedMultipleChoiceField(
        label=_("Days"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple
    )
    quiet_hours = NumberField(
        label=_("Quiet period between campaigns (hours per contact)"),
        min_value=0,
        max_value=24 * 365,
        help_text=_("0: calls of other campaigns are ignored."),
    )
    budget = AmountField(
        label=_("Budget"),
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=2,
        help_text=_("The campaign pauses automatically before it costs more. Empty: no limit."),
    )
    budget_is_soft = forms.BooleanField(
        label=_("Soft budget: continue until it is spent"),
        required=False,
        help_text=_(
            "Calls in progress may then go over the budget. Without it, the budget is never exceeded, and "
            "fewer calls run at a time."
        ),
    )
    lists = RowsField(ContactList.objects.none(), label=_("Lists"), required=False, widget=forms.CheckboxSelectMultiple)

    tags = AudienceTagsField(
        label=_("Tags"),
        required=False,
        max_length=600,
        help_text=_(
            "Separate with commas. Only contacts with one of these tags are called; without a list, all of them."
        ),
    )
    excluded_campaigns = RowsField(
        Campaign.objects.none(),
        label=_("Exclude contacts of"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    excludes_only_reached = forms.TypedChoiceField(
        label=_("Contacts to exclude"),
        required=False,
        choices=WHO_IS_LEFT_OUT,
        coerce=lambda value: str(value) == "True",
        widget=forms.RadioSelect,
    )
    hear = forms.CharField(label=_("Sample contact"), required=False, max_length=80)

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
            "on_machine",
            "lists",
            "tags",
            "excluded_campaigns",
            "excludes_only_reached",
            *TERMS,
            "hours_start",
            "hours_end",
            "days",
            *OF_PACE,
            "max_attempts",
            "attempts_a_day",
            "budget",
            "budget_is_soft",
            "quiet_hours",
            "requires_consent",
        )

    def __init__(
        self, *args: Any, person: Person, is_staying: bool = False, is_draft: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self.is_staying, self.person = is_staying, person
        self.is_launched = self.instance.launched_at is not None
        fields: dict[str, Any] = self.fields
        fields["days"].choices = [(day, WEEKDAYS[day]) for day in day_order()]
        team = self.instance.team_id if self.instance.pk else None
        mine = Q(is_active=True) & offered_to(person, team) | Q(pk=self.instance.provider_id or 0)
        fields["provider"].queryset = Provider.objects.filter(mine)
        chosen = Q(pk__in=self.instance.lists.values("pk")) if self.instance.pk else Q(pk__in=[])
        usable = seen_by(person, ContactList.objects.filter(offered_to(person, team)))
        fields["lists"].queryset = ContactList.objects.filter(chosen | Q(pk__in=usable.values("pk")))
        fields["text"].widget.attrs["rows"] = 4
        if not self.instance.pk:
            fields["quiet_hours"].initial = self.initial["quiet_hours"] = current().quiet_period_hours
        fields["excluded_campaigns"].queryset = self._others(person)
        self._offer_message()
        self._offer_policy(person, self._team())
        self._offer_hours()
        self._variable_rows = self._add_variable_rows(self.chosen_provider, self.chosen_agent)
        for name in LOCKED if self.is_launched else ():
            if name in fields:
                fields[name].disabled = True
        self.is_draft = is_draft and not self.is_launched
        for name in () if self.is_draft else self._wanted():
            fields[name].required = True

    # What depends on the provider

    @cached_property
    def chosen_provider(self) -> Provider | None:
        """The provider chosen in the form, saved or not."""
        field: Any = self.fields["provider"]
        value = self["provider"].value()
        if not value and not self.is_bound and field.queryset.count() == 1:
            self.initial["provider"] = value = field.queryset.get().pk
        number = whole_number(value)
        return field.queryset.filter(pk=number).first() if number is not None else None

    @cached_property
    def chosen_agent(self) -> Agent | None:
        """The agent chosen in the form, saved or not."""
        value = self["agent"].value() if "agent" in self.fields else None
        number = whole_number(value)
        if number is None or self.chosen_provider is None:
            return None
        return Agent.objects.filter(pk=number, provider=self.chosen_provider).first()

    @property
    def warnings(self) -> list[Sentence]:
        """Sentences about problems of the chosen agent."""
        return agent_warnings(self.chosen_agent) if self.chosen_agent else []

    def _offer_message(self) -> None:
        provider = self.chosen_provider
        fields: dict[str, Any] = self.fields
        backend = provider.backend_class if provider else None
        offered = parts_offered(provider)
        for name in CHOSEN_AT_VENDOR:
            if name not in offered:
                del fields[name]
                continue
            fields[name].queryset = rows_offered(name, provider, [getattr(self.instance, f"{name}_id")])
            fields[name].required = False
        if "text" not in offered:
            del fields["text"]
        if backend and backend.takes_on_machine:
            fields["on_machine"].help_text = backend.on_machine_note
        else:
            del fields["on_machine"]
        if "voice" in fields and "agent" in fields:
            fields["voice"].help_text = _("Empty: the agent’s own voice.")

    @property
    def machine_note(self) -> Sentence:
        """Where it is set what happens if a voicemail answers, for a vendor that is not told with each call."""
        backend = self.chosen_provider.backend_class if self.chosen_provider else None
        return backend.on_machine_note if backend and not backend.takes_on_machine else ""

    def _others(self, person: Person) -> QuerySet[Campaign]:
        """Return the campaigns whose people may be left out: the newest launched ones, and those chosen already."""
        launched = visible_to(person).filter(launched_at__isnull=False).exclude(pk=self.instance.pk)
        newest = list(launched.order_by("-pk").values_list("pk", flat=True)[:OFFERED_TO_LEAVE_OUT])
        if self.instance.pk:
            newest += self.instance.excluded_campaigns.values_list("pk", flat=True)
        return Campaign.objects.filter(pk__in=newest).order_by("-pk")

    def _wanted(self) -> list[str]:
        """Return the names of fields that a launch needs and a draft may lack."""
        backend = self.chosen_provider.backend_class if self.chosen_provider else None
        wanted = [] if self["has_weekly_hours"].value() else ["days"]
        if backend and backend.message_kinds == {"agent"}:
            wanted.append("agent")
        if backend and backend.needs_caller_id:
            wanted.append("caller_id")
        return wanted

    # Checks and choices

    @property
    def errors(self) -> ErrorDict:
        """The form's errors; none while the person has only changed a choice."""
        return ErrorDict() if self.is_staying else super().errors

    def clean_excludes_only_reached(self) -> bool:
        """Return False if nothing is chosen."""
        return bool(self.cleaned_data["excludes_only_reached"])

    def clean(self) -> dict[str, Any]:
        """Add errors for settings with which no call could ever be placed."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("voice") and cleaned.get("text"):
            self.add_error("text", _("A call uses either a recorded voice or a text. Choose one."))
        self.check_policy(cleaned)
        self.check_living(cleaned, is_draft=self.is_draft)
        self.check_hours(cleaned)
        chosen = cleaned.get("lists") or cleaned.get("tags") or "tags" in self.errors
        if not self.is_draft and not self.is_launched and not chosen:
            self.add_error("lists", _("Choose a list, or enter a tag."))
        start, end = cleaned.get("hours_start"), cleaned.get("hours_end")
        if start is not None and end is not None:
            minutes = (end.hour * 60 + end.minute - start.hour * 60 - start.minute) % 1440
            if 0 < minutes < LEAST_MINUTES:
                self.add_error("hours_end", _("Enter at least 30 minutes, so that everyone can be called."))
        return cleaned

    def preview(self) -> Campaign:
        """Return an unsaved campaign with the form's message, for the preview of what a person hears."""
        text = str(self["text"].value() or "") if "text" in self.fields else ""
        return Campaign(variables=self.variables, text=text)

    def selection(self) -> Selection:
        """Return the audience chosen in the form, saved or not."""
        if self.is_launched:
            return Selection.of(self.instance)
        tags = self["tags"].value()
        return Selection(
            lists=self._ticked("lists"),
            tags=tuple(tags if isinstance(tags, list) else read_tags(str(tags or ""))),
            left_out=self._ticked("excluded_campaigns"),
            only_reached=str(self["excludes_only_reached"].value()) == "True",
            team=self._team(),
        )

    def _team(self) -> int | None:
        """Return the team that the campaign belongs to, or will, by the provider chosen so far."""
        if self.instance.pk:
            team: int | None = self.instance.team_id
            return team
        return team_for(self.person, self.chosen_provider.team_id if self.chosen_provider else None)

    def _ticked(self, name: str) -> tuple[int, ...]:
        """Return the ids ticked in a field of choices, without those that it does not offer."""
        field: Any = self.fields[name]
        given = [whole_number(getattr(value, "pk", value)) for value in self[name].value() or []]
        ids = [number for number in given if number is not None]
        return tuple(field.queryset.filter(pk__in=ids).order_by("pk").values_list("pk", flat=True)) if ids else ()

    def sections(self) -> list[FormSection]:
        """Return the sections, each with what it still lacks."""
        given = {name for name in ("agent", "voice", "text", "caller_id") if name in self.fields and self[name].value()}
        backend = self.chosen_provider.backend_class if self.chosen_provider else None
        message: Sentence = ""
        if backend is None:
            message = _("Choose the provider first.")
        elif not given & set(backend.message_kinds):
            message = _("Choose the message.")
        elif backend.needs_caller_id and "caller_id" not in given:
            message = _("Choose the caller ID.")
        audience = "" if self["lists"].value() or self["tags"].value() else _("Choose a list or a tag.")
        basics = "" if self["name"].value() and backend else _("Enter a name and choose the provider.")
        return [
            FormSection("basics", _("Name and provider"), basics),
            FormSection("message", _("Message"), message),
            FormSection("audience", _("Audience"), audience),
            FormSection(
                "hours",
                _("Hours and days"),
                "" if self["days"].value() or self["has_weekly_hours"].value() else _("Choose a day."),
            ),
            FormSection("pace", _("Pace"), ""),
            FormSection("retries", _("Retries"), ""),
            FormSection("budget", _("Budget"), ""),
        ]

    # Both changed one

    def field_of(self, column: str, key: str | None) -> str:
        """Return the field at which a part is shown; that of an outcome for a part of the policy."""
        if column in OF_HOURS:
            return self.hours_field_of(column)
        return self.policy_field_of(column, key) if column in POLICY else super().field_of(column, key)

    def label_of(self, column: str, key: str | None) -> str | Promise:
        """Return the label of a part; of what is one thing in several fields, that of its section."""
        return {"provider": _("Message"), "hours_start": _("Hours"), "is_living": _("Stay open")}.get(
            column
        ) or super().label_of(column, key)

    def words_of(self, column: str, key: str | None, value: Any) -> str | Promise:
        """Return a part in words; days by their names, the policy by times and people."""
        if column == "days":
            return ", ".join(str(WEEKDAYS[day]) for day in value or ())
        if column in OF_HOURS:
            return self.hours_words(column, value)
        return self.policy_words(column, value) if column in POLICY else super().words_of(column, key, value)

    # Saving

    def values(self) -> dict[str, Any]:
        """Return the cleaned values of the campaign's columns, without those that are fixed after a launch."""
        cleaned = self.cleaned_data
        values: dict[str, Any] = {name: cleaned[name] for name in self._meta.fields or () if name in cleaned}
        for chosen in ("lists", "excluded_campaigns"):
            values.pop(chosen, None)
        values["days"] = sorted(cleaned.get("days") or [])
        values |= self.hours_values(cleaned)
        if values["weekly_hours"]:
            values["days"] = Week.of(values["weekly_hours"]).open_days
        values |= self.policy_values(cleaned)
        if self.is_launched:
            return {name: value for name, value in values.items() if name not in LOCKED}
        # Clear choices that were made for another provider and that this one does not offer.
        values |= {name: None for name in CHOSEN_AT_VENDOR if name not in self.fields}
        values |= {name: "" for name in ("text", "on_machine") if name not in self.fields}
        return values | {"variables": self.variables}
