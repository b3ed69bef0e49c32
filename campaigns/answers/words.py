"""Answers in words, for pages and files."""

from __future__ import annotations

from campaigns.answers.questions import key_words
from campaigns.models import Answer, Question

Kind, Certainty = Question.Kind, Answer.Certainty


def answer_words(answer: Answer) -> str:
    """Return an answer in the active language; as it was given where it is a text or could not be read.

    Its question must be loaded. Days are ISO dates, which pages write in the viewer's calendar.
    """
    if answer.certainty == Certainty.UNREADABLE or answer.question.kind == Kind.TEXT:
        return answer.raw
    return key_words(answer.question, answer.key)
