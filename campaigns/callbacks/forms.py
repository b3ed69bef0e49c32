"""Forms of callbacks: when a person wants to be called, on their own clock."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.calls.forms.later import LaterFields, ReasonField
from campaigns.calls.later_calls import zones_to_choose
from campaigns.models import Call, Callback, Contact


class NewCallbackForm(LaterFields, forms.Form):
    """A callback that somebody asks for."""

    reason = ReasonField()

    def __init__(self, data: Any, number: str, contact: Contact | None) -> None:
        super().__init__(data)
        self.offer(zones_to_choose(number, contact))


class MoveCallbackForm(EditsRow, LaterFields, forms.Form):
    """Another day and time of a callback."""

    edited = Edited(["local_day", "local_time", "zone"], together=[["local_time", "local_day", "zone"]])

    def __init__(self, data: Any, callback: Callback) -> None:
        call: Call = callback.call
        first = {"local_day": callback.local_day, "local_time": callback.local_time, "zone": callback.zone}
        super().__init__(data, initial=first)
        self.offer(tuple(dict.fromkeys([callback.zone, *zones_to_choose(call.to_number, call.contact)])))
        self.begin(data, callback)

    def clean(self) -> dict[str, Any]:
        """Refuse a time without a day."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        if not found.get("zone") and not self.errors:
            raise ValidationError(_("Choose the time zone for this time."), code="zone")
        return found
