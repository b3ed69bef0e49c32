"""Reads what calls answered to the questions of their campaign, and stores it beside what was given.

Idempotent: reading the same again writes nothing. What a person entered is never overwritten, and an answer that the
vendor's later news leave out stays.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from campaigns.answers.signals import answers_changed
from campaigns.answers.typed import NO, YES, Typed, read, said
from campaigns.core.happenings import happened
from campaigns.models import Answer, Call, CallTranscript, Question
from providers.answers import Scalar, answer_rows

Source, Certainty = Question.Source, Answer.Certainty


@dataclass(frozen=True, slots=True)
class Told:
    """What is known of one call that answers may be read from."""

    call: int
    campaign: int
    noted: Mapping[str, tuple[Scalar, ...]]
    """What the agent noted, by path."""
    turns: Sequence[object] | None
    """What was said; None where there is no transcript."""
    at: datetime.datetime


def path_of(category: str, question: str) -> str:
    """Return the path of an answer among what an agent noted."""
    return f"{category} / {question}" if category else question


def noted_by_path(extracted: object) -> dict[str, tuple[Scalar, ...]]:
    """Return what an agent noted, in any vendor's shape, by path; without what has no answer."""
    return {path_of(row.category, row.question): row.answers for row in answer_rows(extracted) if row.answers}


def read_calls(ids: Sequence[int], campaigns: Iterable[int]) -> int:
    """Read the answers of calls that news came of, within the caller's transaction; returns how many were written.

    Nothing is read of calls whose campaigns ask nothing.
    """
    questions = list(Question.objects.filter(campaign__in={one for one in campaigns if one}))
    return read_for(questions, ids) if questions and ids else 0


def read_for(questions: Sequence[Question], ids: Sequence[int], *, is_anew: bool = False) -> int:
    """Read answers to these questions out of these calls and return how many were written.

    With `is_anew`, as after a question was changed, earlier readings that are not found any more are removed.
    """
    by_campaign: dict[int, list[Question]] = defaultdict(list)
    for question in questions:
        by_campaign[question.campaign_id].append(question)
    found: dict[tuple[int, int], Typed] = {}
    for told in _told(ids, by_campaign):
        for question in by_campaign[told.campaign]:
            if (typed := _answer_to(question, told)) is not None:
                found[question.pk, told.call] = typed
    return _write(questions, ids, found, is_anew=is_anew)


def _told(ids: Sequence[int], by_campaign: Mapping[int, Sequence[Question]]) -> Iterable[Told]:
    rows = Call.objects.filter(pk__in=ids, campaign__in=by_campaign).order_by()
    calls = list(rows.values_list("pk", "campaign_id", "extracted", "created_at"))
    listens = {key for key, asked in by_campaign.items() if any(one.source == Source.WORDS for one in asked)}
    heard = [pk for pk, campaign, _extracted, _at in calls if campaign in listens]
    turns: dict[int, Any] = {}
    if heard:
        turns = dict(CallTranscript.objects.filter(call__in=heard).values_list("call", "turns"))
    for pk, campaign, extracted, at in calls:
        yield Told(pk, campaign or 0, noted_by_path(extracted), turns.get(pk), at)


def _answer_to(question: Question, told: Told) -> Typed | None:
    if question.source == Source.AGENT:
        return read(question.kind, question.options, told.noted.get(question.path, ()), told.at)
    if question.source == Source.WORDS and told.turns:
        phrase = said(told.turns, question.words)
        return Typed(raw=phrase or NO, key=YES if phrase else NO, certainty=Certainty.READ)
    return None


def _write(
    questions: Sequence[Question], ids: Sequence[int], found: Mapping[tuple[int, int], Typed], *, is_anew: bool
) -> int:
    stored = {
        (answer.question_id, answer.call_id): answer
        for answer in Answer.objects.filter(question__in=questions, call__in=ids)
    }
    gone = [
        answer.pk
        for place, answer in stored.items()
        if answer.certainty != Certainty.PERSON and (place in found or is_anew) and not _is_same(answer, found, place)
    ]
    if gone:
        # Asked again in the statement: a person may have entered an answer meanwhile.
        Answer.objects.filter(pk__in=gone).exclude(certainty=Certainty.PERSON).delete()
    at = timezone.now()
    fresh = [
        Answer(
            question_id=question, call_id=call, raw=typed.raw, key=typed.key, number=typed.number, day=typed.day,
            certainty=typed.certainty, at=at,
        )
        for (question, call), typed in found.items()
        if (question, call) not in stored or stored[question, call].pk in gone
    ]  # fmt: skip
    # Whoever entered an answer at this moment keeps it.
    Answer.objects.bulk_create(fresh, ignore_conflicts=True)
    changed = {answer.call_id for answer in (*stored.values(), *fresh) if answer.pk in gone or answer in fresh}
    if changed:
        answers_changed.send(sender=Answer, calls=sorted(changed))
    happened("answer.given", *(answer.call_id for answer in fresh))
    return len(fresh)


def _is_same(answer: Answer, found: Mapping[tuple[int, int], Typed], place: tuple[int, int]) -> bool:
    typed = found.get(place)
    return typed is not None and (answer.raw, answer.key, answer.certainty) == (typed.raw, typed.key, typed.certainty)
