"""Form of the call log's filters and columns; its state is the URL's query, so that a link shows the same log."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.dates import WEEKDAYS
from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from callcenter.access.roles import Person, may
from callcenter.access.sealed_searches import address_query, sealed_query
from callcenter.formats.amounts import clock_length
from callcenter.parameters import whole_number
from campaigns.answers.conditions import RANGES, UNREADABLE, understood
from campaigns.answers.questions import key_words
from campaigns.calls import call_columns, call_log_conditions, call_log_filters, call_log_order
from campaigns.calls.call_log_filters import LIVE_NOW, TO_DECIDE, CallFilters
from campaigns.core import results
from campaigns.core.forms.days_and_lengths import DayField, LengthField
from campaigns.core.scope import seen_by
from campaigns.core.transcript_words import words_of
from campaigns.core.variants import KEYS, names_of
from campaigns.launch.forms.fields import AmountField
from campaigns.models import Campaign, Disposition, Question
from campaigns.models.answers import MAX_KEY
from campaigns.numbers import search_digits
from providers.models import Agent, Provider
from providers.types import CallStatus

PAGE_KEYS = {"older_than", "newer_than"}
NEWEST = 50
"""Campaigns whose questions are offered where none is chosen."""
LONG_NUMBER = 7
"""Digits from which a text may be a phone number."""


@dataclass(frozen=True, slots=True)
class FilterChip:
    """One active filter, for display: its field, and its value in words."""

    name: str
    label: str | Promise
    value: Any
    without: str
    """The URL's query without this filter, for the first page."""


STATES = ((LIVE_NOW, _("Calls in progress")), (TO_DECIDE, _("Needs a decision")))
OLD_STATES = ((CallStatus.COMPLETED.value, _("Finished, answered or not")),)
"""Values that are no longer offered but still accepted, because URLs and saved filters contain them."""
WHICH = (
    ("", _("Any")),
    (call_log_filters.SENT, _("Sent to the provider")),
    (call_log_filters.OPEN, _("Sent, not finished yet")),
    (call_log_filters.ENDED, _("Sent and finished")),
    (call_log_filters.CALLED_BACK, _("Called us back, not handled yet")),
    (call_log_filters.MACHINE, _("Answered by a machine")),
    (call_log_filters.PRICED, _("Cost reported by the provider")),
    (call_log_filters.UNPRICED, _("Talk time, but no cost reported")),
    (call_log_filters.OPTED_OUT, _("Opted out")),
    (call_log_filters.REFUSED, _("Hung up at once, or opted out")),
)
KINDS = (
    ("", _("Any")),
    (call_log_filters.SINGLE, _("Single calls")),
    (call_log_filters.OF_CAMPAIGN, _("Calls of a campaign")),
)
DIRECTIONS = (
    ("", _("Any")),
    (call_log_filters.OUTBOUND, _("Outbound: we called")),
    (call_log_filters.INBOUND, _("Inbound: they called us")),
)
HOURS = (("", _("Any hour")), *((hour, f"{hour:02d}:00-{hour:02d}:59") for hour in range(24)))
DAYS = (("", _("Any day")), *((day + 1, name) for day, name in WEEKDAYS.items()))
ANSWERED_BY = (
    ("", _("Any")),
    (call_log_conditions.HUMAN, _("A person")),
    (call_log_conditions.MACHINE, _("A machine")),
    (call_log_conditions.NOT_KNOWN, _("Unknown")),
)
REVIEWED = (
    ("", _("Any")),
    (call_log_conditions.REVIEWED, _("Reviewed")),
    (call_log_conditions.NOT_REVIEWED, _("Not reviewed")),
)
ORDERS = (
    ("", _("Newest first")),
    (call_log_order.BY_ANSWER, _("By answer, lowest first")),
    (call_log_order.DOWN + call_log_order.BY_ANSWER, _("By answer, highest first")),
    (call_log_order.BY_DISPOSITION, _("By disposition, A to Z")),
    (call_log_order.DOWN + call_log_order.BY_DISPOSITION, _("By disposition, Z to A")),
)
NO_FILTERS = frozenset({"column", "order"})
"""Fields that say how calls are shown, not which."""
IN_ORDER = (("since", "until"), ("talked_from", "talked_to"), ("cost_from", "cost_to"))


def field_choices(field: forms.ChoiceField) -> Iterator[tuple[Any, Any]]:
    """Yield (value, label) of a field's choices, including those in groups."""
    choices: Any = field.choices
    for value, words in choices:
        yield from words if isinstance(words, list | tuple) else [(value, words)]


def whole(value: Any) -> int | None:
    """Return a chosen value as an int; None if nothing was chosen."""
    return None if value in (None, "") else int(value)


class CallFilterForm(forms.Form):
    """The filters and columns of the call log, all optional; an invalid filter is ignored and shown as an error."""

    person = forms.CharField(label=_("Name or number"), required=False, max_length=80)
    words = forms.CharField(
        label=_("Words in the transcript"),
        required=False,
        max_length=200,
        help_text=_("Finds calls with all these words (start of a word, 4+ letters)."),
    )
    state = forms.ChoiceField(label=_("Result"), required=False)
    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), required=False, empty_label=_("Any campaign")
    )
    provider = forms.ModelChoiceField(
        Provider.objects.none(), label=_("Provider"), required=False, empty_label=_("Any provider")
    )
    agent = forms.ModelChoiceField(Agent.objects.none(), label=_("Agent"), required=False, empty_label=_("Any agent"))
    variant = forms.ChoiceField(
        label=_("Variant"), required=False, choices=[("", _("Any variant")), *((key, key) for key in KEYS)]
    )
    since = DayField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    until = DayField(label=_("Until"), required=False, widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"))
    answered_by = forms.ChoiceField(label=_("Answered by"), required=False, choices=ANSWERED_BY)
    talked_from = LengthField(label=_("Minimum talk time"), required=False)
    talked_to = LengthField(label=_("Maximum talk time"), required=False)
    cost_from = AmountField(label=_("Minimum cost"), required=False, min_value=0, max_digits=14, decimal_places=4)
    cost_to = AmountField(label=_("Maximum cost"), required=False, min_value=0, max_digits=14, decimal_places=4)
    tag = forms.CharField(
        label=_("Tag"), required=False, max_length=60, widget=forms.TextInput({"list": "tags", "autocomplete": "off"})
    )
    reviewed = forms.ChoiceField(label=_("Review"), required=False, choices=REVIEWED)
    which = forms.ChoiceField(label=_("Status"), required=False, choices=WHICH)
    kind = forms.ChoiceField(label=_("Type"), required=False, choices=KINDS)
    direction = forms.ChoiceField(label=_("Direction"), required=False, choices=DIRECTIONS)
    weekday = forms.TypedChoiceField(
        label=_("Sent on weekday"), required=False, choices=DAYS, coerce=whole, empty_value=None
    )
    hour = forms.TypedChoiceField(
        label=_("Sent at hour"), required=False, choices=HOURS, coerce=whole, empty_value=None
    )
    attempt = forms.IntegerField(label=_("Attempt"), required=False, min_value=1, max_value=99)
    disposition = forms.ModelChoiceField(
        Disposition.objects.none(), label=_("Disposition"), required=False, empty_label=_("Any disposition")
    )
    question = forms.ModelChoiceField(
        Question.objects.none(), label=_("Question"), required=False, empty_label=_("Any question")
    )
    answer = forms.CharField(
        label=_("Answer"),
        required=False,
        max_length=MAX_KEY,
        help_text=_(
            "Yes, no or a possible answer; for numbers and dates the minimum. Use ? for answers that could not be read."
        ),
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    answer_to = forms.CharField(
        label=_("Maximum answer"),
        required=False,
        max_length=MAX_KEY,
        widget=forms.TextInput({"dir": "auto", "autocomplete": "off"}),
    )
    order = forms.ChoiceField(label=pgettext_lazy("of a list", "Order"), required=False, choices=ORDERS)
    column = forms.MultipleChoiceField(
        label=_("Columns"),
        required=False,
        choices=[(column.key, column.title) for column in call_columns.COLUMNS],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, asked: Any, viewer: Person) -> None:
        super().__init__(asked)
        self._viewer = viewer
        state = self.fields["state"]
        assert isinstance(state, forms.ChoiceField)
        old = [choice for choice in OLD_STATES if ("state", choice[0]) in self._given()]
        state.choices = [("", _("Any")), *results.menu(), (_("Other"), [*STATES, *old])]
        campaigns = seen_by(viewer, Campaign.objects.only("name", "variants").order_by("-id"))
        self._model_field("campaign").queryset = campaigns
        self._model_field("provider").queryset = seen_by(viewer, Provider.objects.only("name"))
        agents = Agent.objects.select_related("provider").only("name", "provider__name").order_by("name", "id")
        agents = seen_by(viewer, agents)
        self._model_field("agent").queryset = agents
        self._model_field("disposition").queryset = seen_by(viewer, Disposition.objects.all())
        may_hear = may(viewer, "hear_calls")
        questions = seen_by(viewer, Question.objects.all()) if may_hear else Question.objects.none()
        self._model_field("question").queryset = self._offered(questions)
        self._model_field("question").label_from_instance = lambda one: f"{one.campaign.name} · {one.name}"
        columns = call_columns.open_to((*call_columns.COLUMNS, *self._asked(questions)), viewer)
        self._model_field("column").choices = [(column.key, column.title) for column in columns]
        self._model_field("agent").label_from_instance = lambda agent: f"{agent.name} · {agent.provider.name}"

    def _model_field(self, name: str) -> Any:
        return self.fields[name]

    def _offered(self, questions: QuerySet[Question]) -> QuerySet[Question]:
        """Return the questions to choose from: of the chosen campaign, else of the newest, and the chosen one."""
        named = {name: whole_number(value) for name, value in self._given() if name in {"campaign", "question"}}
        newest = questions.order_by("-campaign_id").values("campaign").distinct()[:NEWEST]
        of = Q(campaign=named["campaign"]) if named.get("campaign") is not None else Q(campaign__in=newest)
        chosen = Q(pk=named.get("question") or 0)
        return questions.filter(of | chosen).select_related("campaign").order_by("-campaign_id", "id")

    def _asked(self, questions: QuerySet[Question]) -> tuple[call_columns.LogColumn, ...]:
        """Return the columns of questions that are offered: of the campaign that is asked for, and the chosen ones."""
        given = self._given()
        named = {name: whole_number(value) for name, value in given if name in {"campaign", "question"}}
        columns = [value for name, value in given if name == "column" and value.startswith(call_columns.OF_QUESTION)]
        ids = [whole_number(value.removeprefix(call_columns.OF_QUESTION)) for value in columns]
        known = [one for one in (*ids, named.get("question")) if one is not None]
        campaign = named.get("campaign")
        if campaign is None and not known:
            return ()
        return call_columns.of_questions(questions.filter(Q(pk__in=known) | Q(campaign=campaign or 0)))

    def _given(self) -> list[tuple[str, str]]:
        data = self.data
        lists = data.lists() if isinstance(data, QueryDict) else ((name, [value]) for name, value in data.items())
        return [(name, str(value)) for name, values in lists for value in values if value not in (None, "")]

    def _query_without(self, *names: str) -> str:
        return address_query(pair for pair in self._given() if pair[0] not in PAGE_KEYS.union(names))

    def clean_words(self) -> str:
        """Return the words. Raises ValidationError if they cannot be searched, or the user may not read transcripts."""
        words = str(self.cleaned_data["words"])
        if words and not may(self._viewer, "hear_calls"):
            raise forms.ValidationError(_("Only callers and managers can see transcripts."), code="right")
        if words and not words_of(words):
            raise forms.ValidationError(_("Enter at least one word of letters or digits."), code="words")
        return words

    def clean(self) -> dict[str, Any]:
        """Add an error for a range whose end is before its beginning."""
        cleaned: dict[str, Any] = super().clean() or {}
        for first, last in IN_ORDER:
            begin, end = cleaned.get(first), cleaned.get(last)
            if begin is not None and end is not None and begin > end:
                is_day = first == "since"
                self.add_error(
                    last,
                    _("This day is before the first day.") if is_day else _("This number is smaller than the minimum."),
                )
        if cleaned.get("variant") and cleaned.get("campaign") is None:
            self.add_error("variant", _("Choose the campaign, too."))
        self._check_answer(cleaned)
        order = (cleaned.get("order") or "").removeprefix(call_log_order.DOWN)
        if order == call_log_order.BY_ANSWER and cleaned.get("question") is None:
            self.add_error("order", _("Also choose the question."))
        return cleaned

    def _check_answer(self, cleaned: dict[str, Any]) -> None:
        question, wanted, most = (cleaned.get(name) for name in ("question", "answer", "answer_to"))
        if question is None:
            for name in ("answer", "answer_to"):
                if cleaned.get(name):
                    self.add_error(name, _("Also choose the question."))
            return
        if most and question.kind not in RANGES:
            self.add_error("answer_to", _("Only numbers and dates have a maximum. Leave this empty."))
        for name, text in (("answer", wanted), ("answer_to", most)):
            if not text or name in self.errors or (name == "answer" and text == UNREADABLE):
                continue
            if question.kind == Question.Kind.TEXT and len(search_digits(text)) >= LONG_NUMBER:
                # Addresses of pages must not carry whole phone numbers.
                self.add_error(name, _("Search for a number under “Name or number”."))
            elif understood(question, text) is None:
                self.add_error(
                    name, _("This is not a valid answer to that question. Check its type and possible answers.")
                )

    # What was asked for

    def filters(self) -> CallFilters:
        """Return the filters, without invalid values."""
        self.is_valid()
        asked = {name: value for name, value in self.cleaned_data.items() if name not in NO_FILTERS}
        return CallFilters(**{name: value for name, value in asked.items() if value not in (None, "")})

    def chosen_order(self) -> str:
        """Return the order to show calls in; empty for the newest first."""
        self.is_valid()
        return str(self.cleaned_data.get("order") or "")

    def columns(self) -> tuple[call_columns.LogColumn, ...]:
        """Return the columns to show."""
        self.is_valid()
        return call_columns.chosen(self.cleaned_data.get("column", ()))

    def query(self) -> str:
        """Return the URL's query with the valid filters and the columns, for the first page; numbers are sealed."""
        return sealed_query(self.plain_query())

    def plain_query(self) -> str:
        """Return the same query with numbers as they were given, to be stored."""
        self.is_valid()
        return urlencode([pair for pair in self._given() if pair[0] in self.cleaned_data])

    def chips(self) -> list[FilterChip]:
        """Return the active filters."""
        self.is_valid()
        words: dict[str, dict[Any, Any]] = {
            name: dict(field_choices(field))
            for name, field in self.fields.items()
            if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField)
        }
        on = [(name, self.cleaned_data.get(name)) for name in self.fields if name not in NO_FILTERS]
        return [
            FilterChip(
                name,
                self.fields[name].label or "",
                words[name].get(value, value) if name in words and name != "variant" else self._in_words(name, value),
                self._query_without(name),
            )
            for name, value in on
            if value not in (None, "")
        ]

    def _in_words(self, name: str, value: Any) -> Any:
        if name == "variant" and (campaign := self.cleaned_data.get("campaign")) is not None:
            return names_of(campaign).get(value, value)
        question = self.cleaned_data.get("question")
        if name not in {"answer", "answer_to"} or question is None:
            return value.name if isinstance(value, Question) else value
        if value == UNREADABLE:
            return _now("not readable")
        typed = understood(question, value)
        return key_words(question, typed.key) if typed is not None and typed.key else value

    def given_filters(self) -> list[tuple[str, str]]:
        """Return (name, value) of the filters as given, for hidden fields of another form on the page."""
        return [pair for pair in self._given() if pair[0] in self.fields and pair[0] != "column"]

    def given_columns(self) -> list[tuple[str, str]]:
        """Return (name, value) of the chosen columns, for the same use."""
        return [pair for pair in self._given() if pair[0] == "column"]

    def without_columns(self) -> str:
        """Return the URL's query with the filters and the default columns."""
        return self._query_without("column")

    def without_filters(self) -> str:
        """Return the URL's query with the columns and no filter."""
        return self._query_without(*(name for name in self.fields if name != "column"))

    def opens_more(self) -> bool:
        """Tell whether the collapsed part of the form must be open, because a field in it has an error."""
        self.is_valid()
        return bool(self.errors.keys() - {"person", "state", "words", "column"})

    def has_columns(self) -> bool:
        """Tell whether the user has chosen columns."""
        self.is_valid()
        return bool(self.cleaned_data.get("column"))

    def spoken(self) -> list[list[str]]:
        """Return the active filters, and the order if it is chosen, as [name, value] in words, for an export."""
        found = [[str(chip.label), _in_words(chip)] for chip in self.chips()] or [["", _now("All calls")]]
        if order := self.chosen_order():
            found.append([str(self.fields["order"].label), str(dict(ORDERS)[order])])
        return found


def _in_words(chip: FilterChip) -> str:
    if chip.name in {"talked_from", "talked_to"}:
        return clock_length(chip.value, always_minutes=True)
    return str(chip.value)
