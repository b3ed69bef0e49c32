"""What narrows the call log; everything stands in the address, so that a link shows the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import jdatetime
from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from campaigns.models import Campaign
from campaigns.numbers import text_of_digits
from campaigns.services import browsing
from campaigns.services.browsing import LIVE_NOW, TALKED, TO_DECIDE, CallFilters
from providers.models import Provider
from providers.types import CallStatus

JALALI = re.compile(r"(1[2-5]\d\d)[-/](\d{1,2})[-/](\d{1,2})")


@dataclass(frozen=True, slots=True)
class FilterChip:
    """One active filter: its name in the address, and what it says."""

    name: str
    label: str | Promise
    value: Any
    without: str
    """The address's query without it, from the first page."""


class DayField(forms.DateField):
    """A day in ISO form of either calendar, typed in any digits."""

    def to_python(self, value: Any) -> Any:
        """Return the date of a text; a year before 1700 is a Jalali one."""
        if not isinstance(value, str):
            return super().to_python(value)
        text = text_of_digits(value).strip()
        if (found := JALALI.fullmatch(text)) is None:
            return super().to_python(text)
        try:
            return jdatetime.date(*map(int, found.groups())).togregorian()
        except ValueError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None


WHICH = (
    ("", _("Any")),
    (browsing.SENT, _("Sent to the vendor")),
    (browsing.OPEN, _("Sent, not over yet")),
    (browsing.ENDED, _("Sent and over")),
    (browsing.MACHINE, _("Answered by a machine")),
    (browsing.PRICED, _("The vendor told a cost")),
    (browsing.UNPRICED, _("Talked, but no cost told")),
    (browsing.OPTED_OUT, _("Asked not to be called again")),
    (browsing.REFUSED, _("Hung up at once, or asked not to be called again")),
)
KINDS = (("", _("Any")), (browsing.SINGLE, _("Single calls")), (browsing.OF_CAMPAIGN, _("Calls of a campaign")))
HOURS = (("", _("Any hour")), *((hour, f"{hour:02d}:00-{hour:02d}:59") for hour in range(24)))
DAYS = (("", _("Any day")), *((day + 1, name) for day, name in WEEKDAYS.items()))


def whole(value: Any) -> int | None:
    """Return a chosen number; None where nothing was chosen."""
    return None if value in (None, "") else int(value)


class CallFilterForm(forms.Form):
    """The filters of the call log, all optional; what is wrong filters nothing and is said."""

    person = forms.CharField(label=_("Name or number"), required=False, max_length=80)
    state = forms.ChoiceField(label=_("State"), required=False)
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), required=False, empty_label=_("Any campaign")
    )
    provider = forms.ModelChoiceField(
        Provider.objects.none(), label=_("Provider"), required=False, empty_label=_("Any provider")
    )
    since = DayField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = DayField(label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    which = forms.ChoiceField(label=_("Part"), required=False, choices=WHICH)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=KINDS)
    weekday = forms.TypedChoiceField(label=_("Sent on"), required=False, choices=DAYS, coerce=whole, empty_value=None)
    hour = forms.TypedChoiceField(label=_("Sent at"), required=False, choices=HOURS, coerce=whole, empty_value=None)
    attempt = forms.IntegerField(label=_("Attempt"), required=False, min_value=1, max_value=99)

    def __init__(self, asked: Any, viewer: Person) -> None:
        super().__init__(asked)
        self.state_field.choices = [
            ("", _("Any state")),
            (TALKED, _("Somebody talked")),
            (LIVE_NOW, _("Live now")),
            (TO_DECIDE, _("Unclear or held")),
            *CallStatus.choices,
        ]
        campaigns = Campaign.objects.only("name").order_by("-id")
        if not may(viewer, "see_all_calls"):
            campaigns = campaigns.filter(owner=viewer.pk)
        self._model_field("campaign").queryset = campaigns
        self._model_field("provider").queryset = Provider.objects.only("name")

    def _query_without(self, name: str) -> str:
        dropped = {name, "older_than", "newer_than"}
        return urlencode([(key, value) for key, value in self.data.items() if key not in dropped and value])

    @property
    def state_field(self) -> forms.ChoiceField:
        """The field of the states."""
        field = self.fields["state"]
        assert isinstance(field, forms.ChoiceField)
        return field

    def _model_field(self, name: str) -> Any:
        return self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Refuse a period that ends before it begins."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("since") and cleaned.get("until") and cleaned["since"] > cleaned["until"]:
            self.add_error("until", _("This day is before the first one."))
        return cleaned

    def filters(self) -> CallFilters:
        """Return what to look for; a wrong value counts as none."""
        self.is_valid()
        return CallFilters(**{name: value for name, value in self.cleaned_data.items() if value not in (None, "")})

    def chips(self) -> list[FilterChip]:
        """Return the filters that are on."""
        self.is_valid()
        words: dict[str, dict[Any, Any]] = {
            name: dict(field.choices)  # type: ignore[arg-type]
            for name, field in self.fields.items()
            if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField)
        }
        on = [(name, self.cleaned_data.get(name)) for name in self.fields]
        return [
            FilterChip(
                name,
                self.fields[name].label or "",
                words[name].get(value, value) if name in words else value,
                self._query_without(name),
            )
            for name, value in on
            if value not in (None, "")
        ]
