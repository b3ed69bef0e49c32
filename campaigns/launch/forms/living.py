"""The builder's fields of a campaign that stays open: how many new people a day and in all, and until when."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaigns.core.forms.days_and_lengths import DayField
from campaigns.core.last_day import is_over
from campaigns.launch.forms.fields import NumberField
from campaigns.launch.forms.policy import PolicyForm
from campaigns.launch.living_terms import TERMS, is_too_far
from campaigns.models import Campaign

MOST_PEOPLE = 1_000_000


class LivingForm(PolicyForm):
    """The part of the campaign form that says whether it stays open, and within which limits."""

    is_living = forms.BooleanField(
        label=_("Stay open: also call contacts added to the lists or tags later"),
        required=False,
        help_text=_("New contacts are checked, queued and called within a minute, during the hours below."),
    )
    people_a_day = NumberField(
        label=_("Maximum new contacts per day"), required=False, min_value=1, max_value=MOST_PEOPLE
    )
    people_in_all = NumberField(label=_("Maximum total contacts"), required=False, min_value=1, max_value=MOST_PEOPLE)
    last_day = DayField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        help_text=_("Nobody is called after this day."),
    )

    class Meta:
        model = Campaign
        fields = TERMS

    def check_living(self, cleaned: dict[str, Any], *, is_draft: bool) -> None:
        """Add errors for limits that are missing, or that contradict each other."""
        limits = [name for name in TERMS if name != "is_living"]
        if not cleaned.get("is_living"):
            # Without meaning there, and not kept: an approval would bind them.
            cleaned.update(dict.fromkeys(limits))
            return
        for name in limits:
            if not is_draft and cleaned.get(name) is None and name not in self.errors:
                self.add_error(name, _("A campaign that stays open needs this limit."))
        a_day, in_all = cleaned.get("people_a_day"), cleaned.get("people_in_all")
        if a_day and in_all and a_day > in_all:
            self.add_error("people_a_day", _("This is more than the maximum total contacts."))
        if "last_day" in self.changed_data and is_over(cleaned.get("last_day"), timezone.now()):
            self.add_error("last_day", _("This day has passed. Choose a later one."))
        elif is_too_far(cleaned.get("last_day"), timezone.now()):
            self.add_error("last_day", _("Choose a last day within a year."))
