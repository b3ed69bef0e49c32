"""The form that makes an API key."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.api import scopes
from callcenter.api.models import MAX_NAME, MOST_A_MINUTE, USUAL_A_MINUTE
from callcenter.formats.plain_text import plain_text
from callcenter.formats.zones import end_of
from campaigns.core.forms.days_and_lengths import DayField

LONGEST = datetime.timedelta(days=366)
USUAL = datetime.timedelta(days=90)


class KeyForm(forms.Form):
    """A new key of one's own."""

    name = forms.CharField(
        label=_("Name"), max_length=MAX_NAME, help_text=_("The program that uses it, such as: web shop.")
    )
    role = forms.ModelChoiceField(
        Group.objects.none(),
        label=_("Role"),
        empty_label=None,
        help_text=_("The program gets the permissions of this role, but never more than your own."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Purpose"),
        choices=[(scope.code, _(scope.label)) for scope in scopes.SCOPES],
        widget=forms.CheckboxSelectMultiple,
    )
    a_minute = forms.IntegerField(
        label=_("Maximum requests per minute"), min_value=1, max_value=MOST_A_MINUTE, initial=USUAL_A_MINUTE
    )
    until = DayField(
        label=_("Valid until"),
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        initial=lambda: timezone.localdate() + USUAL,
        help_text=_("The last day, within a year. Create a new key before it expires."),
    )

    def __init__(self, data: Any, owner: User) -> None:
        super().__init__(data)
        roles: Any = self.fields["role"]
        roles.queryset = owner.groups.order_by("pk")

    def clean_name(self) -> str:
        """Return the name as one line."""
        return plain_text(self.cleaned_data["name"], MAX_NAME)

    def clean_until(self) -> datetime.datetime:
        """Return the end of the chosen day."""
        day: datetime.date = self.cleaned_data["until"]
        if not timezone.localdate() <= day <= timezone.localdate() + LONGEST:
            raise ValidationError(_("Choose a day from today to a year from now."), code="until")
        return end_of(day)
