"""Request ids and the access log: one line a request, without what nobody but the asker may know."""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.conf import settings as product
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from django.urls import reverse
from pytest_django import Settings

from callcenter import request_ids
from callcenter.logs import AboutTheRequest, JsonFormatter
from callcenter.monitoring.request_log import safe_path
from providers.exceptions import NotSent
from providers.models import Provider, ProviderExchange
from tests.conftest import make_provider

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Return what was logged so far, as the product's own handler writes it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(AboutTheRequest())
    root, ours = logging.getLogger(), logging.getLogger("callcenter.requests")
    before = root.level, ours.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
    root.setLevel(before[0])
    ours.setLevel(before[1])


def access_lines(lines: Lines) -> list[dict[str, Any]]:
    return [line for line in lines() if line["logger"] == "callcenter.requests"]


@pytest.mark.parametrize(
    ("offered", "is_taken"),
    [
        ("0af7651916cd43dd8448eb211c80319c", True),
        ("edge-1_A2B3C4D5", True),
        (str(uuid.UUID(int=7)).replace("0", "a"), True),
        ("short", False),
        ("a" * 65, False),
        ("with space and more", False),
        ("line\nbreak-in-the-middle", False),
        ("quote\"and'more", False),
        ("989121234567", False),
        ("", False),
    ],
)
def test_a_well_formed_id_is_taken_and_another_is_made(client: Client, offered: str, is_taken: bool) -> None:
    answer = client.get("/livez", headers={"X-Request-ID": offered})
    assert (answer["X-Request-ID"] == offered) is is_taken
    assert re.fullmatch(r"[A-Za-z0-9_-]{8,64}", answer["X-Request-ID"])


def test_two_requests_have_two_ids_and_none_stays_behind(client: Client) -> None:
    assert client.get("/livez")["X-Request-ID"] != client.get("/livez")["X-Request-ID"]
    assert request_ids.current() == ""


def test_every_line_of_a_request_has_its_id_also_django_s_own(client: Client, caller: User, lines: Lines) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(caller)
    answer = client.post(reverse("stop-all"), headers={"X-Request-ID": "edge-0123456789"})
    assert answer.status_code == 403
    said = lines()
    assert [line["logger"] for line in said] == ["django.security.csrf", "callcenter.requests"]
    assert {line.get("request_id") for line in said} == {"edge-0123456789"}


def test_one_line_tells_who_asked_for_what_and_how_long_it_took(client: Client, caller: User, lines: Lines) -> None:
    client.force_login(caller)
    client.get("/today/")
    (line,) = access_lines(lines)
    assert (line["method"], line["path"], line["status"], line["user"]) == ("GET", "/today/", 200, caller.pk)
    assert isinstance(line["ms"], int)
    assert line["message"] == f"GET /today/ 200 {line['ms']} ms"
    assert line["level"] == "INFO"


def test_a_stranger_has_no_user_id(client: Client, db: None, lines: Lines) -> None:
    client.get("/login/")
    assert "user" not in access_lines(lines)[0]


def test_probes_that_are_well_are_quiet_and_others_are_not(client: Client, lines: Lines) -> None:
    client.get("/livez")
    assert access_lines(lines) == []
    client.get("/metrics")
    assert [line["status"] for line in access_lines(lines)] == [404]


@pytest.mark.parametrize(
    ("asked", "written"),
    [
        ("/calls/?state=live&q=Maryam+989121234567", "/calls/?q=…&state=…"),
        ("/calls/?older_than=7", "/calls/?older_than=…"),
        ("/calls/?sk_live_0123456789", "/calls/?…=…"),
        ("/calls/?SECRET=1&secret2=1", "/calls/?…=…"),
        ("/hooks/7/abcdefghijklmnopqrstuvwxyz/?signature=abc", "/hooks/7/…?signature=…"),
        ("/hooks/7/short", "/hooks/7/…"),
        ("/exports/0af7651916cd43dd8448eb211c80319c/", "/exports/…319c/"),
        ("/people/17/edit/", "/people/17/edit/"),
        ("/static/console.0123456789abcdef.css", "/static/console.0123456789abcdef.css"),
        ("/a%0Aforged line", "/a%0Aforged%20line"),
    ],
)
def test_a_path_is_written_without_what_may_be_secret(rf: RequestFactory, asked: str, written: str) -> None:
    path, _, query = asked.partition("?")
    request = rf.get("/", QUERY_STRING=query)
    request.path = path.replace("%0A", "\n")
    assert safe_path(request).replace("…/?", "…?") == written


def test_a_webhook_s_token_reaches_no_line(client: Client, db: None, lines: Lines) -> None:
    provider = make_provider()
    token = "t0kenThatNobodyMayKnow_123456"
    path = f"/hooks/{provider.pk}/{token}"
    for asked in (path, f"{path}/", path[:-3], f"{path}?token={token}"):
        client.post(asked, b"rubbish", content_type="application/json")
    written = json.dumps(lines(), ensure_ascii=False)
    assert len(access_lines(lines)) == 4
    assert f"/hooks/{provider.pk}/…" in written
    assert "t0kenThatNobodyMay" not in written


def test_a_phone_number_in_a_path_reaches_no_line(client: Client, caller: User, lines: Lines) -> None:
    client.force_login(caller)
    client.get("/people/989121234567/?q=+989121234567")
    written = json.dumps(lines(), ensure_ascii=False)
    assert "…4567" in written
    assert "9121234567" not in written


def test_a_failure_is_logged_with_its_trace_and_id(
    client: Client, caller: User, lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("could not call +989121234567")

    monkeypatch.setattr("campaigns.reports.views.today.overview", broken)
    client.raise_request_exception = False
    client.force_login(caller)
    answer = client.get("/today/", headers={"X-Request-ID": "edge-0123456789"})
    assert (answer.status_code, answer["X-Request-ID"]) == (500, "edge-0123456789")
    (failure,) = [line for line in lines() if line["level"] == "ERROR"]
    assert failure["request_id"] == "edge-0123456789"
    assert "RuntimeError" in failure["trace"]
    assert "9121234567" not in failure["trace"]
    assert access_lines(lines)[0]["status"] == 500


# One line for a refusal


def test_a_refusal_is_one_line(client: Client, caller: User, settings: Settings, lines: Lines) -> None:
    client.force_login(caller)
    assert client.post(reverse("stop-all-release")).status_code == 403
    assert client.get("/no/such/page/").status_code == 404
    assert [line["status"] for line in lines()] == [403, 404]
    settings.ALLOWED_HOSTS = ["desk.example.org"]
    assert client.get("/login/", headers={"host": "elsewhere.example"}).status_code == 400
    assert [line["logger"] for line in lines()[2:]] == ["django.security.DisallowedHost", "callcenter.requests"]
    assert [line for line in lines() if "trace" in line] == []


# To the vendor's exchange


def test_an_exchange_that_a_page_caused_keeps_the_request_s_id(
    client: Client, admin_person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = make_provider()

    def refused(*_: object, **__: object) -> None:
        raise NotSent("No connection to the vendor.")

    monkeypatch.setattr("providers.client.client.HttpClient.read", refused)
    client.force_login(admin_person)
    answer = client.post(f"/providers/{provider.pk}/test/", headers={"X-Request-ID": "edge-0123456789"})
    assert answer.status_code in {200, 302}
    assert ProviderExchange.objects.get().request_id == "edge-0123456789"
    assert "edge-0123456789" in client.get(f"/providers/{provider.pk}/").content.decode()


def test_an_exchange_of_background_work_has_none(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_provider()
    Provider.objects.note_exchange(provider.pk, what="fetch_calls", method="GET", path="/calls")
    assert ProviderExchange.objects.get().request_id == ""


def test_the_version_that_runs_has_one_source_and_stands_on_the_page(client: Client, caller: User) -> None:
    project = (product.BASE_DIR / "pyproject.toml").read_text()
    assert f'version = "{product.VERSION}"' in project
    assert product.VERSION not in client.get("/login/").content.decode()
    client.force_login(caller)
    assert f"Version <bdi>{product.VERSION}</bdi>" in client.get("/today/").content.decode()
