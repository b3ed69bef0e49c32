"""Suggests questions out of what a campaign's agent noted in its last calls: names seen, samples, a guessed type."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils import timezone

from callcenter.access.roles import Person
from campaigns.answers.reading import noted_by_path
from campaigns.answers.typed import key_of, read
from campaigns.core.scope import heard_by, seen_by
from campaigns.models import Call, Campaign, Question
from campaigns.models.answers import MAX_OPTION, MAX_PATH
from providers.answers import Scalar

Kind = Question.Kind
LOOKED_AT = 200
"""Last calls of the agent that are looked at."""
SAMPLES = 3
MOST_SUGGESTED = 20
MOST_GUESSED_OPTIONS = 8
LONGEST_SAMPLE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """One name that the agent notes answers under, and which question fits it."""

    path: str
    kind: Kind
    options: list[str]
    samples: list[str]
    calls: int
    """In how many of the calls looked at it was answered."""

    @property
    def name(self) -> str:
        """A name for the question."""
        return self.path.rsplit(" / ", 1)[-1].replace("_", " ").strip().capitalize()


def suggestions_for(campaign: Campaign, person: Person) -> list[Suggestion]:
    """Return what the campaign's agent noted in its last calls that the person may hear, without what is asked yet."""
    calls = heard_by(person, seen_by(person, Call.objects.all()))
    calls = calls.filter(agent=campaign.agent_id) if campaign.agent_id else calls.filter(campaign=campaign)
    seen: dict[str, list[Scalar]] = defaultdict(list)
    for extracted in calls.order_by("-pk").values_list("extracted", flat=True)[:LOOKED_AT]:
        for path, answers in noted_by_path(extracted).items():
            if len(path) <= MAX_PATH:
                seen[path].append(answers[0])
    asked = set(Question.objects.filter(campaign=campaign).values_list("path", flat=True))
    found = [_suggestion(path, values) for path, values in seen.items() if path not in asked]
    return sorted(found, key=lambda one: (-one.calls, one.path))[:MOST_SUGGESTED]


def _suggestion(path: str, values: Sequence[Scalar]) -> Suggestion:
    kind, options = guess(values)
    counted = Counter(str(value)[:LONGEST_SAMPLE] for value in values)
    samples = [text for text, _n in counted.most_common(SAMPLES)]
    return Suggestion(path=path, kind=kind, options=options, samples=samples, calls=len(values))


def guess(values: Sequence[Scalar]) -> tuple[Kind, list[str]]:
    """Return the type that all of the values have, and the options of a choice; text where no other fits."""
    now = timezone.now()
    for kind in (Kind.YES_NO, Kind.NUMBER, Kind.DATE):
        read_as = [read(kind, [], [value], now) for value in values]
        if values and all(typed is not None and typed.is_readable for typed in read_as):
            # A column of ones and zeros may be a count: only words and true or false are a yes for sure.
            if kind is Kind.YES_NO and all(str(value).strip().isdecimal() for value in values):
                continue
            return kind, []
    options: dict[str, str] = {}
    for value in values:
        options.setdefault(key_of(str(value)), str(value))
    is_repeated = len(values) >= 2 * len(options)
    are_short = all(len(option) <= MAX_OPTION for option in options.values())
    if 2 <= len(options) <= MOST_GUESSED_OPTIONS and is_repeated and are_short and "" not in options:
        return Kind.CHOICE, sorted(options.values())
    return Kind.TEXT, []
