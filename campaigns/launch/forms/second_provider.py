"""The form by which a user agrees to a second provider of a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from campaigns.core.message_parts import PARTS
from campaigns.launch.forms.fields import NumberField
from campaigns.models import SecondProvider
from campaigns.models.second_providers import MOST_MINUTES
from providers.models import Provider

if TYPE_CHECKING:
    _Form = forms.ModelForm[SecondProvider]
else:
    _Form = forms.ModelForm

USUAL_MINUTES = 2


class SecondProviderForm(_Form):
    """What calls through one provider have, and the consent; the fields are those that its vendor takes."""

    wait_minutes = NumberField(
        label=_("Use it after so many minutes without a free line"),
        required=False,
        min_value=0,
        max_value=MOST_MINUTES,
        help_text=_("Empty: only while the first provider is halted or paused after failures."),
    )
    price_shown = forms.CharField(widget=forms.HiddenInput, max_length=40)
    is_agreed = forms.BooleanField(
        label=_("I agree: waiting calls may go through this provider, at this price and with this caller ID"),
        error_messages={"required": _("Tick this to agree. Nothing was saved.")},
    )

    class Meta:
        model = SecondProvider
        fields = ("agent", "voice", "text", "caller_id", "dialer", "wait_minutes")

    def __init__(self, data: Any, provider: Provider, known: SecondProvider | None) -> None:
        same = known is not None and known.provider_id == provider.pk
        super().__init__(data, instance=SecondProvider(provider=provider), initial=_initial(known) if same else None)
        self.provider, backend = provider, provider.backend_class
        kinds, fields = backend.message_kinds, self.fields
        offered = {
            "agent": "agent" in kinds,
            "voice": "voice" in kinds or backend.accepts_voice_override,
            "caller_id": backend.accepts_caller_id or backend.needs_caller_id,
            "dialer": backend.accepts_dialer,
        }
        for name, model in PARTS.items():
            if not offered[name]:
                del fields[name]
                continue
            chosen: Any = fields[name]
            kept = Q(pk=getattr(known, f"{name}_id", None) or 0)
            chosen.queryset = model._default_manager.filter(Q(is_present=True) | kept, provider=provider)
            chosen.required = (name == "agent" and kinds == {"agent"}) or (
                name == "caller_id" and backend.needs_caller_id
            )
        if "text" in kinds:
            fields["text"].widget.attrs["rows"] = 3
        else:
            del fields["text"]
        if not same:
            self.initial["wait_minutes"] = USUAL_MINUTES
        self.initial["price_shown"] = self.price_now

    @property
    def price_now(self) -> str:
        """The price a minute with its currency, as the page shows it."""
        return f"{self.provider.price_per_minute} {self.provider.currency}"

    def clean(self) -> dict[str, Any]:
        """Add an error where the price is another one by now, or where nothing is said."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("price_shown") != self.price_now:
            self.add_error(None, _("The price changed since the page was shown. Look at it again, then confirm."))
        if cleaned.get("voice") and cleaned.get("text"):
            self.add_error("text", _("A call uses either a recorded voice or a text. Choose one."))
        return cleaned

    def values(self) -> dict[str, Any]:
        """Return what was chosen and what was agreed to, as columns of a consent."""
        names = [name for name in self._meta.fields or () if name in self.fields]
        return {name: self.cleaned_data[name] for name in names} | {
            "provider": self.provider,
            "price_per_minute": self.provider.price_per_minute,
            "currency": self.provider.currency,
        }


def _initial(known: SecondProvider | None) -> dict[str, Any]:
    names = (*PARTS, "text", "wait_minutes")
    return {name: getattr(known, name) for name in names}
