"""The form of a report's scope: days, campaign and provider, all taken from the query string."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from campaigns.core.forms.days_and_lengths import DayField
from campaigns.core.scope import seen_by
from campaigns.models import Campaign
from campaigns.reports.figures import Scope
from providers.models import Provider

SPANS = (7, 30, 90)
"""Lengths that the page offers, in days."""
USUAL = 30
"""Days of a report for which none are given."""
LONGEST = 366
"""Days of the longest report."""
FIRST, LAST = datetime.date(2000, 1, 1), datetime.date(2100, 1, 1)


class ReportForm(forms.Form):
    """First and last day, campaign, provider; `days` in the query string means that many days up to today."""

    since = DayField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = DayField(label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), required=False, empty_label=_("Any campaign")
    )
    provider = forms.ModelChoiceField(
        Provider.objects.none(), label=_("Provider"), required=False, empty_label=_("Any provider")
    )

    def __init__(self, asked: Any, viewer: Person) -> None:
        given = asked.dict()
        self.days = int(given["days"]) if given.get("days") in {str(days) for days in SPANS} else 0
        if not given.get("since") and not given.get("until"):
            self.days = self.days or USUAL
        if self.days:
            today = timezone.localdate()
            given["since"] = (today - datetime.timedelta(days=self.days - 1)).isoformat()
            given["until"] = today.isoformat()
        super().__init__(given)
        campaigns = seen_by(viewer, Campaign.objects.only("name").order_by("-id"))
        fields: dict[str, Any] = self.fields
        fields["campaign"].queryset = campaigns
        fields["provider"].queryset = seen_by(viewer, Provider.objects.only("name"))

    def clean(self) -> dict[str, Any]:
        """Complete the span; add an error if it ends before it begins or is longer than a year."""
        cleaned: dict[str, Any] = super().clean() or {}
        for name in ("since", "until"):
            if (day := cleaned.get(name)) is not None and not FIRST <= day <= LAST:
                self.add_error(name, _("There are no calls in that year."))
                cleaned.pop(name, None)
        until = cleaned.get("until") or max(timezone.localdate(), cleaned.get("since") or FIRST)
        since = cleaned.get("since") or until - datetime.timedelta(days=USUAL - 1)
        if since > until:
            self.add_error("until", _("This day is before the first day."))
        elif (until - since).days >= LONGEST:
            self.add_error("since", _("At most one year at a time: choose a later first day."))
        return cleaned | {"since": since, "until": until}

    def scope(self) -> Scope | None:
        """Return the scope of the report, or None if the form has errors."""
        if not self.is_valid():
            return None
        found = self.cleaned_data
        return Scope(found["since"], found["until"], found["campaign"], found["provider"])
