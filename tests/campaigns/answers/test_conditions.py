"""Calls are found, shown and written into files by what they answered; in a big log by an index."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access.rights import ADMIN
from campaigns.answers import conditions, reading
from campaigns.answers.conditions import UNREADABLE, answered_so
from campaigns.calls import call_columns
from campaigns.calls.call_log import find_calls
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import stored_files
from campaigns.exports import files, job, requests
from campaigns.exports.call_sheet import CallSheet
from campaigns.models import Answer, Call, CallTranscript, Campaign, Question
from tests.answers import html_of, text_of
from tests.conftest import make_agent, make_call, make_campaign, make_person

pytestmark = pytest.mark.django_db
NOTED: list[dict[str, Any]] = [
    {"sure": "yes", "how": "Good", "price": 7, "day": "2027-03-21", "word": "later"},
    {"sure": False, "how": "poor", "price": "۱۲٫۵", "day": "2027-04-02", "word": "Later!"},
    {"sure": "who knows", "how": "so so", "price": "a lot", "day": "01/02/2027"},
    {},
]


class Asked:
    """A campaign with four calls and a question of every type."""

    def __init__(self, owner: User) -> None:
        self.campaign = make_campaign(owner=owner, name="Spring")
        kinds = {"sure": "yes_no", "how": "choice", "price": "number", "day": "date", "word": "text"}
        self.by_path = {
            path: Question.objects.create(
                campaign=self.campaign, name=path.title(), kind=kind, path=path,
                options=["Good", "Poor"] if kind == "choice" else [],
            )
            for path, kind in kinds.items()
        }  # fmt: skip
        self.calls = [make_call(campaign=self.campaign, owner=owner, extracted=noted) for noted in NOTED]
        reading.read_for(list(self.by_path.values()), [call.pk for call in self.calls])


@pytest.fixture
def asked(manager: User) -> Asked:
    return Asked(manager)


CASES = [
    ("sure", "yes", "", {0}),
    ("sure", "نه", "", {1}),
    ("sure", "", "", {0, 1}),
    ("sure", UNREADABLE, "", {2}),
    ("how", "good", "", {0}),
    ("how", "", "", {0, 1}),
    ("price", "8", "", {1}),
    ("price", "7", "12.5", {0, 1}),
    ("price", "", "۷", {0}),
    ("price", "", "", {0, 1}),
    ("day", "2027-04-01", "", {1}),
    ("day", "", "2027-03-31", {0}),
    ("word", "LATER", "", {0, 1}),
    ("word", "", "", {0, 1}),
]


@pytest.mark.parametrize("few", [10_000, 0])
def test_each_answer_is_found_exactly_for_few_and_for_many(
    asked: Asked, manager: User, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conditions, "FEW", few)
    for path, wanted, at_most, places in CASES:
        filters = CallFilters(question=asked.by_path[path], answer=wanted, answer_to=at_most)
        for is_walked in (True, False):
            found = set(find_calls(filters, manager, is_walked=is_walked).values_list("pk", flat=True))
            assert found == {asked.calls[place].pk for place in places}, (path, wanted, at_most, is_walked)
        assert CallFilters.from_json(json.loads(json.dumps(filters.to_json()))) == filters


def test_the_log_shows_filters_and_keeps_answers(client: Client, asked: Asked, manager: User) -> None:
    client.force_login(manager)
    price, sure = asked.by_path["price"], asked.by_path["sure"]
    query = {"question": price.pk, "answer": "8", "column": ["person", f"answer-{price.pk}", f"answer-{sure.pk}"]}
    page = client.get(reverse("call-log"), query)
    assert [call.pk for call in page.context["page"].rows] == [asked.calls[1].pk]
    for words in ("Price", "12.5", "Sure", "No", "Spring · Price"):
        assert words in text_of(page)
    assert f'value="answer-{price.pk}"' in html_of(page), "the forms carry the column on"
    # A link and a saved filter carry the same.
    form = page.context["form"]
    assert f"question={price.pk}" in form.query()
    assert f"column=answer-{sure.pk}" in form.query()
    for wrong, field in (
        ({"answer": "yes"}, "answer"),
        ({"question": sure.pk, "answer": "perhaps"}, "answer"),
        ({"question": sure.pk, "answer_to": "yes"}, "answer_to"),
        ({"question": asked.by_path["word"].pk, "answer": "0912 555 12 04"}, "answer"),
    ):
        assert field in client.get(reverse("call-log"), wrong).context["form"].errors, wrong


def test_whoever_may_not_hear_calls_learns_nothing_from_answers(client: Client, asked: Asked) -> None:
    admin = make_person(ADMIN)
    sure = asked.by_path["sure"]
    assert not find_calls(CallFilters(question=sure, answer="yes"), admin).exists()
    client.force_login(admin)
    page = client.get(reverse("call-log"), {"question": sure.pk, "column": ["person", f"answer-{sure.pk}", "answers"]})
    assert "Sure" not in text_of(page)
    assert call_columns.open_to(call_columns.chosen([f"answer-{sure.pk}", "answers", "summary"]), admin) == ()


def test_files_hold_answers_summary_transcript_and_details(
    asked: Asked, manager: User, settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    first = asked.calls[0]
    CallTranscript.objects.create(call=first, text="Hello", summary="Agreed.", turns=[])
    Call.objects.filter(pk=first.pk).update(variables={"city": "Shiraz"})
    keys = ["call", "answers", "summary", "transcript", "variables", "cost"]
    keys += [f"answer-{question.pk}" for question in asked.by_path.values()]
    columns = call_columns.open_to(call_columns.chosen(keys), manager)
    sheet = CallSheet(Call.objects.filter(campaign=asked.campaign).order_by("pk"), shows_numbers=True, columns=columns)
    rows = [dict(zip(sheet.names, row, strict=True)) for row in sheet.values()]
    price = f"answer-{asked.by_path['price'].pk}"
    assert [row[price] for row in rows] == [Decimal(7), Decimal("12.5"), "a lot", None]
    assert rows[0]["answers"] == "Sure: Yes; How: Good; Price: 7; Day: 2027-03-21; Word: later"
    assert (rows[0]["summary"], rows[0]["transcript"], rows[0]["variables"]) == ("Agreed.", "Hello", "city: Shiraz")
    export = requests.ask(manager, CallFilters(campaign=asked.campaign), columns, words=[], file_format="json")
    assert job.write(export.pk)
    export.refresh_from_db()
    written = json.loads(stored_files.path_here(files.name_of(export)).read_text())
    assert [one["call"] for one in written] == [call.pk for call in reversed(asked.calls)]
    assert (written[-1][price], written[-1]["currency"], written[0][price]) == (7, "", None)


def test_json_written_in_several_slices_is_whole(
    asked: Asked, manager: User, settings: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(job, "BATCH", 1)
    export = requests.ask(manager, CallFilters(), call_columns.chosen(["call"]), words=[], file_format="json")
    slices = 0
    while not job.write(export.pk, seconds=0):
        slices += 1
    assert slices > 1
    export.refresh_from_db()
    written = json.loads(stored_files.path_here(files.name_of(export)).read_text())
    assert written == [{"call": call.pk} for call in reversed(asked.calls)]
    empty = requests.ask(manager, CallFilters(tag="none"), call_columns.chosen(["call"]), words=[], file_format="json")
    assert job.write(empty.pk)
    empty.refresh_from_db()
    assert json.loads(stored_files.path_here(files.name_of(empty)).read_text()) == []


# In a big log


def plan_of(rows: Any) -> str:
    if connection.vendor == "postgresql":
        return str(rows.explain())
    sql, parameters = rows.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", parameters)
        return "\n".join(row[-1] for row in cursor.fetchall())


@pytest.fixture
def big_campaign(manager: User) -> Campaign:
    """A campaign of which enough calls answered that the planners prefer an index."""
    agent, now = make_agent(), timezone.now()
    campaign = make_campaign(owner=manager, provider=agent.provider, agent=agent)
    question = Question.objects.create(campaign=campaign, name="Price", kind="number", path="price")
    Call.objects.bulk_create(
        Call(provider=agent.provider, campaign=campaign, owner=manager, to_number=f"+98912{number:07d}", placing_at=now)
        for number in range(4_000)
    )
    Answer.objects.bulk_create(
        Answer(question=question, call_id=pk, raw="7", key=str(pk % 500), number=pk % 500, certainty="certain")
        for pk in Call.objects.values_list("pk", flat=True)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return campaign


def test_an_index_finds_the_calls_of_an_answer(
    big_campaign: Campaign, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    question = Question.objects.get(campaign=big_campaign)
    few = Call.objects.filter(answered_so(question, "17", "18"))
    assert few.count() == 16
    assert "answer_by_number" in plan_of(few.order_by("-pk")[:51])
    monkeypatch.setattr(conditions, "FEW", 0)
    many = plan_of(find_calls(CallFilters(question=question, answer="17"), manager).order_by("-pk")[:51])
    # The log is walked from the newest of these calls down, each looked up in an index: nothing is sorted.
    indexes = ("answer_once_a_call", "answer_by_", "sqlite_autoindex_campaigns_answer", "campaigns_answer_call_id")
    assert any(index in many for index in indexes), many
    assert "SCAN U0" not in many
    assert "Seq Scan" not in many
    assert "TEMP B-TREE" not in many
    assert "Sort" not in many
