"""Forms of providers, built from the backend's `fields`; stored keys are never shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsModelRow
from callcenter.edits.states import UNKNOWN, Edited
from callcenter.formats.calendars import whole_moment
from callcenter.formats.json_field import JsonField
from callcenter.formats.moment_fields import MomentField
from providers import registry
from providers.exceptions import ProviderMisconfigured
from providers.models import Provider
from providers.opening import open_client
from providers.services.checking import CheckVerdict
from providers.services.destination import goes_elsewhere
from providers.types import OURS, VOICEMAIL, CallStatus, Field

SECRET, REMOVE, OPTION = "secret_", "remove_", "option_"


class OptionWordsField(forms.CharField):
    """A text field for several words separated by commas or spaces; its value is a list."""

    def prepare_value(self, value: Any) -> Any:
        """Return a list as one line of text."""
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> Any:
        """Return the words as a list without duplicates."""
        return list(dict.fromkeys(str(super().clean(value)).replace(",", " ").split()))


def form_field(field: Field) -> forms.Field:
    """Return the form field of a backend's field."""
    common: dict[str, Any] = {"label": field.label, "required": field.required, "help_text": field.help_text}
    match field.kind:
        case "secret":
            attrs = {"autocomplete": "new-password", "dir": "ltr", "spellcheck": "false"}
            return forms.CharField(
                widget=forms.PasswordInput(attrs=attrs, render_value=False), max_length=4000, **common
            )
        case "url":
            widget = forms.URLInput(attrs={"dir": "ltr"})
            return forms.URLField(assume_scheme="https", widget=widget, max_length=300, **common)
        case "choice":
            return forms.ChoiceField(choices=list(field.choices), **common)
        case "integer":
            return forms.IntegerField(min_value=0, **common)
        case "boolean":
            return forms.BooleanField(**{**common, "required": False})
        case "json":
            return JsonField(widget=forms.Textarea(attrs={"rows": 4, "dir": "ltr"}), **common)
        case "datetime":
            return MomentField(**common)
        case "words":
            return OptionWordsField(max_length=1000, **common)
        case _:
            return forms.CharField(max_length=300, **common)


class KeysForm(EditsModelRow):
    """Takes new keys of a provider; a blank field keeps the stored key."""

    edited = Edited(["secrets_set_at"])

    vendor: ClassVar[str]
    verdict: ClassVar[CheckVerdict | None] = None
    """Test result of the keys in this form; the view tests them and then validates the form again with it."""

    keep_untested = forms.BooleanField(
        label=_("Save the new key even if the test fails"),
        required=False,
        help_text=_("Only if the provider cannot be reached now: a wrong key pauses the provider at its first use."),
    )

    class Meta:
        model = Provider
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.backend = registry.backend_class(self.vendor)
        if self.instance._state.adding:
            self.instance.vendor = self.vendor
        for field in self.backend.fields:
            if not field.is_secret:
                continue
            shown = self.fields[SECRET + field.name]
            removal = self.fields[REMOVE + field.name]
            if masked := self.instance.masked_secret(field.name):
                shown.required = False
                shown.help_text = f"{self._kept(masked)} {field.help_text}".strip()
                removal.widget = forms.HiddenInput() if field.required else removal.widget
            else:
                removal.widget = forms.HiddenInput()
                if not self.instance.secrets.is_readable:
                    # Not required: the provider can be switched off or changed without its key.
                    shown.required = False
                    unreadable = gettext("The saved keys cannot be read. Paste this one again.")
                    shown.help_text = f"{unreadable} {field.help_text}".strip()
        if self.verdict is None or self.verdict.is_ok or not self.verdict.may_be_kept:
            self.fields["keep_untested"].widget = forms.HiddenInput()
        self.order_fields([name for name in self.fields if name != "keep_untested"])

    def _kept(self, masked: str) -> str:
        at, by = self.instance.secrets_set_at, self.instance.secrets_set_by
        if at is None:
            return gettext("Saved: %(masked)s. Leave blank to keep it.") % {"masked": masked}
        return gettext("Saved: %(masked)s, set %(when)s by %(who)s. Leave blank to keep it.") % {
            "masked": masked,
            "when": whole_moment(at),
            "who": by or gettext("Callcenter itself"),
        }

    def new_secrets(self) -> dict[str, str]:
        """Return the keys that were typed in."""
        names = (field.name for field in self.backend.fields if field.is_secret)
        return {name: value for name in names if (value := self.cleaned_data.get(SECRET + name))}

    def removed_secrets(self) -> list[str]:
        """Return the names of the optional keys to delete."""
        return [
            field.name
            for field in self.backend.fields
            if field.is_secret
            and not field.required
            and self.cleaned_data.get(REMOVE + field.name)
            and not self.cleaned_data.get(SECRET + field.name)
        ]

    def options(self) -> dict[str, Any]:
        """Return the provider's options as they will be stored."""
        return dict(self.instance.options)

    def clean(self) -> dict[str, Any]:
        """Check that the address is allowed and that the vendor accepted the keys."""
        super().clean()
        found: dict[str, Any] = self.cleaned_data
        self._check_destination()
        if not self.errors:
            self._check_nobody_else_did()
        if not self.errors:
            self._check_client()
        is_kept = bool(found.get("keep_untested")) and self.verdict is not None and self.verdict.may_be_kept
        if self.verdict and not self.verdict.is_ok and not is_kept:
            self.add_error(self._first_typed(), ValidationError(str(self.verdict), code="refused"))
        return found

    def _check_nobody_else_did(self) -> None:
        """Refuse keys where others were stored since the page was shown; as no key is shown, none can be chosen."""
        if self.shown_values is None or not (self.new_secrets() or self.removed_secrets()):
            return
        stored = self.read(Provider.objects.get(pk=self.instance.pk))
        if (self.shown_values.state or {}).get("secrets_set_at", UNKNOWN) != stored["secrets_set_at"]:
            self.show_anew(stored)
            refusal = _(
                "Another user saved keys here in the meantime, so yours were not saved. To replace them, paste "
                "yours again."
            )
            self.add_error(self._first_typed(), ValidationError(refusal, code="both_changed"))

    @cached_property
    def is_elsewhere(self) -> bool:
        """Whether the address that was typed in is another than the stored keys are for."""
        return not self.instance._state.adding and goes_elsewhere(self.instance, self.options())

    def _check_destination(self) -> None:
        """Ask for the required keys anew where the address changes: the stored ones are dropped with it."""
        if self.errors or not self.is_elsewhere:
            return
        for field in self.backend.fields:
            if field.is_secret and field.required and not self.cleaned_data.get(SECRET + field.name):
                refusal = _(
                    "Saved keys are never sent to another address, so a new address removes them. Nothing is "
                    "saved yet: paste the key for the new address, or restore the old address."
                )
                self.add_error(SECRET + field.name, ValidationError(refusal, code="elsewhere"))

    def _first_typed(self) -> str | None:
        return next((SECRET + name for name in self.new_secrets()), None)

    def _check_client(self) -> None:
        defaults = {field.name: field.default for field in self.backend.fields if not field.is_secret}
        # Nothing is asked: a stored key is not opened for it, and something that can be sent stands for it.
        kept = [] if self.is_elsewhere else self.instance.secrets.names
        secrets = {**dict.fromkeys(kept, "stored"), **self.new_secrets()}
        try:
            open_client(self.backend, secrets, {**defaults, **self.options()})
        except ProviderMisconfigured as error:
            address = OPTION + "base_url"
            about_key = "key" in str(error) or address not in self.fields
            self.add_error(self._first_typed() if about_key else address, ValidationError(str(error), code="forbidden"))


class ProviderForm(KeysForm):
    """All the settings of a provider that an admin edits."""

    class Meta:
        model = Provider
        fields = [
            "name", "is_active", "team", "max_lines", "single_call_lines", "calls_per_minute", "reads_per_minute",
            "max_call_seconds", "price_per_minute", "currency", "balance_limit", "day_cap",
        ]  # fmt: skip

    edited = Edited(
        [*Meta.fields, "options", "secrets_set_at"],
        by_key=frozenset({"options"}),
        together=[("price_per_minute", "currency", "day_cap"), ("max_lines", "single_call_lines")],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["single_call_lines"].required = False
        for field in self.backend.fields:
            if not field.is_secret:
                stored = self.instance.options.get(field.name)
                shown = field.default if stored in (None, "") else stored
                self.initial[OPTION + field.name] = shown or {} if field.kind == "json" else shown
        if self.instance._state.adding:
            calls, reads = self.backend.fitting_pace(self.instance.calls_per_minute, self.instance.reads_per_minute)
            self.initial.update(calls_per_minute=calls, reads_per_minute=reads)
        if most := self.backend.documented_requests:
            self.fields["reads_per_minute"].help_text = gettext(
                "How often we may check statuses. %(vendor)s documents %(n)d requests per minute, for calls "
                "and status checks together."
            ) % {"vendor": self.backend.label, "n": most}
        if address := self.fields.get(OPTION + "base_url"):
            address.help_text = gettext("One of: %(addresses)s.") % {"addresses": ", ".join(allowed_addresses())}
            if self.instance.secrets:
                dropped = gettext("A new address removes the saved keys: paste its keys as well.")
                address.help_text = f"{address.help_text} {dropped}"

    def options(self) -> dict[str, Any]:
        """Return the options that differ from the backend's defaults; the others follow a changed default."""
        fields = {field.name: field for field in self.backend.fields if not field.is_secret}
        kept = {name: value for name, value in self.instance.options.items() if name not in fields}
        for name, field in fields.items():
            value = self.cleaned_data.get(OPTION + name)
            default = list(field.default) if isinstance(field.default, list | tuple) else field.default
            if value not in (None, "", [], {}) and value != default:
                kept[name] = value
        return kept

    def clean_single_call_lines(self) -> int:
        """Return 0 where the field was emptied, and what is stored where it was not sent."""
        kept: int | None = self.cleaned_data["single_call_lines"]
        was_sent = self.add_prefix("single_call_lines") in self.data
        return kept or (0 if was_sent else self.instance.single_call_lines)

    def clean_currency(self) -> str:
        """Return the currency in capitals; raises ValidationError where it is not three letters."""
        currency = str(self.cleaned_data.get("currency") or "").strip().upper()
        if currency and not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
            raise ValidationError(_("Enter three letters, such as USD or IRT."))
        return currency

    def clean(self) -> dict[str, Any]:
        """Check the address and the additional status words too."""
        address = self.cleaned_data.get(OPTION + "base_url")
        if address and (refusal := refused_address(address)):
            self.add_error(OPTION + "base_url", refusal)
        words = self.cleaned_data.get(OPTION + "status_map_extra")
        if words and (refusal := refused_words(words)):
            self.add_error(OPTION + "status_map_extra", refusal)
        found = super().clean()
        price, currency = found.get("price_per_minute"), found.get("currency")
        if price and not currency and "currency" not in self.errors:
            self.add_error("currency", _("The price needs a currency: three letters, such as USD or IRT."))
        kept, lines = found.get("single_call_lines"), found.get("max_lines")
        if kept and lines and kept >= lines:
            self.add_error("single_call_lines", _("Keep fewer than all lines: campaigns need one at least."))
        if found.get("day_cap") is not None and not price and "price_per_minute" not in self.errors:
            self.add_error("day_cap", _("A limit needs a price per minute: without it no cost can be reserved."))
        return found

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if not self.errors:
            self.instance.options = self.options()

    def typed_values(self) -> dict[str, Any]:
        """Return what was typed, by column: not health, stops or pace, which workers may change meanwhile."""
        typed = {name: self.cleaned_data[name] for name in self.Meta.fields if name in self.cleaned_data}
        return typed | {"options": self.options()}

    def field_of(self, column: str, key: str | None) -> str:
        """Return the form's field of a column, or of an option of the vendor."""
        return OPTION + key if column == "options" and key else column


def provider_form(
    vendor: str, verdict: CheckVerdict | None = None, base: type[KeysForm] = ProviderForm
) -> type[KeysForm]:
    """Return the form class of a vendor; that of a vendor whose module is missing has no fields of its own."""
    made: dict[str, Any] = {"vendor": vendor, "verdict": verdict, "__module__": __name__}
    for field in registry.backend_class(vendor).fields:
        if field.is_secret:
            made[SECRET + field.name] = form_field(field)
            label = gettext("Delete the saved %(key)s") % {"key": field.label}
            made[REMOVE + field.name] = forms.BooleanField(label=label, required=False)
        elif base is not KeysForm:
            made[OPTION + field.name] = form_field(field)
    return type(base.__name__, (base,), made)


def keys_form(vendor: str, verdict: CheckVerdict | None = None) -> type[KeysForm]:
    """Return the form class that takes only a vendor's keys."""
    return provider_form(vendor, verdict, base=KeysForm)


def allowed_addresses() -> list[str]:
    """Return the origins that this installation allows."""
    found = [f"https://{host.strip()}" for host in settings.VENDOR_HOSTS]
    return [*found, settings.SANDBOX_ORIGIN] if settings.SANDBOX_ORIGIN else found


def refused_address(address: str) -> str:
    """Return why this installation does not allow an address; empty where it does."""
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}".lower()
    if settings.SANDBOX_ORIGIN and origin == settings.SANDBOX_ORIGIN.lower():
        return ""
    if parts.scheme != "https":
        return gettext("The address must start with https://.")
    if origin not in (found.lower() for found in allowed_addresses()):
        return gettext(
            "Calls may not be sent to %(host)s. Use one of: %(addresses)s. For another host, ask the server "
            "administrator to add it to VENDOR_HOSTS."
        ) % {"host": parts.netloc, "addresses": ", ".join(allowed_addresses())}
    return ""


def refused_words(words: Any) -> str:
    """Return why an admin's additional status words cannot be used; empty where they can."""
    ours = sorted({*CallStatus.values, VOICEMAIL} - {str(status) for status in OURS})
    if not isinstance(words, Mapping) or not all(word in ours for word in words.values()):
        return gettext('Write {"provider status": "our status"}; our statuses are: %(words)s.') % {
            "words": ", ".join(ours)
        }
    return ""
