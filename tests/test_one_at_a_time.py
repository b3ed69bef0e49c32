"""Expensive pages are made one at a time for each person."""

from __future__ import annotations

import ast
import gc
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import Any, cast

import pytest
from django.contrib.auth.models import User
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import RequestFactory
from django.urls import get_resolver

from callcenter.one_at_a_time import one_at_a_time
from tests.migrated import ROOT
from tests.waiting import A_MINUTE

EXPENSIVE = [
    "campaign-check", "campaign-check-people", "campaign-people", "campaign-results", "reports", "reports-section",
    "reports-csv", "call-log", "call-log-total", "calls-export", "people", "people-export", "do-not-call-export",
    "do-not-call-export-xlsx", "audit-export", "import-bad-rows",
]  # fmt: skip

SENT_AS_IT_LIES = {"_part": "a recording that is in the cache", "file_of": "a file that the worker has made"}
"""Functions that send a file which is there already: nothing is made while it is sent."""


class Page:
    """A page that is made for as long as the test likes."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.may_end = threading.Event()
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
            self.begun.append(request.get_full_path())
        assert self.may_end.wait(A_MINUTE)
        with self._lock:
            self._now -= 1
        return HttpResponse(request.get_full_path())


@dataclass
class Session:
    session_key: str


def request_of(person: int, path: str, method: str = "get", session: str = "one") -> HttpRequest:
    made: HttpRequest = getattr(RequestFactory(), method)(path)
    made.user = User(pk=person)
    made.session = Session(session)  # type: ignore[assignment]
    return made


@pytest.fixture
def page() -> Page:
    return Page()


@pytest.fixture
def ask(page: Page) -> Any:
    """Return what asks for the page in a thread."""
    view = cast(Callable[[HttpRequest], HttpResponse], one_at_a_time(page))
    with ThreadPoolExecutor(20) as pool:

        def asked(person: int, path: str, method: str = "get", session: str = "one") -> Future[HttpResponse]:
            answer = pool.submit(view, request_of(person, path, method, session))
            time.sleep(0.05)
            return answer

        yield asked
        page.may_end.set()


Ask = Callable[..., Future[HttpResponse]]


def test_one_persons_pages_are_made_one_after_the_other(page: Page, ask: Ask) -> None:
    first, *others = [ask(1, f"/check/{number}/") for number in range(8)]
    another = ask(2, "/check/0/")
    assert page.begun == ["/check/0/", "/check/0/"]
    page.may_end.set()
    assert first.result(A_MINUTE).content == b"/check/0/"
    assert another.result(A_MINUTE).status_code == 200
    # Of those that waited the newest is answered; the others are told so.
    assert [answer.result(A_MINUTE).status_code for answer in others] == [429] * 6 + [200]
    assert b"then reload this one" in others[0].result().content
    assert page.most == 2


def test_equal_pages_are_made_once(page: Page, ask: Ask) -> None:
    answers = [ask(1, "/check/1/") for _ in range(2)]
    page.may_end.set()
    assert [answer.result(A_MINUTE).content for answer in answers] == [b"/check/1/"] * 2
    assert page.begun == ["/check/1/"]


def test_nothing_is_shared_with_another_person_or_query(page: Page, ask: Ask) -> None:
    answers = [ask(1, "/check/?a=1"), ask(2, "/check/?a=1"), ask(1, "/check/?a=2")]
    page.may_end.set()
    assert [answer.result(A_MINUTE).content for answer in answers] == [b"/check/?a=1", b"/check/?a=1", b"/check/?a=2"]
    assert len(page.begun) == 3


def test_nothing_is_shared_with_another_session(page: Page, ask: Ask) -> None:
    answers = [ask(1, "/check/"), ask(1, "/check/", session="two")]
    page.may_end.set()
    assert [answer.result(A_MINUTE).status_code for answer in answers] == [200, 200]
    assert len(page.begun) == 2


def test_a_form_that_is_sent_is_never_held_back(page: Page, ask: Ask) -> None:
    for _ in range(2):
        ask(1, "/check/", "post")
    assert page.begun == ["/check/"] * 2


def test_a_fault_holds_nobody_up() -> None:
    def fails(request: HttpRequest) -> HttpResponse:
        raise ZeroDivisionError

    view = one_at_a_time(fails)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            view(request_of(1, "/"))


def test_a_file_is_being_made_until_its_last_piece_left(monkeypatch: pytest.MonkeyPatch) -> None:
    # Whoever hears that a request is over looks after the database, which this test has none of.
    monkeypatch.setattr(request_finished, "send", lambda **_told: [])

    def file(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(piece for piece in (b"a", b"b"))

    view = one_at_a_time(file)
    first = view(request_of(1, "/file/"))
    with ThreadPoolExecutor(1) as pool:
        second = pool.submit(view, request_of(1, "/another/"))
        assert view(request_of(2, "/file/")).status_code == 200
        assert not second.done()
        assert b"".join(cast(StreamingHttpResponse, first)) == b"ab"
        # The server closes what it has sent, and what its reader left.
        first.close()
        made = cast(StreamingHttpResponse, second.result(A_MINUTE))
        assert b"".join(made) == b"ab"
        made.close()
    assert view(request_of(1, "/file/")).status_code == 200


def test_a_file_that_nobody_sends_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where a middleware fails behind the page: the server never hears of the file, and closes none."""
    monkeypatch.setattr("callcenter.one_at_a_time.LONGEST_WAIT", 0.0)

    def file(request: HttpRequest) -> StreamingHttpResponse:
        return StreamingHttpResponse(piece for piece in (b"a", b"b"))

    view = one_at_a_time(file)
    unsent = view(request_of(1, "/file/"))
    assert view(request_of(1, "/another/")).status_code == 429
    del unsent
    gc.collect()
    assert view(request_of(1, "/another/")).status_code == 200


def test_every_file_that_is_made_while_it_is_sent_is_so_decorated() -> None:
    """Whoever adds one more decorates it, or says here why it costs nothing."""
    found: set[str] = set()
    sound: set[str] = set()
    for room in ("callcenter", "campaigns", "providers"):
        for path in (ROOT / room).rglob("*.py"):
            text = path.read_text()
            if "StreamingHttpResponse(" not in text and "FileResponse(" not in text:
                continue
            for function in (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef)):
                body = ast.unparse(function)
                if "StreamingHttpResponse(" in body or "FileResponse(" in body:
                    found.add(function.name)
                    marks = {ast.unparse(one) for one in function.decorator_list}
                    if "one_at_a_time" in marks:
                        sound.add(function.name)
    assert found - sound == set(SENT_AS_IT_LIES)


def test_the_expensive_pages_are_so_decorated() -> None:
    code = one_at_a_time(Page()).__code__  # type: ignore[attr-defined]
    assert import_module("campaigns.urls")
    found = {name: entry for name, entry in get_resolver().reverse_dict.items() if isinstance(name, str)}
    views = {pattern.name: pattern.callback for pattern in _patterns(get_resolver().url_patterns)}
    assert set(EXPENSIVE) <= set(found)
    assert [name for name in EXPENSIVE if code not in _codes(views[name])] == []


def _patterns(patterns: list[Any]) -> list[Any]:
    return [
        inner for one in patterns for inner in (_patterns(one.url_patterns) if hasattr(one, "url_patterns") else [one])
    ]


def _codes(view: Any) -> list[Any]:
    codes = []
    while view is not None:
        codes.append(getattr(view, "__code__", None))
        view = getattr(view, "__wrapped__", None)
    return codes
