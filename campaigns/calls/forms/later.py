"""The fields by which a time on a person's own clock is entered; the zone of that clock is always named beside them."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.formats.zones import city_of, clock_time, zone_named
from campaigns.calls.later_calls import Later, refuse_then, zones_to_choose
from campaigns.core.forms.days_and_lengths import DayField
from campaigns.core.refusals import Refusal
from campaigns.models import Contact
from campaigns.numbers import text_of_digits
from campaigns.reasons import MAX_REASON


class ThereDayField(DayField):
    """A day on the clock of the person who is called."""

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput({"type": "date"}, format="%Y-%m-%d")
        super().__init__(**{"label": _("Local day"), "widget": widget, **options})
        self.help_text = ""


class ThereTimeField(forms.TimeField):
    """A time on the clock of the person who is called, in the digits of any script."""

    def __init__(self, **options: Any) -> None:
        widget = forms.TimeInput({"type": "time"}, format="%H:%M")
        super().__init__(**{"label": _("Local time"), "widget": widget, **options})

    def to_python(self, value: Any) -> Any:
        """Return the time of a text."""
        return super().to_python(text_of_digits(value) if isinstance(value, str) else value)


class ZoneField(forms.ChoiceField):
    """The zone of that clock, with the time that it shows now."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"label": _("Time zone"), **options})


class ReasonField(forms.CharField):
    """What a call later is about."""

    def __init__(self, **options: Any) -> None:
        standard = {
            "label": _("Topic"),
            "required": False,
            "max_length": MAX_REASON,
            "widget": forms.TextInput({"dir": "auto", "autocomplete": "off"}),
            "help_text": _("For colleagues, such as “wants a later appointment”. The contact does not hear it."),
        }
        super().__init__(**{**standard, **options})


def zone_choices(zones: Sequence[str]) -> list[tuple[str, str]]:
    """Return the choices of a `ZoneField`: each city with its time now."""
    now, found = timezone.now(), []
    for name in zones:
        if (zone := zone_named(name)) is not None:
            words = _("%(city)s (%(zone)s), now %(time)s")
            there = {"city": city_of(name), "zone": name, "time": clock_time(now.astimezone(zone))}
            found.append((name, str(words) % there))
    return found


class LaterFields(forms.Form):
    """Day, time and zone of a call later."""

    local_day = ThereDayField()
    local_time = ThereTimeField()
    zone = ZoneField()

    def offer(self, zones: Sequence[str]) -> None:
        """Offer the zones that the number may be in; the first is chosen, and the day is today's there."""
        fields: dict[str, Any] = self.fields
        fields["zone"].choices = zone_choices(zones)
        if zones and (first := zone_named(zones[0])) is not None:
            self.initial.setdefault("zone", zones[0])
            self.initial.setdefault("local_day", day_there(first))


class MaybeLater(forms.Form):
    """Day, time and zone of a call that may be later, and what it is about; for a form that also calls at once."""

    local_day = ThereDayField(required=False)
    local_time = ThereTimeField(required=False)
    zone = ZoneField(required=False)
    reason = ReasonField()
    is_later = False
    """Whether the call is asked for at a time, not now."""

    def offer_later(self, number: str, chosen: Mapping[str, Any]) -> None:
        """Offer the zones that a number may be in; `chosen` is what was posted, or the initial values."""
        self.is_later = chosen.get("do") == "later"
        zones = zones_to_choose(number, contact_with(number)) if number else ()
        fields: dict[str, Any] = self.fields
        fields["zone"].choices = zone_choices(zones)
        if zones and (first := zone_named(zones[0])) is not None:
            self.initial["zone"] = chosen.get("zone") or zones[0]
            self.initial["local_day"] = chosen.get("local_day") or day_there(first)

    def clean_later(self, found: Mapping[str, Any]) -> None:
        """Add errors for a time that is missing, is none, or at which the number may not be called."""
        missing = [name for name in ("local_day", "local_time", "zone") if not found.get(name)]
        for name in missing:
            if name not in self.errors:
                self.add_error(name, _("Choose when to call."))
        if missing or self.errors:
            return
        try:
            at = self.later_of(found).moment(timezone.now())
            refuse_then(found["number"], found["provider"], contact_with(found["number"]), at)
        except Refusal as refusal:
            self.add_error("local_time", str(refusal))

    @staticmethod
    def later_of(found: Mapping[str, Any]) -> Later:
        """Return when the call is wanted."""
        return Later(**{name: found[name] for name in ("local_day", "local_time", "zone", "reason")})


def contact_with(number: str) -> Contact | None:
    """Return the contact whose zone counts for a number, whoever may see it."""
    return Contact.objects.filter(phone=number).first()


def day_there(zone: datetime.tzinfo) -> datetime.date:
    """Return the day that it is now in a zone."""
    return timezone.now().astimezone(zone).date()
