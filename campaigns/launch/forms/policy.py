"""The builder's fields of what follows on each outcome: nothing, another attempt, or a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.forms.boundfield import BoundField
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person
from campaigns.calls.forms.hand_overs import UserChoice
from campaigns.calls.hand_overs import people_to_give_to
from campaigns.launch.forms.fields import MinutesField, NumberField
from campaigns.launch.forms.variables import VariablesForm
from campaigns.launch.policy_words import OUTCOME_WORDS, sentence_of
from campaigns.models import Campaign
from campaigns.outcomes import USUAL_ATTEMPTS_A_DAY, USUAL_MINUTES_TO_ACT, Outcome, Policy, Step

STOP, AGAIN, PERSON = "stop", "again", "person"
THEN = ((STOP, _("No retry")), (AGAIN, _("Call again")), (PERSON, _("Give to a user")))
MOST_HOURS = 24 * 30
PARTS = ("then", "retry", "person", "within")


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """The fields of one outcome."""

    then: BoundField
    retry: BoundField
    person: BoundField
    within: BoundField


class PolicyForm(VariablesForm):
    """The part of the campaign form that is its policy: four fields for each outcome, and two limits."""

    max_attempts = NumberField(label=_("Maximum attempts"), min_value=1, max_value=10)
    attempts_a_day = NumberField(
        label=_("Maximum attempts per day"),
        required=False,
        min_value=1,
        max_value=10,
        help_text=_("A day in the contact's local time. Empty: no daily limit."),
    )

    class Meta:
        model = Campaign
        fields = ("max_attempts", "attempts_a_day")

    def _offer_policy(self, person: Person, team: int | None) -> None:
        policy = self.instance.policy
        if not self.instance.pk:
            self.initial["attempts_a_day"] = USUAL_ATTEMPTS_A_DAY
        people = people_to_give_to(team, person, policy.people)
        # Asked once for all outcomes.
        names = [("", "---------"), *((user.pk, UserChoice.name_of(user)) for user in people)]
        for outcome, words in OUTCOME_WORDS.items():
            step = policy.step_after(outcome)
            fields: dict[str, forms.Field] = {
                "then": forms.ChoiceField(
                    label=_("then"),
                    choices=THEN,
                    required=False,
                    initial=PERSON if step.person_id is not None else AGAIN if step.minutes else STOP,
                ),
                "retry": MinutesField(
                    label=_("after (minutes)"),
                    required=False,
                    initial=list(step.minutes),
                    widget=forms.TextInput(attrs={"dir": "ltr", "inputmode": "numeric"}),
                ),
                "person": UserChoice(people, label=_("user"), required=False, initial=step.person_id, names=names),
                "within": NumberField(
                    label=_("due within (hours)"),
                    required=False,
                    min_value=1,
                    max_value=MOST_HOURS,
                    initial=(step.minutes_to_act or USUAL_MINUTES_TO_ACT) // 60,
                ),
            }
            for part, field in fields.items():
                # The outcome stands in each label: a list of errors shows labels alone.
                field.label = format_lazy("{}: {}", words, field.label)
                self.fields[f"{part}_{outcome}"] = field

    def policy_field_of(self, column: str, key: str | None) -> str:
        """Return the field at which an outcome's part of the policy is shown."""
        return f"then_{key}"

    @staticmethod
    def policy_words(column: str, value: Any) -> str:
        """Return what follows on an outcome, as it is stored, in words."""
        if column == "retries":
            return ", ".join(str(minutes) for minutes in value or ())
        person = people_to_give_to().filter(pk=(value or {}).get("person") or 0).first()
        return (person.get_full_name() or person.get_username()) if person else ""

    @property
    def policy_rows(self) -> list[PolicyRow]:
        """The fields of each outcome."""
        return [PolicyRow(*(self[f"{part}_{outcome}"] for part in PARTS)) for outcome in OUTCOME_WORDS]

    @property
    def has_policy_errors(self) -> bool:
        """Whether a field of an outcome is in error, so that it must be seen."""
        return any(f"{part}_{outcome}" in self.errors for part in PARTS for outcome in Outcome)

    def check_policy(self, cleaned: dict[str, Any]) -> None:
        """Add errors for outcomes on which another attempt, or a person, is wanted but not said when, or who."""
        for outcome in Outcome:
            then = self._then(cleaned, outcome)
            if then == AGAIN and not cleaned.get(f"retry_{outcome}") and f"retry_{outcome}" not in self.errors:
                self.add_error(f"retry_{outcome}", _("Enter at least one time in minutes, such as 15, 60, 240."))
            if then == PERSON and not cleaned.get(f"person_{outcome}") and f"person_{outcome}" not in self.errors:
                self.add_error(f"person_{outcome}", _("Choose the user."))

    def _then(self, cleaned: dict[str, Any], outcome: Outcome) -> str:
        """Return what is chosen; a form without the choice says it by its times."""
        return cleaned.get(f"then_{outcome}") or (AGAIN if cleaned.get(f"retry_{outcome}") else STOP)

    def policy_of(self, cleaned: dict[str, Any]) -> Policy:
        """Return the policy that cleaned values say."""
        steps: dict[Outcome, Step] = {}
        for outcome in Outcome:
            then, person = self._then(cleaned, outcome), cleaned.get(f"person_{outcome}")
            if then == PERSON and person is not None:
                minutes = (cleaned.get(f"within_{outcome}") or 0) * 60 or USUAL_MINUTES_TO_ACT
                steps[outcome] = Step(person_id=person.pk, minutes_to_act=minutes)
            else:
                steps[outcome] = Step(tuple(cleaned.get(f"retry_{outcome}") or ()) if then == AGAIN else ())
        return Policy(steps, cleaned.get("max_attempts") or 1, cleaned.get("attempts_a_day"))

    def policy_values(self, cleaned: dict[str, Any]) -> dict[str, Any]:
        """Return the columns of a campaign that hold what is chosen; what is left as it was stays as it was written."""
        policy = self.policy_of(cleaned)
        values = policy.as_stored()
        if self.instance.pk and policy.follows_like(self.instance.policy):
            values |= {"retries": self.instance.retries, "hand_overs": self.instance.hand_overs}
        return values

    @property
    def policy_sentence(self) -> str:
        """The policy in one sentence, as far as what is typed can be read; the saved one for a form just opened."""
        if not self.is_bound:
            policy = self.instance.policy
            return sentence_of(Policy(policy.steps, policy.attempts, self["attempts_a_day"].value()))
        typed: dict[str, Any] = {}
        for name in ("max_attempts", "attempts_a_day", *(f"{part}_{one}" for part in PARTS for one in Outcome)):
            try:
                typed[name] = self.fields[name].clean(self[name].value())
            except forms.ValidationError:
                continue
        return sentence_of(self.policy_of(typed))
