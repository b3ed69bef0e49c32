"""Pages of the call log in the order of answers or dispositions: walked along their indexes, nothing is sorted.

A place in the order is named by the id of the call that stands there, so that addresses hold no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from callcenter.access.roles import Person
from callcenter.parameters import whole_number
from campaigns.answers.conditions import RANGES, answers_so
from campaigns.calls import call_log
from campaigns.calls.call_log_conditions import FEW
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core.paging import ROWS_A_PAGE, Page, page_by_key
from campaigns.core.scope import heard_by
from campaigns.models import Answer, Call, CallDisposition, Disposition, Question
from campaigns.models.calls import CallQuerySet

BY_ANSWER, BY_DISPOSITION = "answer", "disposition"
DOWN = "-"
ORDERS = frozenset({BY_ANSWER, DOWN + BY_ANSWER, BY_DISPOSITION, DOWN + BY_DISPOSITION})
Spot = tuple[Any, int]
"""A value in the order, and the id of its call."""


def page_of(
    filters: CallFilters, order: str, person: Person, asked: Mapping[str, Any], rows: CallQuerySet,
    size: int = ROWS_A_PAGE,
) -> Page[Call]:  # fmt: skip
    """Return the page of a call log that `older_than` or `newer_than` in `asked` names.

    `rows` are the calls of `find_calls` with what the page shows of them. Without an order, or in that of answers where
    no question is chosen, the newest calls come first. In an order, calls that have no answer or disposition are left
    out, and `older_than` and `newer_than` name the call after or before which the page begins.
    """
    name, is_down = order.removeprefix(DOWN), order.startswith(DOWN)
    if order not in ORDERS or (name == BY_ANSWER and filters.question is None):
        return page_by_key(rows, asked, size)
    is_back = whole_number(asked.get("newer_than")) is not None
    start = whole_number(asked.get("newer_than")) if is_back else whole_number(asked.get("older_than"))
    forward = is_down is is_back
    if name == BY_ANSWER:
        ids = _by_answer(filters, _Passing(filters, person, "question"), start, size, forward=forward)
    else:
        ids = _by_disposition(filters, _Passing(filters, person, "disposition"), start, size, forward=forward)
    has_more, ids = len(ids) > size, ids[:size]
    if is_back:
        ids.reverse()
    found = {call.pk: call for call in rows.filter(pk__in=ids)}
    shown = [found[pk] for pk in ids if pk in found]
    before = ids[0] if ids and (has_more if is_back else start is not None) else None
    after = ids[-1] if ids and (is_back or has_more) else None
    return Page(shown, before, after)


def all_in_order(calls: CallQuerySet, filters: CallFilters, order: str) -> CallQuerySet:
    """Return all of these calls (of `find_calls`) in an order, for a file: sorted once, not walked page by page.

    Unlike on a page, calls that have no answer or disposition stand at the end, the newest first: a file loses none.
    """
    name, is_down = order.removeprefix(DOWN), order.startswith(DOWN)
    if order not in ORDERS or (name == BY_ANSWER and filters.question is None):
        return calls.order_by("-pk")
    if name == BY_DISPOSITION:
        places = [F("disposed__disposition__name"), F("disposed__disposition")]
    else:
        assert filters.question is not None
        column = RANGES.get(filters.question.kind, "key")
        given = Answer.objects.filter(question=filters.question, call=OuterRef("pk")).order_by().values(column)
        calls, places = calls.annotate(place_in_order=Subquery(given[:1])), [F("place_in_order")]
    first = [place.desc(nulls_last=True) if is_down else place.asc(nulls_last=True) for place in places]
    is_newest_first = is_down is (name == BY_ANSWER)
    return calls.order_by(*first, "-pk" if is_newest_first else "pk")


class _Passing:
    """The calls that pass all filters but the one whose rows are walked, which pass it by themselves."""

    def __init__(self, filters: CallFilters, person: Person, walked: str) -> None:
        if walked == "question":
            others = replace(filters, question=None, answer="", answer_to="")
        else:
            others = replace(filters, disposition=None)
        calls = call_log.find_calls(others, person, is_walked=False).order_by()
        self._calls = heard_by(person, calls) if walked == "question" else calls
        self._is_few = self._calls.values("pk")[: FEW + 1].count() <= FEW

    def of(self, rows: QuerySet[Any], column: str) -> QuerySet[Any]:
        """Keep the rows whose call passes: few calls are named, of many each row's is looked up."""
        if self._is_few:
            return rows.filter(**{f"{column}__in": self._calls.values("pk")})
        return rows.filter(Exists(self._calls.filter(pk=OuterRef(column))))


def _by_answer(filters: CallFilters, passing: _Passing, start: int | None, size: int, *, forward: bool) -> list[int]:
    question = filters.question
    assert question is not None
    column = RANGES.get(question.kind, "key")
    answers = answers_so(question, filters.answer, filters.answer_to)
    if start is not None and (spot := _spot(question, column, start)) is not None:
        answers = answers.filter(_beyond(column, spot, forward=forward))
    order = (column, "call") if forward else (f"-{column}", "-call")
    return list(passing.of(answers, "call").order_by(*order).values_list("call", flat=True)[: size + 1])


def _spot(question: Question, column: str, call: int) -> Spot | None:
    value = Answer.objects.filter(question=question, call=call).values_list(column, flat=True).first()
    return (value, call) if value is not None else None


def _beyond(column: str, spot: Spot, *, forward: bool) -> Q:
    value, call = spot
    beyond = "gt" if forward else "lt"
    # The first condition is one range of the index; the second takes from it what stands at the same value.
    return Q(**{f"{column}__{beyond}e": value}) & (Q(**{f"{column}__{beyond}": value}) | Q(**{f"call__{beyond}": call}))


def _by_disposition(
    filters: CallFilters, passing: _Passing, start: int | None, size: int, *, forward: bool
) -> list[int]:
    """Walk the dispositions by name, and the calls of each from the newest down (backwards: up)."""
    wanted = Disposition.objects.order_by("name", "pk")
    if filters.disposition is not None:
        wanted = wanted.filter(pk=filters.disposition.pk)
    names = list(wanted.values_list("pk", flat=True))
    names = names if forward else names[::-1]
    own: QuerySet[CallDisposition] = CallDisposition.objects.order_by()
    at = own.filter(pk=start).values_list("disposition", flat=True).first() if start is not None else None
    if at in names:
        names = names[names.index(at) :]
    ids: list[int] = []
    for disposition in names:
        mine = own.filter(disposition=disposition)
        if disposition == at:
            mine = mine.filter(pk__lt=start) if forward else mine.filter(pk__gt=start)
        ordered = passing.of(mine, "pk").order_by(F("pk").desc() if forward else F("pk").asc())
        ids += ordered.values_list("pk", flat=True)[: size + 1 - len(ids)]
        if len(ids) > size:
            break
    return ids
