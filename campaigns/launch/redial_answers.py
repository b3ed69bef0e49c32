"""People of a campaign by what they answered in their last attempt, to call them again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callcenter.access.roles import Person, may
from callcenter.parameters import whole_number
from campaigns.answers.conditions import answers_so
from campaigns.answers.questions import key_words
from campaigns.answers.typed import NO, YES, key_of
from campaigns.core import conditions
from campaigns.core.conditions import last_attempts
from campaigns.core.scope import heard_by
from campaigns.models import Campaign, Question
from campaigns.models.calls import CallQuerySet
from providers.types import ENDED

Kind = Question.Kind
SHOWN = (Kind.YES_NO, Kind.CHOICE)
"""Types of questions whose answers are few enough to choose from."""
NOTHING = "-"
"""In place of an answer: who talked, and of whom no readable answer is noted."""


@dataclass(frozen=True, slots=True)
class AnswerGroup:
    """The people who answered a question in one way."""

    key: str
    """The question's id and the answer, as the page sends it."""
    question: str
    words: str | Promise
    people: int


def groups(campaign: Campaign, person: Person) -> list[AnswerGroup]:
    """Return the groups that hold somebody; none for a person who may not read what was said."""
    found = []
    for question in _questions(campaign, person):
        for wanted, words in _ways(question):
            people = _who(campaign, person, question, wanted).count()
            if people:
                found.append(AnswerGroup(f"{question.pk}:{wanted}", question.name, words, people))
    return found


def condition(campaign: Campaign, person: Person, keys: Collection[str]) -> Q:
    """Return the condition of the last attempts that are in one of these groups; what names no group is in none."""
    chosen = Q(pk__in=[])
    questions = {question.pk: question for question in _questions(campaign, person)}
    for key in keys:
        number, _colon, wanted = key.partition(":")
        question = questions.get(whole_number(number) or 0)
        if question is not None and wanted in {way for way, _words in _ways(question)}:
            chosen |= Q(pk__in=_who(campaign, person, question, wanted).values("pk"))
    return chosen


def _questions(campaign: Campaign, person: Person) -> Sequence[Question]:
    if not may(person, "hear_calls"):
        return []
    return list(Question.objects.filter(campaign=campaign, kind__in=SHOWN))


def _ways(question: Question) -> list[tuple[str, str | Promise]]:
    """Return the answers that a question may have, with their words, and that of none."""
    keys = [YES, NO] if question.kind == Kind.YES_NO else [key_of(option) for option in question.options]
    return [*((key, key_words(question, key)) for key in keys), (NOTHING, _("talked, but no answer saved"))]


def _who(campaign: Campaign, person: Person, question: Question, wanted: str) -> CallQuerySet:
    """Return the last attempts that are over, and that answered so; within what the person may read."""
    over = heard_by(person, last_attempts(campaign)).filter(contact__isnull=False, status__in=ENDED)
    if wanted == NOTHING:
        readable = answers_so(question, "").filter(call=OuterRef("pk"))
        return over.filter(conditions.talked(), ~Exists(readable))
    return over.filter(Exists(answers_so(question, wanted).filter(call=OuterRef("pk"))))
