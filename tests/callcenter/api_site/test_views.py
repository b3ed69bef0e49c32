"""The pages of API keys and the reference of the API."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.access.fresh import PROVED_AT
from callcenter.api.models import ApiKey
from callcenter.api_site.reference import schema
from tests.programs import Program

pytestmark = pytest.mark.django_db


def form_of(person: User, **fields: Any) -> dict[str, Any]:
    return {
        "name": "web shop", "role": person.groups.get().pk, "scopes": ["calls:read"], "a_minute": 60,
        "until": timezone.localdate().isoformat(), **fields,
    }  # fmt: skip


def test_a_key_is_shown_once_and_works_until_it_is_ended(client: Client, manager: User) -> None:
    client.force_login(manager)
    page = client.post("/api/keys/", form_of(manager))
    secret = re.search(r'value="(cc_[^"]+)"', page.content.decode())
    assert secret is not None
    assert "no-store" in page["Cache-Control"]
    program = Program()
    program.secret = secret[1]
    assert program.get("/calls").status_code == 200
    listed = client.get("/api/keys/").content.decode()
    assert secret[1] not in listed
    assert secret[1][:11] in listed
    key = ApiKey.objects.get()
    assert client.post(f"/api/keys/{key.pk}/end/", follow=True).status_code == 200
    assert program.get("/calls").status_code == 401


def test_making_a_key_asks_for_a_fresh_sign_in(client: Client, manager: User) -> None:
    client.force_login(manager)
    session = client.session
    session[PROVED_AT] = 0
    session.save()
    answer = client.post("/api/keys/", form_of(manager))
    assert (answer.status_code, answer["Location"].startswith("/prove/"), ApiKey.objects.count()) == (302, True, 0)


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"until": "2020-01-01"}, "until"),
        ({"until": "2999-01-01"}, "until"),
        ({"scopes": ["everything"]}, "scopes"),
        ({"a_minute": 0}, "a_minute"),
        ({"role": 10**9}, "role"),
        ({"name": " "}, "name"),
    ],
)
def test_a_wrong_form_makes_no_key(client: Client, manager: User, fields: dict[str, Any], name: str) -> None:
    client.force_login(manager)
    page = client.post("/api/keys/", form_of(manager, **fields))
    assert (page.status_code, list(page.context["form"].errors), ApiKey.objects.count()) == (422, [name], 0)


def test_a_user_sees_their_own_keys_and_who_manages_users_all(
    client: Client, manager: User, admin_person: User
) -> None:
    mine, theirs = Program(manager, name="of mine").key, Program(admin_person, name="of theirs").key
    client.force_login(manager)
    assert "of theirs" not in client.get("/api/keys/").content.decode()
    assert client.post(f"/api/keys/{theirs.pk}/end/").status_code == 404
    client.force_login(admin_person)
    assert "of mine" in client.get("/api/keys/").content.decode()
    client.post(f"/api/keys/{mine.pk}/end/")
    mine.refresh_from_db()
    assert (mine.ended_by, ApiKey.objects.get(pk=theirs.pk).ended_at) == (admin_person, None)


def test_the_reference_shows_every_operation_without_a_script(client: Client, caller: User) -> None:
    client.force_login(caller)
    page = client.get("/api/reference/")
    text = page.content.decode()
    for path, operations in schema()["paths"].items():
        for method, said in operations.items():
            assert f'id="{said["operationId"]}"' in text
            assert f"{method.upper()} {path}" in text
    main = text[text.index("<main") : text.index("</main>")]
    # A link that a reader follows loads nothing.
    linked = re.sub(r'<a href="https://[^"]+" rel="noreferrer"', "", main)
    assert re.findall(r"<script|style=|https?://(?!testserver)", linked) == []
    # The frame's own scripts are served from here.
    loaded = re.findall(r'<(?:script|img|iframe)[^>]* src="([^"]*)"|<link[^>]* href="([^"]*)"', text)
    assert loaded
    assert [one for pair in loaded for one in pair if one and not one.startswith(("/", "data:"))] == []
    assert [one for pair in loaded for one in pair if one.startswith("//")] == []
    for status in (401, 403, 409, 412, 422, 429):
        assert f'id="problem-{status}"' in text


def test_every_operation_says_its_scope_and_what_it_does() -> None:
    for path, operations in schema()["paths"].items():
        for method, said in operations.items():
            assert said["x-scopes"], (method, path)
            assert said["description"], (method, path)
            assert said["security"], (method, path)
