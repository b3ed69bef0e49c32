"""Reads how questions were answered in the calls of a report, in a fixed number of statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Q

from campaigns.answers.questions import meets_goal
from campaigns.models import Answer, Question
from campaigns.models.calls import CallQuerySet

Kind, Certainty = Question.Kind, Answer.Certainty
MOST_QUESTIONS = 500
"""Questions of one report, of the newest campaigns."""
NAMED = (Kind.YES_NO, Kind.CHOICE)
"""Types whose answers are few, so that the most frequent one says something."""


@dataclass(slots=True)
class Asked:
    """How one question was answered in the calls of a report."""

    question: Question
    answered: int = 0
    """Readable answers."""
    unreadable: int = 0
    reached: int | None = None
    """Answers that meet the goal; None where the question carries none."""
    most_given: str = ""
    """The key of the most frequent answer; empty for types without."""
    most_given_by: int = 0
    average: Decimal | None = None


def read_answers(calls: CallQuerySet, campaigns: Collection[int]) -> list[Asked]:
    """Return how the questions of these campaigns were answered in these calls, in at most four statements."""
    questions = Question.objects.filter(campaign__in=campaigns).select_related("campaign")
    found = {one.pk: Asked(one) for one in questions.order_by("-campaign_id", "id")[:MOST_QUESTIONS]}
    if not found:
        return []
    answers = Answer.objects.filter(question__in=list(found), call__in=calls.order_by().values("pk")).order_by()
    counted: Any = answers.values("question", "certainty").annotate(n=Count("pk"), mean=Avg("number"))
    sums: dict[int, Decimal] = {}
    for row in counted:
        asked = found[row["question"]]
        if row["certainty"] == Certainty.UNREADABLE:
            asked.unreadable += row["n"]
            continue
        asked.answered += row["n"]
        if row["mean"] is not None:
            sums[row["question"]] = sums.get(row["question"], Decimal(0)) + Decimal(row["mean"]) * row["n"]
    for pk, whole in sums.items():
        found[pk].average = whole / found[pk].answered
    named = [pk for pk, asked in found.items() if asked.question.kind in NAMED]
    by_key: Any = answers.filter(question__in=named).exclude(key="").values("question", "key").annotate(n=Count("pk"))
    for row in by_key.order_by("question", "-n", "key"):
        asked = found[row["question"]]
        if not asked.most_given:
            asked.most_given, asked.most_given_by = row["key"], row["n"]
        if asked.question.goal and row["key"] == asked.question.goal:
            asked.reached = row["n"]
    with_goal = [asked for asked in found.values() if asked.question.goal and asked.reached is None]
    met = Q()
    for asked in with_goal:
        asked.reached = 0
        if asked.question.kind == Kind.NUMBER:
            met |= Q(question=asked.question, **meets_goal(asked.question))
    if met:
        of_numbers: Any = answers.filter(met).values("question").annotate(n=Count("pk"))
        for row in of_numbers:
            found[row["question"]].reached = row["n"]
    return [asked for asked in found.values() if asked.answered or asked.unreadable]
