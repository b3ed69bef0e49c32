"""The do-not-call list: a wish holds from its commit, is never weakened by accident, and leaves with a reason only."""

from __future__ import annotations

import csv
import datetime
import io
import threading
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.contacts.do_not_call import allow_again, forbid, forbid_many
from campaigns.contacts.do_not_call_files import export_entries
from campaigns.core.clock import DatabaseClock
from campaigns.dialing import reservation
from campaigns.dialing.commit_point import commit_calls
from campaigns.models import Call, CallEvent, DoNotCall
from providers.types import CallStatus
from tests.conftest import MARYAM, make_call, make_contact, of_a_page
from tests.situations import LeasedProvider
from tests.waiting import A_MINUTE

Source = DoNotCall.Source
pytestmark = pytest.mark.django_db


def test_a_wish_takes_waiting_calls_out_and_leaves_the_others(caller: User) -> None:
    waiting = make_call(to_number=MARYAM, lease_until=timezone.now())
    running = make_call(to_number=MARYAM, status=CallStatus.RINGING)
    stranger = make_call()
    done = forbid(MARYAM, reason="Asked by phone", source=Source.PERSON, person=caller)
    assert (done.added, done.known, done.skipped) == (1, 0, 1)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.skip_reason, waiting.lease_until) == (CallStatus.SKIPPED, "do_not_call", None)
    assert {call.pk: call.status for call in Call.objects.exclude(pk=waiting.pk)} == {
        running.pk: CallStatus.RINGING,
        stranger.pk: CallStatus.PENDING,
    }
    step = CallEvent.objects.get(call=waiting)
    assert (step.code, step.to_status, step.detail, step.actor) == ("skipped", "skipped", "Asked by phone", caller)
    event = AuditEvent.objects.get(action="do_not_call.added")
    assert event.actor == caller
    assert MARYAM not in str(event.detail) + event.object_name


def test_a_stronger_wish_stands() -> None:
    soon = timezone.now() + datetime.timedelta(days=2)
    forbid(MARYAM, reason="For ever", source=Source.PERSON)
    assert forbid(MARYAM, reason="Two days", source=Source.IMPORT, expires_at=soon).known == 1
    entry = DoNotCall.objects.get()
    assert (entry.reason, entry.expires_at) == ("For ever", None)


def test_a_longer_or_renewed_wish_replaces(caller: User) -> None:
    soon = timezone.now() + datetime.timedelta(days=2)
    forbid(MARYAM, reason="Two days", source=Source.IMPORT, expires_at=soon)
    forbid(MARYAM, reason="For ever", source=Source.PERSON, person=caller)
    assert DoNotCall.objects.in_force().get().added_by == caller
    DoNotCall.objects.update(expires_at=timezone.now() - datetime.timedelta(days=1))
    assert not DoNotCall.objects.in_force().exists()
    forbid(MARYAM, reason="Again", source=Source.PERSON, expires_at=soon)
    assert DoNotCall.objects.in_force().get().reason == "Again"


def test_the_same_number_twice_in_one_go() -> None:
    assert forbid_many([MARYAM, MARYAM], reason="", source=Source.IMPORT).added == 1


def test_only_a_reason_takes_an_entry_off(manager: User) -> None:
    forbid(MARYAM, reason="Asked", source=Source.PERSON)
    entry = DoNotCall.objects.get()
    with pytest.raises(ValueError, match="reason"):
        allow_again(entry.pk, reason=" ", person=manager)
    assert allow_again(entry.pk, reason="Called us back", person=manager) == 0
    assert allow_again(entry.pk, reason="Called us back", person=manager) is None
    event = AuditEvent.objects.get(action="do_not_call.removed")
    assert (event.actor, event.detail["reason"], event.detail["was_reason"]) == (manager, "Called us back", "Asked")


def test_export_is_whole_and_no_formula(manager: User) -> None:
    forbid(MARYAM, reason='=HYPERLINK("x")', source=Source.PERSON)
    forbid("+919876543210", reason="ok", source=Source.AUTHORITY)
    rows = list(csv.reader(io.StringIO("".join(export_entries(manager, shows_numbers=True)).lstrip("\ufeff"))))
    assert [row[:2] for row in rows[1:]] == [["+919876543210", "ok"], [MARYAM, '\'=HYPERLINK("x")']]


# It holds from its commit


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_wish_holds_from_its_commit_and_not_before(for_threads: None, is_kept: bool) -> None:
    leased = LeasedProvider()
    call = leased.call()
    ids = reservation.reserve(leased.provider.pk, leased.token, 100, timezone.now())
    asks, passed = threading.Event(), []

    def commit_point() -> None:
        asks.set()
        try:
            passed.append(commit_calls(leased.provider.pk, leased.token, ids, 10, DatabaseClock()))
        finally:
            connections.close_all()

    other = threading.Thread(target=commit_point)
    try:
        with transaction.atomic():
            forbid(call.to_number, reason="Asked us", source=Source.PERSON)
            other.start()
            assert asks.wait(A_MINUTE)
            # The commit point cannot pass while a wish is being written: it waits for its end.
            other.join(0.5)
            assert other.is_alive()
            transaction.set_rollback(not is_kept)
    finally:
        other.join(A_MINUTE)
    call.refresh_from_db()
    assert call.status == (CallStatus.SKIPPED if is_kept else CallStatus.PLACING)
    assert len(passed[0].committed) == (0 if is_kept else 1)


# Screens


def post(client: Client, page: str, /, *arguments: Any, **data: Any) -> Any:
    return client.post(reverse(page, args=arguments), data, follow=True)


def test_add_in_any_form_and_say_what_happened(client: Client, caller: User) -> None:
    client.force_login(caller)
    make_call(to_number=MARYAM)
    page = post(client, "do-not-call-add", phone="۰۹۱۲ ۱۲۳ ۴۵۶۷", reason="Asked", source="person")
    assert "1 waiting call was cancelled" in page.content.decode()
    entry = DoNotCall.objects.get()
    assert (entry.phone, entry.added_by, entry.expires_at) == (MARYAM, caller, None)
    page = post(client, "do-not-call-add", phone="12", reason="Asked", source="person")
    assert page.status_code == 422
    assert "digits are missing" in page.content.decode()
    yesterday = timezone.localdate() - datetime.timedelta(days=1)
    page = post(client, "do-not-call-add", phone="09131234567", reason="x", source="person", until=yesterday)
    assert "This day has passed" in page.content.decode()
    post(client, "do-not-call-add", phone="09131234567", reason="x", source="person", until=timezone.localdate())
    assert DoNotCall.objects.in_force().count() == 2


def test_who_may_do_what(client: Client, caller: User, manager: User, admin_person: User) -> None:
    forbid(MARYAM, reason="Asked", source=Source.PERSON)
    entry = DoNotCall.objects.get()
    client.force_login(caller)
    assert client.get(reverse("do-not-call")).status_code == 200
    assert client.get(reverse("do-not-call-export")).status_code == 403
    assert post(client, "do-not-call-remove", entry.pk, reason="x").status_code == 403
    client.force_login(admin_person)
    assert client.get(reverse("do-not-call")).status_code == 200
    client.force_login(manager)
    answer = client.get(reverse("do-not-call-export"))
    assert MARYAM in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert AuditEvent.objects.filter(action="do_not_call.exported", actor=manager).exists()
    assert "Enter a reason" in post(client, "do-not-call-remove", entry.pk, reason="").content.decode()
    assert "can be called again" in post(client, "do-not-call-remove", entry.pk, reason="Came back").content.decode()
    assert not DoNotCall.objects.exists()


def test_the_list_is_found_by_number_or_reason_in_constant_queries(
    client: Client, manager: User, django_assert_max_num_queries: Any
) -> None:
    forbid_many([f"+98912000{n:04d}" for n in range(60)], reason="Old list", source=Source.IMPORT, person=manager)
    forbid(MARYAM, reason="Asked twice", source=Source.PERSON)
    client.force_login(manager)
    with django_assert_max_num_queries(of_a_page(12)):
        page = client.get(reverse("do-not-call"))
    assert page.content.decode().count('data-label="Reason"') == 50
    for text in ("0912 123 4567", "asked TWICE", "۱۲۳۴۵۶"):
        page = client.get(reverse("do-not-call"), {"q": text})
        assert page.content.decode().count('data-label="Reason"') == 1, text


def test_opt_out_on_the_page_of_a_person(client: Client, caller: User) -> None:
    contact = make_contact(phone=MARYAM)
    client.force_login(caller)
    page = post(client, "person-forbid", contact.pk, reason="Do not ring me").content.decode()
    assert "Will not be called" in page
    assert "Do not ring me" in page
    assert "added by sara" in page
