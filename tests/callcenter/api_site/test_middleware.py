"""The API knows no cookie, and whoever refuses a request, the answer is a problem."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from callcenter.access.rights import MANAGER
from tests.conftest import make_person
from tests.programs import Program

pytestmark = pytest.mark.django_db


def test_a_session_opens_nothing_and_none_is_begun(manager: User) -> None:
    program = Program()
    program.client.force_login(manager)
    before = dict(program.client.session)
    answer = program.get("/people")
    assert (answer.status_code, answer.cookies) == (401, {})
    answer = Program(manager).get("/people")
    assert (answer.status_code, answer.cookies) == (200, {})
    assert "no-store" in answer["Cache-Control"]
    assert dict(program.client.session) == before


def test_a_key_is_no_cookie_so_that_no_token_against_forged_forms_is_asked() -> None:
    program = Program(make_person(MANAGER))
    program.client = Client(enforce_csrf_checks=True)
    assert program.post("/lists", {"name": "gold"}).status_code == 201


REFUSALS: dict[str, tuple[int, str, str, Any, dict[str, str]]] = {
    "no such address": (404, "get", "/nowhere", None, {}),
    "no such row": (404, "get", "/people/1", None, {}),
    "a key beyond 64 bits": (404, "get", f"/people/{2**64}", None, {}),
    "another method": (405, "put", "/people", {}, {"Accept": "text/html"}),
    "no JSON": (400, "post", "/lists", "{", {}),
    "too deep": (400, "post", "/lists", "[" * 100_000, {}),
    "no number": (400, "post", "/lists", '{"name": NaN}', {}),
    "NUL": (400, "post", "/lists", '{"name": "a\\u0000"}', {}),
    "half a letter": (400, "post", "/lists", '{"name": "\\ud800"}', {}),
    "NUL in the address": (400, "get", "/people?list_id=%00", None, {}),
    "not UTF-8": (400, "post", "/lists", b'{"name": "\xff"}', {}),
    "too large": (413, "post", "/lists", b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1), {}),
    "an unknown field": (422, "post", "/lists", {"name": "a", "nome": "b"}, {}),
    "a missing field": (422, "post", "/lists", {}, {}),
    "a number out of range": (422, "get", "/people?limit=201", None, {}),
    "a number too large for a column": (422, "get", f"/people?older_than={2**70}", None, {}),
    "too long, though its backslashes are letters": (
        422,
        "post",
        "/lists",
        {"name": "\\u0000" * 30},
        {},
    ),
    "no version": (428, "patch", "/people/1", {"name": "a"}, {}),
}


@pytest.mark.parametrize("why", sorted(REFUSALS))
def test_every_refusal_is_a_problem_with_a_sentence(manager: User, why: str) -> None:
    status, method, path, body, headers = REFUSALS[why]
    if status == 428:
        made = Program(manager).post("/people", {"phone": "+989121234567"})
        path = f"/people/{made.json()['id']}"
    answer = Program(manager).ask(method, path, body, **headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    said = json.loads(answer.content)
    assert said["status"] == status
    assert said["type"] == f"/api/reference/#problem-{status}"
    assert len(said["detail"]) > 20
    assert "<" not in said["detail"]
    if status == 422:
        assert all(set(one) == {"field", "detail"} for one in said["errors"])


def test_a_fault_of_ours_is_a_problem_too(manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaigns.contacts.lists.lists_with_counts", lambda _person: 1 / 0)
    answer = Program(manager).get("/lists")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert "division" not in answer.content.decode()


def test_sentences_are_in_the_language_that_is_asked_for(manager: User) -> None:
    program = Program(manager)
    english, persian = (program.post("/people", {"phone": "12"}, Accept_Language=one).json() for one in ("en", "fa"))
    assert english["detail"].isascii()
    assert not persian["detail"].isascii()
