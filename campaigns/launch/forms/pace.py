"""The builder's fields of a campaign's pace: calls a minute, lines, its share of them, and its priority."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from campaigns.launch.forms.fields import NumberField
from campaigns.launch.forms.policy import PolicyForm
from campaigns.lines import Priority
from campaigns.models import Campaign

OF_PACE = ("calls_per_minute", "max_lines", "lines_percent", "priority")


class PaceForm(PolicyForm):
    """The part of the campaign form that says how fast it calls, and who goes first."""

    calls_per_minute = NumberField(
        label=_("Maximum calls per minute"), required=False, min_value=1, help_text=_("Empty: provider limit.")
    )
    max_lines = NumberField(
        label=_("Maximum calls at the same time"),
        required=False,
        min_value=1,
        help_text=_("Empty: provider limit."),
    )
    lines_percent = NumberField(
        label=_("Share of the provider’s lines, %"),
        required=False,
        min_value=1,
        max_value=100,
        help_text=_("At most this share; the rest is left to others. Empty: no share."),
    )
    priority = forms.ChoiceField(
        label=_("Priority"),
        choices=Priority.choices,
        required=False,
        help_text=_(
            "When lines are short, a higher priority goes first. After 9 of its calls, one of a lower priority is made."
        ),
    )

    class Meta:
        model = Campaign
        fields = OF_PACE

    def clean_priority(self) -> str:
        """Return the campaign's own priority where none was sent."""
        return str(self.cleaned_data["priority"] or self.instance.priority)
