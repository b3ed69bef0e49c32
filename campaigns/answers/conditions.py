"""The condition of calls that answered a question in some way, fast in a log of any size.

Few answers are found through their index and named. Of many, a page of the log is walked from the newest answer of the
kind down, each call looked up in the unique index of answers: a page is soon full, and nothing is sorted.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet
from django.utils import timezone

from campaigns.answers.typed import Typed, key_of, read
from campaigns.models import Answer, Question

Kind = Question.Kind
UNREADABLE = "?"
"""In place of an answer: calls whose answer could not be read."""
FEW = 10_000
"""Up to this many answers are named; with more, scanning the log in order is faster."""
RANGES: dict[str, str] = {Kind.NUMBER: "number", Kind.DATE: "day"}
"""Columns of the types that have a least and a greatest answer."""


def understood(question: Question, text: str) -> Typed | None:
    """Return a wanted answer as it is read for its question; None for what cannot be read so."""
    typed = read(question.kind, question.options, [text], timezone.now())
    if typed is not None and typed.is_readable:
        return typed
    # An option that was taken off the question keeps its answers.
    return Typed(raw=text, key=key_of(text), certainty="read") if question.kind == Kind.CHOICE else None


def answers_so(question: Question, wanted: str, at_most: str = "") -> QuerySet[Answer]:
    """Return the answers to a question that are as wanted; any readable one where nothing is said."""
    answers = Answer.objects.filter(question=question).order_by()
    if wanted == UNREADABLE:
        return answers.filter(key="", certainty=Answer.Certainty.UNREADABLE)
    column = RANGES.get(question.kind)
    if column is None:
        if not wanted:
            return answers.exclude(certainty=Answer.Certainty.UNREADABLE)
        typed = understood(question, wanted)
        return answers.filter(key=typed.key) if typed is not None else answers.none()
    limits: dict[str, Decimal | Any] = {}
    for name, text in (("gte", wanted), ("lte", at_most)):
        if not text:
            continue
        typed = understood(question, text)
        if typed is None:
            return answers.none()
        limits[f"{column}__{name}"] = getattr(typed, column)
    return answers.filter(**(limits or {f"{column}__isnull": False}))


def answered_so(question: Question, wanted: str, at_most: str = "", *, is_walked: bool = True) -> Q:
    """Return the condition of the calls whose answer is as wanted; see `answers_so`.

    `is_walked`: for one page in list order; False for counting or reading all.
    """
    answers = answers_so(question, wanted, at_most)
    if not is_walked or answers.values("pk")[: FEW + 1].count() <= FEW:
        return Q(pk__in=answers.values("call"))
    ends = answers.aggregate(oldest=Min("call"), newest=Max("call"))
    here = Exists(answers.filter(call=OuterRef("pk")))
    return Q(here, campaign=question.campaign_id, pk__gte=ends["oldest"], pk__lte=ends["newest"])
