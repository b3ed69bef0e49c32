"""Forms of reviews: a scorecard, a point, a queue, the review of a call, the span of the results."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from callcenter.access.roles import Person, team_of
from callcenter.edits.forms import EditsRow
from callcenter.edits.states import Edited
from campaigns.core import results
from campaigns.core.forms.days_and_lengths import DayField, LengthField
from campaigns.core.scope import seen_by
from campaigns.dispositions import catalog
from campaigns.models import Call, Campaign, Disposition, ReviewQueue, Scorecard, ScorecardPoint
from campaigns.models.scorecards import MAX_CARD, MAX_POINT, MAX_REVIEW_NOTE, MOST_POINTS, MOST_WEIGHT
from campaigns.review import scorecards
from campaigns.review.queues import COLUMNS
from campaigns.review.reviewing import POINT, review_state

USUAL_DAYS = 30
"""Days of the results for which none are given."""


class ScorecardForm(EditsRow, forms.Form):
    """The name of a scorecard, and whether it is in use."""

    edited = Edited(["name", "is_offered"])

    name = forms.CharField(
        label=_("Name"), max_length=MAX_CARD, widget=forms.TextInput({"dir": "auto", "autocomplete": "off"})
    )
    is_offered = forms.BooleanField(
        label=_("In use"),
        required=False,
        help_text=_("When off, no more calls are reviewed with it; existing reviews stay."),
    )

    def __init__(self, data: Any, card: Scorecard | None = None) -> None:
        begun = {"name": card.name, "is_offered": card.is_offered} if card is not None else None
        super().__init__(data, initial=begun)
        self.begin(data, card)
        if card is None:
            del self.fields["is_offered"]


class PointForm(forms.Form):
    """A point of a scorecard."""

    text = forms.CharField(
        label=_("Point"),
        max_length=MAX_POINT,
        help_text=_("What to listen for, such as “Says who is calling”."),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    most = forms.IntegerField(
        label=_("Maximum points"), min_value=1, max_value=MOST_POINTS, initial=1, help_text=_("1 means yes or no.")
    )
    weight = forms.IntegerField(
        label=_("Weight"),
        min_value=1,
        max_value=MOST_WEIGHT,
        initial=1,
        help_text=_("How much it counts compared with the others."),
    )


class QueueForm(EditsRow, forms.Form):
    """A review queue: which calls, how many of them, by which scorecard."""

    edited = Edited(COLUMNS)

    name = forms.CharField(
        label=_("Name"), max_length=MAX_CARD, widget=forms.TextInput({"dir": "auto", "autocomplete": "off"})
    )
    scorecard = forms.ModelChoiceField(Scorecard.objects.none(), label=_("Scorecard"))
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), required=False, empty_label=_("Any campaign")
    )
    result = forms.ChoiceField(label=_("Result"), required=False)
    disposition = forms.ModelChoiceField(
        Disposition.objects.none(), label=_("Disposition"), required=False, empty_label=_("Any disposition")
    )
    talked_from = LengthField(label=_("Minimum talk time"), required=False)
    goal = forms.ChoiceField(label=_("Goal of the campaign"), required=False, choices=ReviewQueue.Goal.choices)
    every = forms.IntegerField(
        label=_("One call in every"),
        min_value=1,
        max_value=1_000,
        initial=1,
        help_text=_("1 takes every call, 20 takes one call in 20. The selection never changes."),
    )
    since = DayField(label=_("From"), widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    is_open = forms.BooleanField(label=_("Open"), required=False, initial=True)

    def __init__(self, data: Any, person: Person, queue: ReviewQueue | None = None) -> None:
        begun: dict[str, Any] = {"since": timezone.localdate(), "every": 1, "is_open": True}
        if queue is not None:
            rows = {f"{name}": getattr(queue, f"{name}_id") for name in ("scorecard", "campaign", "disposition")}
            begun = {name: getattr(queue, name) for name in COLUMNS if name not in rows} | rows
        super().__init__(data, initial=begun)
        self.begin(data, queue)
        team = queue.team_id if queue is not None else team_of(person)
        fields: dict[str, Any] = self.fields
        fields["scorecard"].queryset = scorecards.offered_to(team)
        fields["campaign"].queryset = seen_by(person, Campaign.objects.only("name").order_by("-id"))
        fields["disposition"].queryset = catalog.offered_to(team)
        fields["result"].choices = [("", _("Any")), *results.chosen_from(results.COUNTED)]

    def words_of(self, column: str, key: str | None, value: Any) -> str | Promise:
        """Return a stored value in words."""
        models: dict[str, Any] = {"scorecard": Scorecard, "campaign": Campaign, "disposition": Disposition}
        if column in models:
            found = models[column].objects.filter(pk=value).first() if value else None
            return str(found) if found is not None else "–"
        return super().words_of(column, key, value)


class ScorecardReviewForm(EditsRow, forms.Form):
    """What each point of a scorecard gets in one call, and a note."""

    note = forms.CharField(
        label=_("Comment"),
        required=False,
        max_length=MAX_REVIEW_NOTE,
        widget=forms.Textarea({"rows": 2, "dir": "auto"}),
    )

    def __init__(self, data: Any, call: Call, card: Scorecard) -> None:
        self.points: list[ScorecardPoint] = list(card.points.all())
        state = review_state(call, card, self.points)
        super().__init__(data, initial=state, auto_id=f"card-{card.pk}-%s")
        for point in self.points:
            self.fields[f"{POINT}{point.pk}"] = forms.TypedChoiceField(
                label=point.text, choices=_choices(point), coerce=int, widget=forms.RadioSelect
            )
        self.order_fields([*(f"{POINT}{point.pk}" for point in self.points), "note"])
        self.begin(data, None, about=f"scorecard:{call.pk}:{card.pk}", state=state)

    @property
    def spec(self) -> Edited:
        """What is edited: one value a point, and the note."""
        return Edited([*(f"{POINT}{point.pk}" for point in self.points), "note"])


def _choices(point: ScorecardPoint) -> list[tuple[int, Any]]:
    if point.is_yes_no:
        return [(1, pgettext_lazy("answer", "Yes")), (0, pgettext_lazy("answer", "No"))]
    return [(value, str(value)) for value in range(point.most + 1)]


class ResultsForm(forms.Form):
    """The scorecard and the days of which results are shown."""

    scorecard = forms.ModelChoiceField(Scorecard.objects.none(), label=_("Scorecard"), required=False)
    since = DayField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = DayField(label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, asked: Any, viewer: Person) -> None:
        super().__init__(asked)
        fields: dict[str, Any] = self.fields
        fields["scorecard"].queryset = seen_by(viewer, Scorecard.objects.all())

    def clean(self) -> dict[str, Any]:
        """Complete the span; add an error if it ends before it begins."""
        cleaned: dict[str, Any] = super().clean() or {}
        until = cleaned.get("until") or timezone.localdate()
        since = cleaned.get("since") or until - datetime.timedelta(days=USUAL_DAYS - 1)
        if since > until:
            self.add_error("until", _("This day is before the first day."))
        return cleaned | {"since": since, "until": until}
