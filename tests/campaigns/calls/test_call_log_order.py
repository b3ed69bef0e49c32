"""The log in the order of answers and dispositions: every call once, page by page, forwards and back."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from callcenter.access.models import Membership, Team
from campaigns.calls import call_log_order
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.models import Answer, Call, CallDisposition, Campaign, Disposition, Question
from tests.answers import text_of
from tests.conftest import make_call, make_campaign
from tests.programs import Program

pytestmark = pytest.mark.django_db


def walked(person: User, order: str, filters: CallFilters) -> list[int]:
    """Return the ids of all pages of two rows forwards, after going through them backwards, too."""
    rows = find_calls(filters, person)
    pages, asked = [], {}
    while True:
        page = call_log_order.page_of(filters, order, person, asked, rows, 2)
        pages.append([call.pk for call in page.rows])
        if page.older is None:
            break
        asked = {"older_than": str(page.older)}
    back, newer = [pages[-1]], page.newer
    while newer is not None:
        page = call_log_order.page_of(filters, order, person, {"newer_than": str(newer)}, rows, 2)
        back.insert(0, [call.pk for call in page.rows])
        newer = page.newer
    assert back == pages
    return [pk for page_ids in pages for pk in page_ids]


def answered(campaign: Campaign, question: Question, *values: Any) -> list[int]:
    """Make a call of the campaign for each value, answered so; None is not answered. Returns their ids."""
    ids = []
    for value in values:
        call = make_call(owner=campaign.owner, campaign=campaign, provider=campaign.provider)
        ids.append(call.pk)
        if value is not None:
            columns: dict[str, Any] = {"key": str(value)}
            if isinstance(value, Decimal):
                columns["number"] = value
            if isinstance(value, datetime.date):
                columns["day"] = value
            Answer.objects.create(question=question, call=call, raw=str(value), certainty="certain", **columns)
    return ids


@pytest.mark.parametrize("few", [10_000, 1])
def test_calls_come_in_the_order_of_an_answer(manager: User, monkeypatch: pytest.MonkeyPatch, few: int) -> None:
    monkeypatch.setattr(call_log_order, "FEW", few)
    campaign = make_campaign(owner=manager)
    score = Question.objects.create(campaign=campaign, name="Score", kind="number", path="score")
    day = Question.objects.create(campaign=campaign, name="Day", kind="date", path="day")
    yes = Question.objects.create(campaign=campaign, name="Agreed", kind="yes_no", path="agreed")
    numbers = answered(campaign, score, *(Decimal(value) for value in (7, 10, 9, 7, 7)), None)
    days = answered(campaign, day, datetime.date(2027, 2, 1), datetime.date(2026, 2, 1))
    words = answered(campaign, yes, "yes", "no", "yes")
    by_score = [numbers[place] for place in (0, 3, 4, 2, 1)]
    assert walked(manager, "answer", CallFilters(question=score)) == by_score
    assert walked(manager, "-answer", CallFilters(question=score)) == by_score[::-1]
    assert walked(manager, "answer", CallFilters(question=day)) == [days[1], days[0]]
    assert walked(manager, "answer", CallFilters(question=yes)) == [words[1], words[0], words[2]]
    # Other filters hold, and those of the answer itself.
    assert walked(manager, "answer", CallFilters(question=score, answer="8")) == [numbers[2], numbers[1]]
    Call.objects.filter(pk=numbers[2]).update(status="busy")
    assert walked(manager, "answer", CallFilters(question=score, state="busy")) == [numbers[2]]


def test_calls_come_in_the_order_of_dispositions_the_newest_of_each_first(manager: User) -> None:
    wrong, offer = (Disposition.objects.create(name=name) for name in ("Wrong person", "Offer"))
    calls = [make_call(owner=manager) for _ in range(6)]
    for place, disposition in enumerate((offer, wrong, offer, None, wrong, offer)):
        if disposition is not None:
            CallDisposition.objects.create(call=calls[place], disposition=disposition)
    forwards = [calls[place].pk for place in (5, 2, 0, 4, 1)]
    assert walked(manager, "disposition", CallFilters()) == forwards
    assert walked(manager, "-disposition", CallFilters()) == forwards[::-1]
    assert walked(manager, "disposition", CallFilters(disposition=wrong)) == [calls[4].pk, calls[1].pk]


def test_answers_that_are_not_ones_own_to_hear_are_not_told_by_an_order(manager: User) -> None:
    team = Team.objects.create(name="South")
    Membership.objects.create(user=manager, team=Team.objects.create(name="North"))
    manager = User.objects.get(pk=manager.pk)
    campaign = make_campaign(owner=None, team=team)
    score = Question.objects.create(campaign=campaign, name="Score", kind="number", path="score")
    answered(campaign, score, Decimal(1), Decimal(2))
    Call.objects.update(team=team)
    assert walked(manager, "answer", CallFilters(question=score)) == []


def test_no_order_and_an_order_of_answers_without_a_question_show_the_newest_first(manager: User) -> None:
    calls = [make_call(owner=manager).pk for _ in range(3)]
    for order in ("", "answer", "-answer", "nonsense"):
        assert walked(manager, order, CallFilters()) == calls[::-1]


def test_the_page_keeps_the_order_and_says_what_it_needs(client: Client, manager: User) -> None:
    campaign = make_campaign(owner=manager)
    score = Question.objects.create(campaign=campaign, name="Score", kind="number", path="score")
    ids = answered(campaign, score, Decimal(2), Decimal(1))
    client.force_login(manager)
    page = client.get(reverse("call-log"), {"question": score.pk, "order": "answer"})
    assert [call.pk for call in page.context["page"].rows] == ids[::-1]
    assert ("order", "answer") in page.context["form"].given_filters()
    assert "Also choose the question." in text_of(client.get(reverse("call-log"), {"order": "answer"}))


def test_a_page_is_walked_along_an_index_and_nothing_is_sorted(manager: User) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL's plan depends on how much there is; benchmarks/browse.py measures it.")
    campaign = make_campaign(owner=manager)
    score = Question.objects.create(campaign=campaign, name="Score", kind="number", path="score")
    answered(campaign, score, Decimal(1))
    CallDisposition.objects.create(call=make_call(owner=manager), disposition=Disposition.objects.create(name="Offer"))
    for order, index in (("answer", "answer_by_number"), ("disposition", "call_by_disposition")):
        filters = CallFilters(question=score if order == "answer" else None)
        with CaptureQueriesContext(
            connection,
        ) as asked:
            call_log_order.page_of(filters, order, manager, {}, find_calls(filters, manager))
        statement = next(one["sql"] for one in asked if "LIMIT 51" in one["sql"] and "ORDER BY" in one["sql"])
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}")
            plan = " ".join(row[3] for row in cursor.fetchall())
        assert index in plan, plan
        assert "TEMP B-TREE FOR ORDER BY" not in plan, plan


def test_programs_list_calls_in_the_same_order(manager: User) -> None:
    campaign = make_campaign(owner=manager)
    score = Question.objects.create(campaign=campaign, name="Score", kind="number", path="score")
    ids = answered(campaign, score, *(Decimal(value) for value in (7, 10, 9)), None)
    program, asked = Program(manager), f"question={score.pk}&order=-answer&limit=2"
    first = program.get(f"/calls?{asked}").json()
    rest = program.get(f"/calls?{asked}&older_than={first['next']}").json()
    assert [one["id"] for one in [*first["items"], *rest["items"]]] == [ids[1], ids[2], ids[0]]
    assert rest["next"] is None
    found = program.post("/calls/find", {"question": score.pk, "order": "answer"}).json()["items"]
    assert [one["id"] for one in found] == [ids[0], ids[2], ids[1]]
    refused = program.get("/calls?order=answer")
    assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "order")
