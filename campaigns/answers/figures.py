"""What a campaign found out: how many reached the goal, how each question was answered, and what stands out.

Everything is counted in indexes of answers; only what stands out reads single calls, the newest ones.
"""

from __future__ import annotations

import datetime
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, Max, Min, Q
from django.db.models.functions import TruncMonth

from campaigns.answers.conditions import answers_so
from campaigns.answers.questions import meets_goal
from campaigns.answers.typed import number_key
from campaigns.core.conditions import talked
from campaigns.models import Answer, Call, Campaign, Question

Kind, Certainty = Question.Kind, Answer.Certainty
MOST_BARS = 12
LOOKED_AT = 5_000
"""Newest answers to the goal's question that are compared by what else was answered."""
LEAST = 20
"""Fewer calls with an answer stand for nothing."""
SURE = 2.6
"""Standard errors by which a share differs where that is hardly by chance (1 in 100)."""
STEP = Decimal("0.000001")
"""The smallest difference of two stored numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Equal answers, or those of a span, with how many calls gave them."""

    calls: int
    wanted: str
    """The least answer, or the answer, as the call log's filter takes it."""
    at_most: str = ""
    is_goal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """How one question was answered."""

    question: Question
    answered: int
    """Calls whose answer is readable."""
    unreadable: int
    entered: int
    """Answers that users entered."""
    parts: Sequence[Part]
    average: Decimal | None = None
    least: Decimal | datetime.date | None = None
    most: Decimal | datetime.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoalFigures:
    """How many calls reached the goal."""

    question: Question
    reached: int
    answered: int
    """Calls that answered the goal's question readably."""
    talked: int
    """Calls in which somebody talked."""
    called: int
    """People to whom a call was sent."""

    @property
    def of_answered(self) -> float | None:
        """Percent of the calls in which somebody talked; None without any."""
        return _percent(self.reached, self.talked)

    @property
    def of_called(self) -> float | None:
        """Percent of the people called; None without any."""
        return _percent(self.reached, self.called)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An answer whose calls reached the goal clearly more or less often than the others."""

    question: Question
    key: str
    share: float
    others: float
    calls: int

    @property
    def is_more(self) -> bool:
        """Return whether they reached it more often."""
        return self.share > self.others


def goal_of(campaign: Campaign, questions: Sequence[Question]) -> GoalFigures | None:
    """Return a campaign's goal in figures; None where none is set."""
    question = next((one for one in questions if one.goal), None)
    if question is None:
        return None
    answers = Answer.objects.filter(question=question)
    calls = Call.objects.filter(campaign=campaign)
    first = calls.filter(attempt=1)
    return GoalFigures(
        question=question,
        reached=answers.filter(**meets_goal(question)).count(),
        answered=answers_so(question, "").count(),
        talked=calls.filter(talked()).count(),
        # Each person has one first attempt; those that were not sent are few, or soon counted.
        called=first.count() - first.filter(placing_at__isnull=True).count(),
    )


def distribution_of(question: Question) -> Distribution:
    """Return how a question was answered in all calls of its campaign."""
    answers = Answer.objects.filter(question=question).order_by()
    counts = {row["certainty"]: row["n"] for row in answers.values("certainty").annotate(n=Count("pk"))}
    unreadable = counts.pop(Certainty.UNREADABLE, 0)
    known: dict[str, Any] = {
        "question": question, "answered": sum(counts.values()), "unreadable": unreadable,
        "entered": counts.get(Certainty.PERSON, 0),
    }  # fmt: skip
    if question.kind == Kind.NUMBER:
        return _of_numbers(question, answers, known)
    if question.kind == Kind.DATE:
        return _of_days(answers, known)
    return Distribution(**known, parts=_of_keys(question, answers))


def _of_keys(question: Question, answers: Any) -> list[Part]:
    found = answers.exclude(certainty=Certainty.UNREADABLE).values("key").annotate(n=Count("pk"))
    if question.kind == Kind.TEXT:
        # Of free texts only what several calls said is a figure.
        found = found.filter(n__gte=2)
    rows = list(found.order_by("-n", "key")[: MOST_BARS * 2 if question.kind == Kind.CHOICE else MOST_BARS])
    return [
        Part(calls=row["n"], wanted=row["key"], is_goal=bool(question.goal) and row["key"] == question.goal)
        for row in rows
    ]


def _of_numbers(question: Question, answers: Any, known: dict[str, Any]) -> Distribution:
    ends = answers.aggregate(least=Min("number"), most=Max("number"), average=Avg("number"))
    least, most = ends["least"], ends["most"]
    if least is None:
        return Distribution(**known, parts=[])
    rows = list(answers.filter(number__isnull=False).values("number").annotate(n=Count("pk"))[: MOST_BARS + 1])
    if len(rows) <= MOST_BARS:
        spans = [(row["number"], row["number"]) for row in sorted(rows, key=lambda row: row["number"])]
        counts = {row["number"]: row["n"] for row in rows}
        numbers = [counts[first] for first, _last in spans]
    else:
        spans = _spans(least, most)
        sums = {
            f"n{place}": Count("pk", filter=Q(number__gte=first, number__lte=last))
            for place, (first, last) in enumerate(spans)
        }
        found = answers.aggregate(**sums)
        numbers = [found[f"n{place}"] for place in range(len(spans))]
    goal = Decimal(question.goal) if question.goal else None
    parts = [
        Part(
            calls=calls, wanted=number_key(first), at_most=number_key(last), is_goal=goal is not None and first >= goal
        )
        for (first, last), calls in zip(spans, numbers, strict=True)
    ]
    average = None if ends["average"] is None else round(Decimal(ends["average"]), 2)
    return Distribution(**known, parts=parts, least=least, most=most, average=average)


def _spans(least: Decimal, most: Decimal) -> list[tuple[Decimal, Decimal]]:
    """Return spans of equal, round width from the least to the greatest number; no number is in two of them."""
    width = (most - least) / 8
    unit = Decimal(10) ** math.floor(math.log10(width))
    step = next(unit * n for n in (1, 2, 5, 10) if unit * n >= width)
    start = (least // step) * step
    if start > least:
        start -= step
    spans = []
    while start <= most:
        spans.append((start, start + step - STEP))
        start += step
    return spans


def _of_days(answers: Any, known: dict[str, Any]) -> Distribution:
    ends = answers.aggregate(least=Min("day"), most=Max("day"))
    rows = list(answers.filter(day__isnull=False).values("day").annotate(n=Count("pk")).order_by("day")[:32])
    if len(rows) <= 31:
        parts = [Part(calls=row["n"], wanted=str(row["day"]), at_most=str(row["day"])) for row in rows]
        return Distribution(**known, parts=parts, **ends)
    months = answers.filter(day__isnull=False).annotate(month=TruncMonth("day")).values("month").annotate(n=Count("pk"))
    parts = []
    for row in months.order_by("-month")[: MOST_BARS * 2]:
        first = row["month"]
        following = (first + datetime.timedelta(days=32)).replace(day=1)
        last = following - datetime.timedelta(days=1)
        parts.append(Part(calls=row["n"], wanted=str(first), at_most=str(last)))
    return Distribution(**known, parts=parts[::-1], **ends)


@dataclass(slots=True)
class _Tally:
    reached: int = 0
    calls: int = 0

    def add(self, is_reached: bool) -> None:
        self.reached, self.calls = self.reached + is_reached, self.calls + 1


@dataclass(slots=True)
class _Asked:
    whole: _Tally = field(default_factory=_Tally)
    by_key: dict[str, _Tally] = field(default_factory=lambda: defaultdict(_Tally))


def differences(questions: Sequence[Question]) -> list[Difference]:
    """Return answers whose calls reached the goal clearly more or less often, the clearest first; at most three.

    Compares the `LOOKED_AT` newest calls that answered the goal's question.
    """
    goal = next((one for one in questions if one.goal), None)
    others = {one.pk: one for one in questions if not one.goal and one.kind in {Kind.YES_NO, Kind.CHOICE}}
    if goal is None or not others:
        return []
    newest = answers_so(goal, "").order_by("-call").values_list("call", flat=True)[:LOOKED_AT]
    calls = list(newest)
    if len(calls) < 2 * LEAST:
        return []
    span = {"call__gte": calls[-1], "call__lte": calls[0]}
    met = Answer.objects.filter(question=goal, **meets_goal(goal), **span)
    reached = set(met.order_by().values_list("call", flat=True))
    known = set(calls)
    asked: dict[int, _Asked] = defaultdict(_Asked)
    rows = Answer.objects.filter(question__in=others, **span).exclude(certainty=Certainty.UNREADABLE)
    for question, key, call in rows.order_by().values_list("question", "key", "call"):
        if call in known:
            asked[question].whole.add(call in reached)
            asked[question].by_key[key].add(call in reached)
    found = []
    for pk, told in asked.items():
        for key, mine in told.by_key.items():
            rest = _Tally(told.whole.reached - mine.reached, told.whole.calls - mine.calls)
            if (distance := _distance(mine, rest)) >= SURE:
                difference = Difference(
                    question=others[pk], key=key, share=100 * mine.reached / mine.calls,
                    others=100 * rest.reached / rest.calls, calls=mine.calls,
                )  # fmt: skip
                found.append((distance, difference))
    return [difference for _distance, difference in sorted(found, key=lambda pair: -pair[0])[:3]]


def _distance(mine: _Tally, rest: _Tally) -> float:
    """Return by how many standard errors two shares differ; 0 where either is of too few calls."""
    if mine.calls < LEAST or rest.calls < LEAST:
        return 0.0
    share = (mine.reached + rest.reached) / (mine.calls + rest.calls)
    error = math.sqrt(share * (1 - share) * (1 / mine.calls + 1 / rest.calls))
    return abs(mine.reached / mine.calls - rest.reached / rest.calls) / error if error else 0.0


def _percent(part: int, whole: int) -> float | None:
    return round(100 * part / whole, 1) if whole else None
