"""Form of Quick call; its fields depend on the chosen provider and agent, and on the user's permissions."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms import BoundField
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from callcenter.formats.masking import dotted
from callcenter.parameters import whole_number
from campaigns import time_zones
from campaigns.calls.forms.later import MaybeLater
from campaigns.calls.forms.vendor_extras import extra_field
from campaigns.calls.number_check import Prospect, judge_number, refusal_of
from campaigns.calls.quick_call import SingleCall, hole_in, problems_of
from campaigns.core.allowed_use import offered_to
from campaigns.core.eligibility import Judge
from campaigns.core.message import MAX_TEXT, clean, known_of
from campaigns.core.scope import seen_by
from campaigns.core.typed_numbers import understand_typed
from campaigns.launch.launch_check import agent_warnings
from campaigns.models import Call, Contact
from campaigns.numbers import UnderstoodNumber, text_of_digits
from providers.base import MessageKind, ProviderBackend
from providers.models import Agent, CallerId, Dialer, Provider, Voice

KINDS: dict[MessageKind, str | Promise] = {
    "agent": _("An agent talks"),
    "caller_id": _("The agent of the caller ID talks"),
    "voice": _("A recorded voice is played"),
    "text": _("A text is spoken"),
    "digits": _("Digits are spoken"),
}
VARIABLE, EXTRA = "var_", "extra_"
MOST_FURTHER = 20
FOLLOWED = frozenset({"provider", "kind", "agent"})
"""Fields on which others depend: a change of one reloads the message's fields."""


class QuickCallForm(MaybeLater, forms.Form):
    """One number, one provider, one message; its fields are built for the values chosen so far.

    `chosen` are those values, posted or initial. `is_final` binds the form, to be validated as an order. `again` is the
    earlier call that is repeated, if any.
    """

    account: Provider | None
    """The provider on which the other fields depend: the chosen one, else the first that may call."""
    agent: Agent | None = None
    has_extras = False

    number = forms.CharField(
        label=_("Number"),
        max_length=60,
        widget=forms.TextInput({"type": "tel", "dir": "ltr", "autocomplete": "off", "autofocus": True}),
    )
    is_deliberate = forms.BooleanField(label=_("Call this number again anyway"), required=False)
    provider = forms.ModelChoiceField(Provider.objects.none(), label=_("Provider"), empty_label=None)

    def __init__(
        self, chosen: Mapping[str, Any], *, person: Person, again: Call | None = None, is_final: bool = False
    ) -> None:
        super().__init__(chosen if is_final else None, initial=plain_values(chosen))
        self.person, self.again, self.chosen = person, again, chosen
        self._choose_provider()
        if self.account is not None:
            self._choose_kind(self.account)
            self._add_message(self.account)
            self._add_variables(self.account.backend_class)
            self._add_extras(self.account.backend_class)
        self.offer_later(self.understood.e164 if self.understood else "", chosen)
        self._ask_while_typing()

    # Building

    def _choose_provider(self) -> None:
        providers = Provider.objects.filter(offered_to(self.person), is_active=True)
        field = self._choice("provider")
        field.queryset = providers
        field.label_from_instance = lambda found: f"{found} ({found.state.label})" if found.stop_reason else str(found)
        self.account = _picked(providers, self.chosen.get("provider"))
        if self.account is None:
            last = Call.objects.filter(owner_id=self.person.pk, campaign__isnull=True).order_by("-id")
            usual = providers.callable().filter(pk__in=last.values("provider")[:1]).first()
            self.account = usual or providers.callable().first() or providers.first()
        self.initial["provider"] = self.account.pk if self.account else None

    def _choose_kind(self, provider: Provider) -> None:
        kinds = [kind for kind in KINDS if kind in provider.backend_class.message_kinds]
        asked = self.chosen.get("kind")
        self.kind: MessageKind = next((kind for kind in kinds if kind == asked), kinds[0])
        self.initial["kind"] = self.kind
        if len(kinds) > 1:
            choices = [(kind, KINDS[kind]) for kind in kinds]
            self.fields["kind"] = forms.ChoiceField(label=_("Agent or voice"), choices=choices)

    def _add_message(self, provider: Provider) -> None:
        backend = provider.backend_class
        if self.kind == "agent":
            self._add_row("agent", _("Agent"), Agent)
        if self.kind == "voice":
            self._add_row("voice", _("Recorded voice"), Voice)
        elif self.kind == "digits" or (self.kind == "agent" and backend.accepts_voice_override):
            label = _("Voice before the digits") if self.kind == "digits" else _("Use another voice than the agent's")
            self._add_row("voice", label, Voice, required=False)
        if self.kind == "text":
            self.fields["text"] = forms.CharField(
                label=_("Text"),
                max_length=MAX_TEXT,
                widget=forms.Textarea({"rows": 3}),
                help_text=_("{name} is replaced with the contact's name."),
            )
        if self.kind == "digits":
            widget = forms.TextInput({"dir": "ltr", "inputmode": "numeric", "autocomplete": "off"})
            self.fields["digits"] = forms.CharField(label=_("Digits"), max_length=5, widget=widget)
        if backend.accepts_caller_id:
            self._add_row("caller_id", _("Caller ID"), CallerId, required=backend.needs_caller_id)
        if backend.accepts_dialer:
            self._add_row("dialer", _("Dialler"), Dialer, required=False)

    def _add_row(self, name: str, label: str | Promise, model: Any, *, required: bool = True) -> None:
        rows = model._default_manager.filter(provider=self.account, is_present=True)
        picked = _picked(rows, self.chosen.get(name))
        if picked is None and required:
            only = list(rows[:2])
            picked = only[0] if len(only) == 1 else None
        if not required and not rows.exists():
            return
        chooser = CallerIdField if model is CallerId else forms.ModelChoiceField
        self.fields[name] = chooser(
            rows,
            label=str(label),
            required=required,
            empty_label=gettext("Choose") if required else gettext("Provider's default"),
        )
        self.initial[name] = picked.pk if picked else None
        if name == "agent":
            self.agent = picked
            if picked:
                self.fields[name].help_text = " ".join(str(sentence) for sentence in agent_warnings(picked))

    def _add_variables(self, backend: type[ProviderBackend]) -> None:
        if not backend.accepts_variables:
            return
        known = known_of(self.contact if may(self.person, "see_people") else None)
        for name in self.asked_names:
            self.fields[VARIABLE + name] = forms.CharField(
                label=name, max_length=500, widget=forms.TextInput({"dir": "auto", "autocomplete": "off"})
            )
            self.initial.setdefault(VARIABLE + name, known.get(name, ""))
        self.fields["further"] = forms.CharField(
            label=_("Extra information for the agent"),
            required=False,
            max_length=5000,
            widget=forms.Textarea({"rows": 3, "dir": "auto"}),
            help_text=_("One per line, such as order: 4711"),
        )

    def _add_extras(self, backend: type[ProviderBackend]) -> None:
        self.has_extras = bool(backend.order_fields) and may(self.person, "manage_providers")
        if not self.has_extras:
            return
        self.fields["use_extras"] = forms.BooleanField(
            label=_("Send these extras with this call. I know that the provider may then redial on its own."),
            required=False,
        )
        for field in backend.order_fields:
            self.fields[EXTRA + field.name] = extra_field(field)
            if EXTRA + field.name not in self.chosen:
                self.initial[EXTRA + field.name] = field.default

    def _choice(self, name: str) -> Any:
        return self.fields[name]

    def _ask_while_typing(self) -> None:
        """Add the htmx attributes that check the number and reload dependent fields; without htmx "Check" does."""
        # Requests are queued, so that a check while a number is being typed does not cancel the reload after a choice.
        asks = {"hx-post": reverse("quick-call-check"), "hx-swap": "outerHTML", "hx-sync": "closest form:queue all"}
        typed = {"hx-target": "#standing", "hx-trigger": "input changed delay:400ms"}
        self.fields["number"].widget.attrs |= asks | typed
        for name in FOLLOWED & self.fields.keys():
            self.fields[name].widget.attrs |= asks | {"hx-target": "#message"}

    # What the template shows

    @property
    def message_fields(self) -> list[BoundField]:
        """The fields that depend on the provider."""
        names = ("kind", "agent", "voice", "text", "digits", "caller_id", "dialer")
        return [self[name] for name in names if name in self.fields]

    @property
    def variable_fields(self) -> list[BoundField]:
        """The fields of the variables that the agent uses."""
        return [self[name] for name in self.fields if name.startswith(VARIABLE)]

    @property
    def extra_fields(self) -> list[BoundField]:
        """The fields of the vendor's extra options, for users who manage providers."""
        return [self[name] for name in self.fields if name.startswith(EXTRA)]

    @property
    def asked_names(self) -> list[str]:
        """The names of the variables that the chosen agent uses."""
        raw = self.agent.variables if self.agent else []
        return list(dict.fromkeys(name for word in raw if (name := clean(word, 80))))

    # The number

    @cached_property
    def understood(self) -> UnderstoodNumber | None:
        """The parsed number; None while nothing is typed."""
        raw = str(self.chosen.get("number") or "").strip()
        if not raw:
            return None
        if self.again is not None and raw == hidden_number(self.again):
            return understand_typed(self.again.to_number)
        return understand_typed(raw)

    @cached_property
    def prospect(self) -> Prospect | None:
        """The check whether the number may be called now; None while it cannot be parsed."""
        found = self.understood
        return (
            judge_number(found.e164, found.region, self.account, viewer=self.person) if found and found.e164 else None
        )

    @cached_property
    def contact(self) -> Contact | None:
        """The contact with this number, if there is one."""
        found = self.understood
        people = seen_by(self.person, Contact.objects.all())
        return people.filter(phone=found.e164).first() if found and found.e164 else None

    # Validation

    def clean_number(self) -> str:
        """Return the number in E.164. Raises ValidationError that says what is wrong."""
        found = self.understood
        if found is None or found.code:
            raise ValidationError(str(found.problem) if found else gettext("Phone number missing."), code="number")
        return found.e164

    def clean_digits(self) -> str:
        """Return the digits converted to 0 to 9 from any script."""
        return text_of_digits(str(self.cleaned_data["digits"]).strip())

    def clean_further(self) -> dict[str, str]:
        """Parse `name: value` lines into further variables."""
        found: dict[str, str] = {}
        for line in str(self.cleaned_data["further"]).splitlines():
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon or not clean(name, 80):
                raise ValidationError(_("Enter each line as name: value."), code="line")
            found[clean(name, 80)] = clean(value)
        if len(found) > MOST_FURTHER:
            raise ValidationError(_("Enter at most %(n)d lines."), params={"n": MOST_FURTHER}, code="many")
        return found

    def clean(self) -> dict[str, Any]:
        """Check the message, and whether the number may be called now."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if self.is_later:
            self.clean_later(found)
        elif self.prospect and (refusal := refusal_of(self.prospect, is_deliberate=bool(found.get("is_deliberate")))):
            self.add_error("number" if not self.prospect.may_be_called else "is_deliberate", refusal)
        if self.chosen.get("use_extras") and not may(self.person, "manage_providers"):
            self.add_error(None, _("Only admins can send provider extras. No call was placed."))
        self._clean_extras(found)
        if hole := hole_in(str(found.get("text", "")), self.contact):
            self.add_error("text", hole)
        if not self.errors:
            for name, sentence in problems_of(self.order()).items():
                self.add_error(name if name in self.fields else None, str(sentence))
        return found

    def _clean_extras(self, found: dict[str, Any]) -> None:
        if not self.has_extras or not found.get("use_extras"):
            return
        zones = time_zones.zones_of(self.prospect.e164, "") if self.prospect else ()
        if self.contact and self.prospect:
            zones = time_zones.zones_of(self.prospect.e164, self.contact.time_zone)
        for name in (name for name in self.fields if name.startswith(EXTRA)):
            moment = found.get(name)
            if not isinstance(moment, datetime.datetime):
                continue
            if moment < timezone.now() + datetime.timedelta(minutes=2):
                self.add_error(name, _("Choose a time at least two minutes from now."))
            elif Judge(moment, None).hours(zones) is not None:
                self.add_error(name, _("That is outside calling hours in the contact's local time."))

    # The order

    def order(self) -> SingleCall:
        """Return the order; uses the fields that are valid so far."""
        found = self.cleaned_data
        variables = {name: str(found.get(VARIABLE + name, "")) for name in self.asked_names}
        region = self.understood.region if self.understood else ""
        return SingleCall(
            to_number=found["number"],
            region=region,
            provider=found["provider"],
            agent=found.get("agent"),
            voice=found.get("voice"),
            text=str(found.get("text", "")).strip(),
            digits=str(found.get("digits", "")),
            caller_id=found.get("caller_id"),
            dialer=found.get("dialer"),
            variables={**variables, **found.get("further", {})},
            vendor_options=self._vendor_options(),
            is_deliberate=bool(found.get("is_deliberate")),
            later=self.later_of(found) if self.is_later else None,
        )

    def _vendor_options(self) -> dict[str, Any]:
        if not self.has_extras or not self.cleaned_data.get("use_extras") or self.account is None:
            return {}
        wanted = {}
        for field in self.account.backend_class.order_fields:
            value = self.cleaned_data.get(EXTRA + field.name)
            if isinstance(value, datetime.datetime):
                value = value.isoformat()
            if value not in (None, "", [], {}) and value is not False:
                wanted[field.name] = value
        return wanted


class CallerIdField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """A choice of caller ID, whose number is shown left to right on every page."""

    def label_from_instance(self, obj: Any) -> str:
        """Return the label with the number in Unicode direction isolates, because an option cannot contain markup."""
        return f"\u2066{obj.number}\u2069 {obj.name}".strip()


def plain_values(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Return a form's values as initial values; a list only for a name that was posted more than once."""
    if not isinstance(chosen, QueryDict):
        return dict(chosen)
    return {name: values if len(values) > 1 else chosen.get(name) for name, values in chosen.lists()}


def hidden_number(call: Call) -> str:
    """Return the placeholder for the number of a call in the form of a user who may no longer see it whole."""
    return dotted(call.to_number)


def _picked(rows: Any, key: Any) -> Any:
    """Return the row with a posted key, if it is among these; else None."""
    number = whole_number(getattr(key, "pk", key))
    return rows.filter(pk=number).first() if number is not None else None
