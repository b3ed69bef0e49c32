"""The forms of webhooks: a new one, a change of one, and what narrows its log."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsRow
from callcenter.formats.plain_text import plain_text
from callcenter.webhooks_out.events import EVENTS
from callcenter.webhooks_out.receivers import EDITED
from campaigns.core.happenings import KINDS
from campaigns.models import WebhookDelivery, WebhookReceiver
from campaigns.models.webhooks_out import MAX_NAME, MAX_URL

CHOICES = [(kind, KINDS[kind].label) for kind in EVENTS]


class WebhookFields(forms.Form):
    """What a webhook is."""

    name = forms.CharField(
        label=_("Name"), max_length=MAX_NAME, help_text=_("The program that receives the events, such as: web shop.")
    )
    url = forms.CharField(
        label=_("Address"),
        max_length=MAX_URL,
        widget=forms.URLInput({"dir": "ltr", "autocomplete": "off", "placeholder": "https://"}),
        help_text=_("Must start with https://. The host must be in OUTBOUND_HOSTS of this installation."),
    )
    kinds = forms.MultipleChoiceField(label=_("Events"), choices=CHOICES, widget=forms.CheckboxSelectMultiple)

    def clean_name(self) -> str:
        """Return the name as one line."""
        return plain_text(self.cleaned_data["name"], MAX_NAME)

    def clean_url(self) -> str:
        """Return the address without spaces around it."""
        return str(self.cleaned_data["url"]).strip()


class NewWebhookForm(WebhookFields):
    """A new webhook of one's own."""


class WebhookForm(EditsRow, WebhookFields):
    """A change of a webhook."""

    edited = EDITED

    is_active = forms.BooleanField(
        label=_("On"),
        required=False,
        help_text=_("While off, nothing is sent. Events from that time are not sent later either."),
    )

    def __init__(self, data: Any, receiver: WebhookReceiver) -> None:
        super().__init__(data, initial={name: getattr(receiver, name) for name in EDITED.columns})
        self.begin(data, receiver)

    def clean_kinds(self) -> list[str]:
        """Return the events in the order in which they are stored."""
        return sorted(self.cleaned_data["kinds"])


class LogForm(forms.Form):
    """What narrows the log of a webhook."""

    state = forms.ChoiceField(
        label=_("Status"), required=False, choices=[("", _("All")), *WebhookDelivery.State.choices]
    )
    kind = forms.ChoiceField(label=_("Event"), required=False, choices=[("", _("All")), *CHOICES])
