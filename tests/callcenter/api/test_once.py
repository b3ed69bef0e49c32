"""An Idempotency-Key makes one call, however many send it at the same time."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from callcenter.access.rights import MANAGER
from callcenter.api.models import ONCE_FOR, OnceRequest
from campaigns import minute_job
from campaigns.models import Call
from tests.conftest import MARYAM, make_agent, make_person, make_phone
from tests.programs import Program


@pytest.fixture(autouse=True)
def at_any_hour(settings: Settings) -> None:
    """Let single calls be made whatever the hour of the run."""
    settings.SINGLE_CALL_HOURS = "00:00-00:00"


AT_ONCE = 50


def order(phone: str = MARYAM) -> dict[str, Any]:
    agent = make_agent()
    return {"phone": phone, "provider": agent.provider_id, "agent": agent.pk}


def test_fifty_posts_at_once_make_one_call(for_threads: None, settings: Any) -> None:
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    owner, asked = make_person(MANAGER), order()
    first = Program(owner)
    answers: list[tuple[int, int]] = []
    barrier = threading.Barrier(AT_ONCE)

    def post() -> None:
        try:
            program = Program()
            program.secret = first.secret
            barrier.wait()
            answer = program.post("/calls", asked, Idempotency_Key="order-4711")
            answers.append((answer.status_code, answer.json().get("id", 0)))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=post) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    call = Call.objects.get()
    assert sorted(answers) == [(200, call.pk)] * (AT_ONCE - 1) + [(201, call.pk)]
    assert OnceRequest.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_refused_and_that_of_another_program_is_its_own(manager: User) -> None:
    asked, program = order(), Program(manager)
    assert program.post("/calls", asked, Idempotency_Key="a").status_code == 201
    other = program.post("/calls", asked | {"phone": make_phone()}, Idempotency_Key="a")
    assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)
    assert Call.objects.count() == 1
    foreign = Program(make_person(MANAGER))
    assert foreign.post("/calls", order(make_phone()), Idempotency_Key="a").status_code == 201
    for token in ("", " ", "x" * 256):
        assert program.post("/calls", asked, Idempotency_Key=token).status_code == 400


@pytest.mark.django_db
def test_what_was_refused_is_not_remembered_and_what_was_made_is_for_a_day(manager: User) -> None:
    asked, program = order(), Program(manager)
    wrong = program.post("/calls", asked | {"agent": 10**9}, Idempotency_Key="a")
    assert (wrong.status_code, OnceRequest.objects.count()) == (422, 0)
    assert program.post("/calls", asked, Idempotency_Key="a").status_code == 201
    now = timezone.now()
    assert datetime.timedelta(days=1) < ONCE_FOR
    assert OnceRequest.forget_old(now + datetime.timedelta(days=1, hours=1)) == 0
    assert program.post("/calls", asked, Idempotency_Key="a").status_code == 200
    OnceRequest.objects.update(at=now - ONCE_FOR - datetime.timedelta(seconds=1))
    minute_job.sweep()
    assert not OnceRequest.objects.exists()
