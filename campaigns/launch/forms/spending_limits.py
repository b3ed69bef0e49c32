"""The form of a daily spending limit: whose, how much, in which currency."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from callcenter.access.models import Team
from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.launch.forms.fields import AmountField
from campaigns.launch.spending_limits import limits_state
from providers.models import Provider


class SpendingLimitForm(EditsRow, forms.Form):
    """A limit of one team or one user."""

    edited = Edited(["limits"], by_key=frozenset({"limits"}))

    team = forms.ModelChoiceField(Team.objects.all(), label=_("Team"), required=False, empty_label=_("None"))
    person = forms.ModelChoiceField(
        User.objects.filter(is_active=True).order_by("username"),
        label=_("User who launches"),
        required=False,
        empty_label=_("None"),
    )
    amount = AmountField(label=_("Daily maximum"), min_value=0, max_digits=14, decimal_places=2)
    currency = forms.ChoiceField(
        label=_("Currency"), help_text=_("A limit counts only calls in its currency. Set one for each currency.")
    )

    def __init__(self, data: Any) -> None:
        super().__init__(data)
        self.begin(data, None, about="spending limits", state=limits_state())
        used = Provider.objects.exclude(currency="").order_by("currency").values_list("currency", flat=True).distinct()
        fields: dict[str, Any] = self.fields
        fields["currency"].choices = [(currency, currency) for currency in used]

    def field_of(self, column: str, key: str | None) -> str:
        """Return the field of the amount."""
        return "amount"

    def clean(self) -> dict[str, Any]:
        """Demand one of team and user, not both."""
        cleaned: dict[str, Any] = super().clean() or {}
        if not self.errors and bool(cleaned.get("team")) == bool(cleaned.get("person")):
            self.add_error("team", ValidationError(_("Choose a team or a user, not both.")))
        return cleaned
