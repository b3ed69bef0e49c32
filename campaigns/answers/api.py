"""What a campaign found out, for programs: its questions, their answers in figures, and who answered what."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any, Literal

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Prefetch
from django.shortcuts import get_object_or_404
from django.utils import translation
from ninja import Router, Schema

from callcenter.access.reach import content_of
from callcenter.access.roles import may
from callcenter.api.door import KeyRequest, needs_right
from callcenter.api.shapes import Limit, OlderThan, Paged
from callcenter.made_once import made_once
from campaigns.answers import figures
from campaigns.answers.questions import goal_words, key_words
from campaigns.answers.words import answer_words
from campaigns.core import results
from campaigns.core.paging import page_by_key
from campaigns.core.scope import heard_by, seen_by
from campaigns.core.whole_numbers import sees_number, written_number
from campaigns.models import Answer, Call, Campaign, Question

router = Router(tags=["Results"])


class QuestionRef(Schema):
    """A question of a campaign."""

    id: int
    name: str
    kind: str
    """yes_no, choice, number, date or text."""
    goal: str
    """The answer that is the campaign's goal, in words; empty where the question is not its goal."""


class PartOut(Schema):
    """Equal answers, or those of a span."""

    answer: str
    """As it is stored, or the least of the span."""
    at_most: str
    """The greatest of the span; empty for one answer."""
    words: str
    calls: int
    is_goal: bool


class Distribution(Schema):
    """How a question was answered."""

    question: QuestionRef
    answered: int
    unreadable: int
    """Answers that could not be read as what the question asks for."""
    entered: int
    """Answers that users entered."""
    parts: list[PartOut]
    average: str | None
    least: str | None
    most: str | None


class GoalOut(Schema):
    """How many calls reached the campaign's goal."""

    question: QuestionRef
    reached: int
    answered: int
    talked: int
    """Calls in which somebody talked."""
    called: int
    """People to whom a call was sent."""
    of_talked: float | None
    """Percent of the calls in which somebody talked."""
    of_called: float | None


class Results(Schema):
    """What a campaign found out."""

    goal: GoalOut | None
    questions: list[Distribution]
    is_reading: bool
    """Whether earlier calls are still being read for a question that is new or was changed."""


class TypedAnswer(Schema):
    """One answer of a call."""

    question: int
    name: str
    answer: str
    """As it is stored: yes, no, an option, a number, an ISO date, a text; empty where it could not be read."""
    words: str
    certainty: Literal["certain", "read", "person", "unreadable"]
    """How it came about: given so, read from words, entered by a user, or not readable as what was asked."""


class CallAnswers(Schema):
    """What one call found out."""

    call: int
    contact: int | None
    name: str
    number: str
    is_number_whole: bool
    ended_at: datetime.datetime | None
    result: str
    result_words: str
    answers: list[TypedAnswer]


def _campaign(request: KeyRequest, pk: int) -> Campaign:
    person = request.auth.person
    found = get_object_or_404(seen_by(person, Campaign.objects.all()), pk=pk)
    if not content_of(person).holds(found.owner_id, found.team_id):
        raise PermissionDenied("hear_calls")
    return found


@router.get("/campaigns/{int:pk}/results", response=Results, summary="Read what a campaign found out")
@needs_right("hear_calls")
def campaign_results(request: KeyRequest, pk: int) -> dict[str, Any]:
    """Return the goal in figures, and how each question was answered."""
    found = _campaign(request, pk)
    return made_once(("api-results", found.pk, translation.get_language()), lambda: _results(found))


def _results(found: Campaign) -> dict[str, Any]:
    asked = list(Question.objects.filter(campaign=found))
    goal = figures.goal_of(found, asked)
    return {
        "goal": None
        if goal is None
        else {
            "question": _question(goal.question),
            "reached": goal.reached,
            "answered": goal.answered,
            "talked": goal.talked,
            "called": goal.called,
            "of_talked": goal.of_answered,
            "of_called": goal.of_called,
        },
        "questions": [_distribution(figures.distribution_of(one)) for one in asked],
        "is_reading": any(one.unread_below is not None for one in asked),
    }


def _question(found: Question) -> dict[str, Any]:
    return {"id": found.pk, "name": found.name, "kind": found.kind, "goal": goal_words(found) if found.goal else ""}


def _distribution(found: figures.Distribution) -> dict[str, Any]:
    return {
        "question": _question(found.question),
        "answered": found.answered,
        "unreadable": found.unreadable,
        "entered": found.entered,
        "parts": [
            {
                "answer": part.wanted,
                "at_most": "" if part.at_most == part.wanted else part.at_most,
                "words": key_words(found.question, part.wanted),
                "calls": part.calls,
                "is_goal": part.is_goal,
            }
            for part in found.parts
        ],
        **{name: _text(getattr(found, name)) for name in ("average", "least", "most")},
    }


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


@router.get("/campaigns/{int:pk}/answers", response=Paged[CallAnswers], summary="List who answered what")
@needs_right("hear_calls")
def campaign_answers(request: KeyRequest, pk: int, older_than: OlderThan = None, limit: Limit = 50) -> dict[str, Any]:
    """List the calls of a campaign that answered something, newest first, each with its answers."""
    found, person = _campaign(request, pk), request.auth.person
    calls = heard_by(person, seen_by(person, Call.objects.filter(campaign=found)))
    answered = calls.filter(Exists(Answer.objects.filter(call=OuterRef("pk"))))
    page = page_by_key(answered.select_related("contact").prefetch_related(ANSWERS), {"older_than": older_than}, limit)
    names = may(person, "see_people")
    return {"items": [_answered(request, one, names_contact=names) for one in page.rows], "next": page.older}


ANSWERS = Prefetch("typed_answers", Answer.objects.select_related("question").order_by("question"))


def _answered(request: KeyRequest, call: Call, *, names_contact: bool) -> dict[str, Any]:
    person, result = request.auth.person, results.result_of(call)
    contact = call.contact if names_contact else None
    return {
        "call": call.pk,
        "contact": contact.pk if contact is not None else None,
        "name": contact.name if contact is not None else "",
        "number": written_number(person, call),
        "is_number_whole": sees_number(person, call),
        "ended_at": call.ended_at,
        "result": result.key,
        "result_words": str(result.word),
        "answers": typed_answers(call.typed_answers.all()),
    }


def typed_answers(found: Iterable[Answer]) -> list[dict[str, Any]]:
    """Return the answers of a call as `TypedAnswer`."""
    return [
        {
            "question": one.question_id,
            "name": one.question.name,
            "answer": one.key,
            "words": answer_words(one),
            "certainty": one.certainty,
        }
        for one in found
    ]
