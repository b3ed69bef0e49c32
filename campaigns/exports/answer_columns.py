"""Columns of a file that hold answers: all of a call in one cell, or the answer to one question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.utils import translation

from campaigns.answers.words import answer_words
from campaigns.exports.batches import Batch
from campaigns.exports.cells import Column, Value
from campaigns.models import Answer

_KEPT = "answers"


def answers_of(batch: Batch) -> list[dict[int, Answer]]:
    """Return the answers of each call of a batch by question, in their order; read in one statement a batch."""
    if _KEPT not in batch.kept:
        calls = batch.raw("pk")
        by_call: dict[int, dict[int, Answer]] = defaultdict(dict)
        held = Answer.objects.filter(call__in=calls, question__removed_at__isnull=True)
        for answer in held.select_related("question").order_by("question"):
            by_call[answer.call_id][answer.question_id] = answer
        batch.kept[_KEPT] = [by_call.get(call, {}) for call in calls]
    found: list[dict[int, Answer]] = batch.kept[_KEPT]
    return found


class AllAnswers(Column):
    """The answers of a call in words of a language, with their questions."""

    def __init__(self, language: str) -> None:
        self._language = language

    def values(self, batch: Batch) -> Sequence[Value]:
        with translation.override(self._language):
            return [
                "; ".join(f"{one.question.name}: {answer_words(one)}" for one in answers.values())
                for answers in answers_of(batch)
            ]


class OneAnswer(Column):
    """The answer to a question: numbers as numbers, all others in words of a language."""

    def __init__(self, question: int, language: str) -> None:
        self._question, self._language = question, language

    def values(self, batch: Batch) -> Sequence[Value]:
        with translation.override(self._language):
            return [self._value(answers.get(self._question)) for answers in answers_of(batch)]

    def _value(self, answer: Answer | None) -> Value:
        if answer is None:
            return None
        return answer.number if answer.number is not None else answer_words(answer)
