"""What the agent noted: a table on the call's page, a column of the log and of files, for those who may hear."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import translation

from campaigns.calls import call_columns
from campaigns.calls.noted_answers import as_line, noted_answers
from campaigns.exports.call_sheet import CallSheet
from campaigns.models import Call
from tests.answers import html_of
from tests.conftest import make_call

pytestmark = pytest.mark.django_db

NESTED: dict[str, Any] = {
    "Lead Quality": {
        "Outcome": {"subjective": "Wants a demo.", "objective": "hot", "confidence": 0.92, "confidence_label": "High"},
        "Budget": {"subjective": "", "objective": None, "confidence": 0.21, "confidence_label": "Low"},
    },
    "Compliance": {"Do Not Call": {"subjective": None, "objective": "No", "confidence_label": "Medium"}},
}
FLAT = {"user_interested": True, "address": "=42 world lane", "callback": {"value": False}}
LINE = "Compliance / Do Not Call: No (medium); Lead Quality / Outcome: hot, Wants a demo. (92 %)"


def cells_of(page: str) -> list[list[str]]:
    """Return the texts of the table's cells, row by row."""
    found = re.search(r'id="noted".*?</section>', page, re.DOTALL)
    assert found
    rows = re.findall(r"<tr>(.*?)</tr>", found[0], re.DOTALL)
    return [[text_of(cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL)] for row in rows]


def text_of(html: str) -> str:
    return " ".join(re.sub("<[^>]+>", " ", html).split())


def page_of(client: Client, call: Call) -> str:
    return html_of(client.get(reverse("call", args=[call.pk])))


def test_nested_answers_are_a_table_of_category_question_answer_and_confidence(client: Client, caller: User) -> None:
    client.force_login(caller)
    call = make_call(owner=caller, status="completed", extracted=NESTED)
    assert cells_of(page_of(client, call)) == [
        ["Category", "Question", "Answer", "Confidence"],
        ["Compliance", "Do Not Call", "No", "medium"],
        ["Lead Quality", "Budget", "nothing noted", "21 %"],
        ["Lead Quality", "Outcome", "hot Wants a demo.", "92 %"],
    ]


def test_flat_answers_of_before_are_still_shown(client: Client, caller: User) -> None:
    client.force_login(caller)
    call = make_call(owner=caller, status="completed", extracted=FLAT)
    assert cells_of(page_of(client, call)) == [
        ["Question", "Answer"], ["address", "=42 world lane"], ["callback", "No"], ["user_interested", "Yes"],
    ]  # fmt: skip
    call.extracted = {}
    call.save()
    assert 'id="noted"' not in page_of(client, call)


def test_who_may_not_hear_sees_no_answers_anywhere(client: Client, admin_person: User, caller: User) -> None:
    call = make_call(owner=caller, status="completed", extracted=NESTED)
    client.force_login(admin_person)
    assert "Wants a demo" not in page_of(client, call)
    log = html_of(client.get(reverse("call-log"), {"column": ["call", "noted"]}))
    assert "Wants a demo" not in log
    assert "Agent notes" not in log
    client.force_login(caller)
    log = html_of(client.get(reverse("call-log"), {"column": ["call", "noted"]}))
    assert "Wants a demo" in log
    columns = call_columns.chosen(["call", "noted"])
    assert [column.key for column in call_columns.open_to(columns, caller)] == ["call", "noted"]
    assert [column.key for column in call_columns.open_to(columns, admin_person)] == ["call"]


def test_files_have_the_answers_as_one_text() -> None:
    make_call(status="completed", extracted=NESTED, end_reason="agent_hangup")
    make_call(status="completed", extracted={"a": "=1+1"})
    make_call(status="pending")
    columns = call_columns.chosen(["end_reason", "noted"])
    text = "".join(CallSheet(Call.objects.order_by("pk"), shows_numbers=True, columns=columns).lines())
    rows = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert rows == [["End reason", "Agent notes"], ["agent_hangup", LINE], ["", "a: =1+1"], ["", ""]]


def test_words_are_those_of_the_page() -> None:
    assert as_line(NESTED) == LINE
    assert as_line({}) == as_line(None) == ""
    with translation.override("fa"):
        row = noted_answers(NESTED)[-1]
        assert (row.confidence, row.answers) == ("۹۲٪", ["hot", "Wants a demo."])
        assert noted_answers(FLAT)[-1].answers == ["بله"]


def test_why_a_call_ended_is_told_in_the_vendors_words(client: Client, caller: User) -> None:
    client.force_login(caller)
    call = make_call(owner=caller, status="completed", end_reason="agent_hangup")
    assert "Reason for the end, from the provider: “agent_hangup”" in " ".join(
        re.sub("<[^>]+>", "", page_of(client, call)).split()
    )
    call.failure_detail = call.end_reason
    call.save()
    assert "End reason" not in page_of(client, call)
