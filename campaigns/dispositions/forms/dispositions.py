"""Forms of dispositions: one, its rules, and the choice on a call's page."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may, team_of
from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.answers.forms.questions import LinesField
from campaigns.calls.forms.hand_overs import UserChoice
from campaigns.calls.hand_overs import people_to_give_to
from campaigns.core import results
from campaigns.core.scope import seen_by
from campaigns.dispositions.catalog import COLUMNS
from campaigns.dispositions.setting import chosen_state
from campaigns.models import Call, Campaign, Disposition, Question
from campaigns.models.answers import MAX_KEY
from campaigns.models.dispositions import MAX_DISPOSITION

NEWEST = 50
"""Campaigns whose questions are offered."""


class DispositionForm(EditsRow, forms.Form):
    """A disposition: its name, and what follows where it is set."""

    edited = Edited(COLUMNS)

    name = forms.CharField(
        label=_("Name"), max_length=MAX_DISPOSITION, widget=forms.TextInput({"dir": "auto", "autocomplete": "off"})
    )
    follows = forms.ChoiceField(
        label=_("Next step"),
        choices=Disposition.Follows.choices,
        help_text=_("Happens once per call, whether a user or a rule sets the disposition."),
    )
    minutes = forms.IntegerField(
        label=_("After (minutes)"),
        required=False,
        min_value=0,
        help_text=_("Time until the attempt or callback, or time for the user to act. 60 is an hour, 1440 a day."),
    )
    taker = UserChoice(
        get_user_model().objects.none(),
        label=_("User who takes the call"),
        required=False,
        empty_label=_("Owner of the call"),
    )
    is_offered = forms.BooleanField(
        label=_("In use"),
        required=False,
        help_text=_("When turned off, it is no longer offered and its rules stop. Existing calls are not changed."),
    )

    def __init__(self, data: Any, person: Person, disposition: Disposition | None = None) -> None:
        begun: dict[str, Any] = {"minutes": None, "follows": Disposition.Follows.NOTHING}
        if disposition is not None:
            begun = {name: getattr(disposition, name) for name in COLUMNS} | {"taker": disposition.taker_id}
        super().__init__(data, initial=begun)
        self.begin(data, disposition)
        team = disposition.team_id if disposition is not None else team_of(person)
        kept = [disposition.taker_id] if disposition is not None and disposition.taker_id is not None else []
        fields: dict[str, Any] = self.fields
        fields["taker"].queryset = people_to_give_to(team, person, kept)
        if disposition is None:
            del self.fields["is_offered"]

    def clean_minutes(self) -> int:
        """Return the minutes; nothing written is 0."""
        return self.cleaned_data.get("minutes") or 0

    def words_of(self, column: str, key: str | None, value: Any) -> str | Promise:
        """Return a stored value in words."""
        if column == "taker":
            found = get_user_model().objects.filter(pk=value).first() if value else None
            return UserChoice.name_of(found) if found else _("Owner of the call")
        return super().words_of(column, key, value)


class RuleForm(forms.Form):
    """A rule: the conditions of which a call must pass all that are given."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(),
        label=_("Campaign"),
        required=False,
        empty_label=_("All campaigns and single calls"),
    )
    question = forms.ModelChoiceField(
        Question.objects.none(), label=_("Question"), required=False, empty_label=_("No question")
    )
    answer = forms.CharField(
        label=_("Answer"),
        required=False,
        max_length=MAX_KEY,
        help_text=_("Yes, no or a possible answer; for numbers and dates the minimum. Empty: any answer."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    answer_to = forms.CharField(
        label=_("Maximum answer"),
        required=False,
        max_length=MAX_KEY,
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    result = forms.ChoiceField(label=_("Result"), required=False)
    words = LinesField(
        label=_("Words the contact says"), help_text=_("One word or phrase per line. One match is enough.")
    )

    def __init__(self, data: Any, person: Person) -> None:
        super().__init__(data)
        fields: dict[str, Any] = self.fields
        fields["campaign"].queryset = seen_by(person, Campaign.objects.only("name").order_by("-id"))
        fields["question"].queryset = _questions_for(person)
        fields["question"].label_from_instance = lambda one: f"{one.campaign.name} · {one.name}"
        fields["result"].choices = [("", _("Any")), *results.chosen_from(results.COUNTED)]


def _questions_for(person: Person) -> QuerySet[Question]:
    if not may(person, "hear_calls"):
        return Question.objects.none()
    found = seen_by(person, Question.objects.all())
    newest = found.order_by("-campaign_id").values("campaign").distinct()[:NEWEST]
    return found.filter(campaign__in=newest).select_related("campaign").order_by("-campaign_id", "id")


class CallDispositionForm(EditsRow, forms.Form):
    """The disposition that a user chooses for a call; empty: what the rules say holds."""

    edited = Edited(["disposition"])

    disposition = forms.ModelChoiceField(Disposition.objects.none(), label=_("Disposition"), required=False)

    def __init__(self, data: Any, call: Call, choices: list[Disposition]) -> None:
        state = chosen_state(call)
        super().__init__(data, initial=state, auto_id="disposition-%s")
        self.begin(data, None, about=f"disposition:{call.pk}", state=state)
        fields: dict[str, Any] = self.fields
        field = fields["disposition"]
        known = {one.pk for one in choices} | ({state["disposition"]} if state["disposition"] else set())
        field.queryset = Disposition.objects.filter(pk__in=known)
        field.empty_label = _("Set by rules")

    def words_of(self, column: str, key: str | None, value: Any) -> str | Promise:
        """Return the name of a disposition."""
        found = Disposition.objects.filter(pk=value).first() if value else None
        return found.name if found is not None else _("Set by rules")
