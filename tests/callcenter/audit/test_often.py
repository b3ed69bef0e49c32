"""What happens often is recorded once at once, and as one event with a count later."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.audit import canonical, often
from callcenter.audit.context import Acting, acting
from callcenter.audit.models import AuditEvent, AuditTally
from tests.conftest import make_call

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def a_new_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # On a busy machine a thousand of them take longer than what is left of the minute.
    monkeypatch.setattr(often, "time", SimpleNamespace(monotonic=lambda: 6_000.0))
    often.forget()
    yield
    often.forget()


def in_minutes(minutes: int) -> datetime.datetime:
    return timezone.now() + datetime.timedelta(minutes=minutes)


def test_a_viewing_that_is_followed_live_is_two_rows(manager: User) -> None:
    call = make_call()
    for _poll in range(50):
        often.note(manager, "call.transcript_opened", call, again="call.transcript_followed")
        often.forget()  # as if each poll reached another web process
    assert AuditEvent.objects.get().action == "call.transcript_opened"
    assert often.record_counts(in_minutes(1)) == 0, "it is not over"
    assert often.record_counts(in_minutes(30)) == 1
    event = AuditEvent.objects.latest("pk")
    assert (event.action, event.actor, event.object_id) == ("call.transcript_followed", manager, str(call.pk))
    assert event.detail["times"] == 49
    assert canonical.is_signed(event)
    assert not AuditTally.objects.exists()


def test_one_process_writes_the_count_every_few_seconds_only(manager: User, django_assert_num_queries: object) -> None:
    call = make_call()
    often.note(manager, "call.transcript_opened", call)
    with django_assert_num_queries(0):  # type: ignore[operator]
        for _poll in range(10):
            often.note(manager, "call.transcript_opened", call)
    assert AuditEvent.objects.count() == 1


def test_what_happened_once_has_no_count(manager: User) -> None:
    often.note(manager, "call.transcript_opened", make_call())
    assert often.record_counts(in_minutes(30)) == 0
    assert AuditEvent.objects.count() == 1


def test_a_flood_from_many_addresses_makes_few_rows() -> None:
    for number in range(1_000):
        with acting(Acting(find_address=lambda number=number: f"203.0.113.{number}")):  # type: ignore[misc]
            often.note(None, "webhook.refused", why="no such address", window=often.A_MINUTE)
    assert AuditTally.objects.count() == often.MOST_STRANGE + 1
    assert AuditEvent.objects.count() == often.MOST_STRANGE + 1


def test_different_users_and_things_are_counted_apart(manager: User, caller: User) -> None:
    first, second = make_call(), make_call()
    for person, call in ((manager, first), (manager, second), (caller, first)):
        often.note(person, "call.transcript_opened", call)
        often.note(person, "call.transcript_opened", call)
    assert AuditEvent.objects.count() == 3
