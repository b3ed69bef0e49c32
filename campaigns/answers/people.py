"""The people of a campaign who answered something, newest first or in the order of their answers to one question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from callcenter.access.roles import Person
from callcenter.parameters import whole_number
from campaigns.answers.conditions import RANGES, answers_so
from campaigns.core.paging import ROWS_A_PAGE, Page, page_by_key
from campaigns.core.scope import heard_by, seen_by
from campaigns.models import Answer, Call, Campaign, Question
from campaigns.models.calls import CallQuerySet

MOST_PAGES = 200
"""Pages of people in the order of their answers; beyond them a filter is the better way."""


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """One page of calls with their answers."""

    rows: list[Call]
    newer: int | None = None
    older: int | None = None
    """Keys of the neighbours where the newest come first."""
    previous: int | None = None
    following: int | None = None
    """Numbers of the neighbours where the order is that of the answers."""
    sorted_by: Question | None = None
    is_down: bool = False
    answers: Mapping[int, Mapping[int, Answer]] = field(default_factory=dict)
    """By call and question."""


def people_who_answered(
    campaign: Campaign, questions: list[Question], viewer: Person, asked: Mapping[str, Any]
) -> PeoplePage:
    """Return the page that `sort` (a question), `order` and a place in `asked` name; unknown values are ignored."""
    wanted = whole_number(asked.get("sort"))
    question = next((one for one in questions if one.pk == wanted), None)
    calls = heard_by(viewer, seen_by(viewer, Call.objects.filter(campaign=campaign)))
    calls = calls.select_related("contact", "campaign").prefetch_related(
        Prefetch("typed_answers", Answer.objects.filter(question__in=questions).select_related("question"))
    )
    if question is not None:
        is_down = asked.get("order") == "down"
        return _sorted(calls, question, whole_number(asked.get("page"), MOST_PAGES) or 1, is_down=is_down)
    page: Page[Call] = page_by_key(calls.filter(Exists(Answer.objects.filter(call=OuterRef("pk")))), asked)
    return PeoplePage(page.rows, page.newer, page.older, answers=_by_call(page.rows))


def _sorted(calls: CallQuerySet, question: Question, number: int, *, is_down: bool) -> PeoplePage:
    column = RANGES.get(question.kind, "key")
    order = (f"-{column}", "-call") if is_down else (column, "call")
    start = (number - 1) * ROWS_A_PAGE
    answers = answers_so(question, "").order_by(*order).values_list("call", flat=True)
    ids = list(answers[start : start + ROWS_A_PAGE + 1])
    has_more, ids = len(ids) > ROWS_A_PAGE, ids[:ROWS_A_PAGE]
    found = {call.pk: call for call in calls.filter(pk__in=ids)}
    rows = [found[pk] for pk in ids if pk in found]
    return PeoplePage(
        rows,
        previous=number - 1 if number > 1 else None,
        following=number + 1 if has_more and number < MOST_PAGES else None,
        sorted_by=question,
        is_down=is_down,
        answers=_by_call(rows),
    )


def _by_call(rows: list[Call]) -> dict[int, dict[int, Answer]]:
    return {call.pk: {answer.question_id: answer for answer in call.typed_answers.all()} for call in rows}
