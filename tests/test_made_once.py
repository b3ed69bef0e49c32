"""Work that is equal is made once; of different works few are made at the same time."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django.urls import get_resolver, reverse

from callcenter import made_once as module
from callcenter.access.rights import CALLER
from callcenter.made_once import few_at_once, made_once
from callcenter.web_worker.arrival import ASKING_OTHERS, COUNTING
from campaigns.launch import launch_check
from campaigns.launch.audience import tally
from tests.conftest import make_campaign, make_list, make_person
from tests.waiting import A_MINUTE, wait_until

COUNTED = {
    "campaign-check": {"pk": 1}, "campaign-check-people": {"pk": 1, "verdict": "now"}, "campaign-people": {"pk": 1},
    "campaign-results": {"pk": 1},
    "reports": {}, "reports-section": {"key": "results"}, "reports-csv": {"key": "results"}, "calls-export": {},
    "people-export": {}, "digest-preview": {"period": "daily"},
}  # fmt: skip
"""Pages that count for seconds, with the parts of an address of theirs."""
MADE_WHILE_SENT: dict[str, dict[str, Any]] = {
    "do-not-call-export": {},
    "do-not-call-export-xlsx": {},
    "audit-export": {},
    "import-bad-rows": {"pk": 1},
}
ASK_OTHERS: dict[str, dict[str, Any]] = {
    "call-player": {"pk": 1}, "call-recording": {"pk": 1}, "call-hang-up": {"pk": 1},
    "call-cancel-at-vendor": {"pk": 1}, "provider-test": {"pk": 1}, "provider-sync": {"pk": 1},
    "provider-key": {"pk": 1}, "notice-test": {},
    "openid_connect_login": {"provider_id": "a"}, "openid_connect_callback": {"provider_id": "a"},
    "admin:providers_provider_add": {}, "admin:providers_provider_change": {"object_id": 1},
}  # fmt: skip
"""Pages that wait for somebody else's server."""
WAITS_IN = {made_once.__name__, few_at_once(lambda _request: HttpResponse()).__code__.co_name}  # type: ignore[attr-defined]
"""Functions in which somebody waits for an equal work or for a turn."""


def wait_for_all(count: int) -> None:
    """Wait until so many threads stand still within what makes a work once, or in its turn."""

    def standing() -> int:
        found = 0
        for frame in sys._current_frames().values():
            top, names = frame.f_code, set()
            while frame is not None:
                names.add(frame.f_code.co_name)
                frame = frame.f_back  # type: ignore[assignment]
            found += top.co_filename == threading.__file__ and top.co_name == "wait" and bool(names & WAITS_IN)
        return found

    wait_until(lambda: standing() == count, lambda: f"{standing()} of {count} wait")


class Work:
    """A work that takes as long as the test likes."""

    def __init__(self) -> None:
        self.may_end, self.begun, self.most, self._now = threading.Event(), 0, 0, 0
        self._lock = threading.Lock()

    def __call__(self, *_: Any) -> HttpResponse:
        with self._lock:
            self._now, self.begun = self._now + 1, self.begun + 1
            self.most = max(self.most, self._now)
        assert self.may_end.wait(A_MINUTE)
        with self._lock:
            self._now -= 1
        return HttpResponse("made")


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def at_once(work: Work) -> Iterator[Callable[..., list[Future[Any]]]]:
    """Return what begins many works, each in a thread of its own."""
    with ThreadPoolExecutor(20) as pool:
        begun: list[Future[Any]] = []

        def begin(*works: Callable[[], Any]) -> list[Future[Any]]:
            found = [pool.submit(one) for one in works]
            begun.extend(found)
            wait_for_all(len(begun))
            return found

        yield begin
        work.may_end.set()


def test_eight_equal_works_are_made_once(work: Work, at_once: Any) -> None:
    found = at_once(*[lambda: made_once("key", work)] * 8)
    work.may_end.set()
    assert {id(one.result(A_MINUTE)) for one in found} == {id(found[0].result())}
    assert work.begun == 1
    made_once("key", work)
    assert work.begun == 2


def test_few_different_works_are_made_at_the_same_time(work: Work, at_once: Any) -> None:
    found = at_once(*[lambda number=number: made_once(number, work) for number in range(8)])
    assert work.begun == module.AT_ONCE
    work.may_end.set()
    assert [one.result(A_MINUTE).content for one in found] == [b"made"] * 8
    assert (work.begun, work.most) == (8, module.AT_ONCE)


def test_pages_take_the_same_turns(work: Work, at_once: Any) -> None:
    request: HttpRequest = RequestFactory().get("/")
    found = at_once(*[lambda: few_at_once(work)(request)] * 4, lambda: made_once("key", work))
    assert work.begun == module.AT_ONCE
    work.may_end.set()
    assert [one.result(A_MINUTE).status_code for one in found] == [200] * 5


def test_a_turn_that_does_not_come_stops_nobody(work: Work, at_once: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)
    found = at_once(*[lambda number=number: made_once(number, work) for number in range(4)])
    wait_until(lambda: work.begun == 4)
    work.may_end.set()
    assert len([one.result(A_MINUTE) for one in found]) == 4


def test_a_fault_is_nobody_elses(work: Work, at_once: Any) -> None:
    def fails() -> Any:
        assert work.may_end.wait(A_MINUTE)
        raise ZeroDivisionError

    (first,) = at_once(lambda: made_once("key", fails))
    (second,) = at_once(lambda: made_once("key", work))
    work.may_end.set()
    with pytest.raises(ZeroDivisionError):
        first.result(A_MINUTE)
    assert second.result(A_MINUTE).content == b"made"


@pytest.mark.django_db(transaction=True)
def test_eight_launch_checks_count_the_audience_once(monkeypatch: pytest.MonkeyPatch, for_threads: Any) -> None:
    campaign = make_campaign([make_list(3)], owner=make_person(CALLER))
    counted, may_end = [], threading.Event()

    def slow(*arguments: Any, **named: Any) -> Any:
        counted.append(1)
        assert may_end.wait(A_MINUTE)
        return tally(*arguments, **named)

    monkeypatch.setattr(launch_check, "tally", slow)

    def check() -> int:
        try:
            return launch_check.check_launch(type(campaign).objects.get(pk=campaign.pk), is_shared=True).total
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = [pool.submit(check) for _ in range(8)]
        wait_for_all(8)
        may_end.set()
        assert [one.result(A_MINUTE) for one in found] == [3] * 8
    assert len(counted) == 1
    # Once it was changed it is counted anew, also while the former state is being counted.
    campaign.text = "another message"
    campaign.save()
    assert check() == 3
    assert len(counted) == 2


def test_whoever_waits_for_a_count_waits_in_threads_of_its_own() -> None:
    for name, parts in COUNTED.items():
        assert COUNTING.match(reverse(name, kwargs=parts).encode()), name
    for name, more in MADE_WHILE_SENT.items():
        assert COUNTING.match(reverse(name, kwargs=more).encode()), name
    for path in (b"/api/v1/reports/calls", b"/api/v1/campaigns/7/results", b"/api/v1/campaigns/7/approval?x=1"):
        assert COUNTING.match(path), path
    assert COUNTING.match(reverse("search-found").encode()), "asked at every pause of whoever types"
    assert not COUNTING.match(b"/api/v1/campaigns/7")
    for name in ("today", "call-log", "people", "campaigns", "do-not-call", "login"):
        assert not COUNTING.match(reverse(name).encode()), name
    for name in ("campaign", "campaign-edit"):
        assert not COUNTING.match(reverse(name, kwargs={"pk": 1}).encode()), name


def test_whoever_waits_for_a_server_of_somebody_else_waits_in_threads_of_its_own() -> None:
    for name, parts in ASK_OTHERS.items():
        assert ASKING_OTHERS.match(reverse(name, kwargs=parts).encode()), name
    for path in (b"/api/v1/calls/7/recording", b"/api/v1/calls/7/stop"):
        assert ASKING_OTHERS.match(path), path
    assert not ASKING_OTHERS.match(b"/api/v1/calls/7/settle")
    for name in ("call", "call-live", "call-note", "provider", "provider-halt"):
        assert not ASKING_OTHERS.match(reverse(name, kwargs={"pk": 1}).encode()), name
    for name in ("call-log", "providers", "notice-settings", "login", "do-not-call"):
        assert not ASKING_OTHERS.match(reverse(name).encode()), name
    assert not COUNTING.match(reverse("do-not-call").encode())


def test_pages_that_count_take_turns() -> None:
    views = {pattern.name: pattern.callback for pattern in _patterns(get_resolver().url_patterns)}
    code = few_at_once(Work()).__code__  # type: ignore[attr-defined]
    # The launch check shares what it counts instead.
    assert [name for name in COUNTED if code not in _codes(views[name])] == ["campaign-check"]


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
