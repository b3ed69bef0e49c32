"""Limits on guessing: growing delays that a stranger's guesses never put on somebody else's way in."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from callcenter.sign_in import throttle
from callcenter.sign_in.models import Attempts
from tests.conftest import make_person

PASSWORD = "a-long-password-1"
HERE, ELSEWHERE = "198.51.100.1", "203.0.113.9"


def log_in(name: str, password: str, address: str, client: Client | None = None) -> Any:
    return (client or Client()).post("/login/", {"username": name, "password": password}, REMOTE_ADDR=address)


def guess(name: str, times: int, address: str = HERE) -> list[int]:
    return [log_in(name, f"wrong-password-{n}", address).status_code for n in range(times)]


@pytest.fixture(autouse=True)
def standing_clock() -> Iterator[None]:
    """Let no delay end while a slow machine still guesses."""
    with time_machine.travel(timezone.now(), tick=False):
        yield


@pytest.fixture
def sara(db: None) -> User:
    return make_person(username="sara")


def test_a_stranger_is_slowed_and_the_person_gets_in_from_elsewhere(sara: User) -> None:
    answers = guess("sara", 12)
    assert answers.index(429) in range(5, 11)
    refused = log_in("sara", PASSWORD, HERE)
    assert refused.status_code == 429, "the right password is not even looked at"
    assert int(refused["Retry-After"]) >= 1
    assert log_in("sara", PASSWORD, ELSEWHERE).status_code == 302


def test_the_person_gets_in_where_they_logged_in_before_also_at_the_strangers_address(sara: User) -> None:
    own = Client()
    assert log_in("sara", PASSWORD, HERE, own).status_code == 302
    own.post("/logout/", REMOTE_ADDR=HERE)
    assert 429 in guess("sara", 12)
    assert log_in("sara", PASSWORD, HERE, own).status_code == 302
    other = Client()
    other.cookies["known-browser"] = "forged"
    assert log_in("sara", PASSWORD, HERE, other).status_code == 429


def test_delays_grow_and_end(sara: User) -> None:
    now = timezone.now()
    waits = []
    with time_machine.travel(now, tick=False) as clock:
        guess("sara", 6)
        for _ in range(10):
            answer = log_in("sara", "wrong-password-x", HERE)
            if answer.status_code == 429:
                waits.append(int(answer["Retry-After"]))
                clock.shift(waits[-1])
        assert waits == sorted(waits)
        assert waits[:3] == [2, 4, 8]
        clock.shift(throttle.FORGOTTEN_AFTER + datetime.timedelta(minutes=20))
        assert log_in("sara", PASSWORD, HERE).status_code == 302
    assert max(waits) <= throttle.LONGEST_DELAY


def test_a_name_guessed_at_from_everywhere_leaves_one_free_try_an_address(sara: User) -> None:
    now = timezone.now()
    Attempts.objects.create(key=throttle.key_of("name", "SARA"), failures=throttle.GUESSED_AT, last_at=now)
    assert guess("sara", 3, ELSEWHERE) == [200, 200, 429]
    assert log_in("sara", PASSWORD, "192.0.2.77").status_code == 302


def test_one_address_over_many_names_is_slowed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "FREE_OF_AN_ADDRESS", 6)
    answers = [log_in(f"nobody{n}", "wrong-password", HERE).status_code for n in range(9)]
    assert answers[:6] == [200] * 6
    assert 429 in answers
    assert log_in("somebody", "wrong-password", "2001:db8::1").status_code == 200


def test_an_own_log_in_forgives_nothing_that_was_guessed_at_others(sara: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "FREE_OF_AN_ADDRESS", 6)
    for number in range(5):
        log_in(f"nobody{number}", "wrong-password", HERE)
    assert log_in("sara", PASSWORD, HERE).status_code == 302
    answers = [log_in(f"somebody{number}", "wrong-password", HERE).status_code for number in range(3)]
    assert answers == [200, 200, 429]


def test_the_answer_is_the_same_whether_the_user_exists_is_off_or_is_not_there(sara: User) -> None:
    make_person(username="gone", is_active=False)
    pages = []
    for name, password in (("sara", "wrong-password"), ("nobody", PASSWORD), ("gone", PASSWORD)):
        answer = log_in(name, password, HERE)
        text = answer.content.decode().replace(name, "")
        pages.append((answer.status_code, text[text.index("<form") : text.index("</form>")].count("\n")))
        assert "Wrong name or password." in answer.content.decode()
    assert len(set(pages)) == 1
    assert [set(guess(name, 9)[6:]) for name in ("nobody2", "gone")] == [{429}, {429}]


def test_unknown_and_known_names_cost_one_hash_each(sara: User, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from django.contrib.auth.hashers import MD5PasswordHasher

    make_person(username="off", is_active=False)
    invited = make_person(username="invited")
    invited.set_unusable_password()
    invited.save()
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    for name in ("sara", "nobody", "off", "invited"):
        hashed.clear()
        log_in(name, "wrong-password", HERE)
        assert len(hashed) == 1, name


def test_failure_throttle_and_log_in_are_recorded_and_no_typed_name_is(sara: User) -> None:
    log_in("my-secret-typed-here", "x", HERE)
    guess("sara", 8)
    log_in("sara", PASSWORD, ELSEWHERE)
    told = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"login.throttled", "login.failed", "login.succeeded"} <= told
    assert not AuditEvent.objects.filter(object_name__contains="secret").exists()


@pytest.mark.django_db(transaction=True)
def test_parallel_guesses_are_counted_before_they_are_looked_at(for_threads: None) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    gates = [throttle.Gate(throttle.key_of("pair", "sara", HERE))]

    def attempt(_n: int) -> bool:
        try:
            throttle.begin(gates)
        except throttle.Throttled:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(4) as pool:
        let_through = sum(pool.map(attempt, range(16)))
    assert let_through == throttle.FREE + 1
