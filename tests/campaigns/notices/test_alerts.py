"""Alerts: raised and told once, to those who can act; ended when over; a mail server that fails is tried again."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone
from pytest_django import Settings

from campaigns import minute_job
from campaigns.core import hosts
from campaigns.launch import lifecycle
from campaigns.models import Alert, Call, Campaign, Notice, NoticeDelivery, WorkerHost
from campaigns.notices import alerts, deliveries, inbox
from providers.models import Provider
from providers.types import CallStatus
from tests.conftest import make_call, make_campaign, make_person, make_provider

NOW = timezone.now()
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture
def people(db: None, settings: Settings) -> list[User]:
    settings.PUBLIC_URL = "https://console.example.org"
    return [
        make_person("Managers", email="reza@example.org"),
        make_person("Admins", email="admin@example.org"),
        make_person("Admins"),
        make_person("Managers", email="left@example.org", is_active=False),
        make_person("Callers", email="sara@example.org"),
    ]


def halted(**fields: Any) -> Provider:
    return make_provider(
        name="Main account", halted_at=NOW, halted_reason="vendor said: key sk_live_123", last_error_at=NOW,
        last_error_kind="AuthenticationFailed", **fields,
    )  # fmt: skip


def unknown(minutes: int = 61, **fields: Any) -> Call:
    return make_call(status=CallStatus.UNKNOWN, placing_at=NOW - minutes * MINUTE, **fields)


def told(now: datetime.datetime) -> int:
    """Raise and tell what is due, send it, and return of how many alerts somebody was told."""
    found = alerts.alert(now)
    deliveries.send(now)
    return found


def addresses() -> list[list[str]]:
    return [letter.to for letter in mail.outbox]


def test_each_of_the_three_reaches_those_who_can_act_once(people: list[User]) -> None:
    provider = halted()
    campaign = make_campaign(
        name="Appointments", status="paused", paused_by_system=True, paused_reason="The budget is spent."
    )
    call = unknown(to_number="+989121234567")
    assert minute_job.sweep()["alerts"] == 3
    assert sorted(addresses()) == [["admin@example.org"], ["reza@example.org"]]
    for letter in mail.outbox:
        assert letter.subject == "Callcenter: 3 items need attention"
    text = str(mail.outbox[0].body)
    assert text == str(mail.outbox[1].body)
    for page in (f"/providers/{provider.pk}/", f"/campaigns/{campaign.pk}/", f"/calls/{call.pk}/"):
        assert f"https://console.example.org{page}" in text
    assert "The budget is spent." in text
    assert "…4567" in text
    for secret in ("989121234567", "9121234567", "sk_live", "sandbox_bolna_key"):
        assert secret not in text
    for n in range(1, 30):
        assert told(NOW + n * MINUTE) == 0
    assert len(mail.outbox) == 2
    # Who has no address finds them in the inbox, and a caller nothing.
    assert list(Notice.objects.values_list("user", flat=True).order_by("user").distinct()) == sorted(
        one.pk for one in people[:3]
    )


def test_superusers_get_alerts_without_a_role_and_nobody_twice(people: list[User]) -> None:
    User.objects.create_superuser("root", "root@example.org", "a-long-password-1")
    User.objects.create_superuser("gone", "gone@example.org", "a-long-password-1", is_active=False)
    User.objects.filter(email="reza@example.org").update(is_superuser=True)
    halted()
    assert told(NOW) == 1
    assert sorted(addresses()) == [["admin@example.org"], ["reza@example.org"], ["root@example.org"]]


def test_what_is_not_yet_or_not_by_the_system_is_not_told(people: list[User]) -> None:
    unknown(minutes=59)
    make_campaign(status="paused", paused_reason="Lunch")
    halted(is_active=False)
    make_call(status=CallStatus.COMPLETED, placing_at=NOW - 90 * MINUTE)
    assert told(NOW) == 0
    assert mail.outbox == []
    assert not Alert.objects.exists()


def test_it_is_cleared_when_it_is_over_and_told_again_when_it_comes_back(people: list[User]) -> None:
    provider, campaign, call = halted(), make_campaign(status="paused", paused_by_system=True), unknown()
    told(NOW)
    assert inbox.unread(people[0]) == 3
    Provider.objects.update(halted_at=None)
    Campaign.objects.filter(pk=campaign.pk).update(status="running", paused_by_system=False)
    Call.objects.filter(pk=call.pk).update(status=CallStatus.COMPLETED)
    told(NOW + MINUTE)
    assert not Alert.objects.filter(cleared_at__isnull=True).exists()
    assert inbox.unread(people[0]) == 0
    Provider.objects.filter(pk=provider.pk).update(halted_at=NOW)
    assert told(NOW + 2 * MINUTE) == 1
    assert inbox.unread(people[0]) == 1
    assert mail.outbox[2].subject == "Callcenter: A provider is paused"
    assert Alert.objects.filter(kind="provider_halted").count() == 2


def test_a_failing_mail_server_is_logged_and_tried_again_later(
    people: list[User], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_args: Any) -> int:
        raise ConnectionRefusedError("smtp://user:password@host")

    halted()
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refuse)
        assert minute_job.sweep()["messages"] == 0
    assert "the mail server failed: ConnectionRefusedError" in caplog.text
    assert "password" not in caplog.text
    started = Alert.objects.get().raised_at
    assert (told(started + MINUTE), len(addresses())) == (0, 1), "the second mail had not been tried"
    told(started + 6 * MINUTE)
    assert sorted(addresses()) == [["admin@example.org"], ["reza@example.org"]]


def test_what_is_over_before_the_mail_server_works_is_not_sent(people: list[User]) -> None:
    provider = halted()
    User.objects.update(email="")
    told(NOW)
    Provider.objects.filter(pk=provider.pk).update(halted_at=None)
    people[0].email = "reza@example.org"
    people[0].save()
    told(NOW + 6 * MINUTE)
    assert mail.outbox == []
    assert not NoticeDelivery.objects.filter(ended_at=None).exists()


def test_nothing_that_goes_wrong_breaks_the_sweep(people: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alerts, "_raise", lambda now: 1 / 0)
    assert minute_job.sweep()["alerts"] == 0


def test_two_sweeps_at_once_tell_and_send_once(people: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    halted()
    tell, post = inbox.tell, deliveries.post
    between: list[int] = []

    def slow(*args: Any) -> Any:
        monkeypatch.setattr(inbox, "tell", tell)
        between.append(alerts.alert(NOW))
        return tell(*args)

    def slowly(*args: Any) -> None:
        between.append(deliveries.send(NOW))
        post(*args)

    monkeypatch.setattr(inbox, "tell", slow)
    assert alerts.alert(NOW) == 1
    monkeypatch.setattr(deliveries, "post", slowly)
    deliveries.send(NOW)
    assert between[0] == 0
    assert sorted(addresses()) == [["admin@example.org"], ["reza@example.org"]]


def test_many_unknown_calls_are_one_letter_that_names_some(people: list[User]) -> None:
    for _number in range(13):
        unknown()
    assert told(NOW) == 13
    letter = mail.outbox[0]
    assert len(mail.outbox) == 2
    assert str(letter.body).count("- call ") == 10
    assert "13 calls" in letter.body
    assert "/decisions/?kind=unknown" in letter.body


def test_the_database_keeps_an_alert_single_while_it_lasts(db: None) -> None:
    fields: dict[str, Any] = {"kind": "call_unknown", "object_type": "call", "object_id": 1, "raised_at": NOW}
    Alert.objects.create(**fields, cleared_at=NOW)
    Alert.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Alert.objects.create(**fields)


def test_a_campaign_that_pauses_itself_again_right_after_a_resume_is_told_again(
    people: list[User], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaigns.queue.nudge_dispatch", lambda: None)
    campaign = make_campaign(status="running", is_filled=True)
    lifecycle.pause_by_system(campaign.pk, "3 of the last 6 calls failed within two minutes.")
    assert told(timezone.now()) == 1
    lifecycle.resume(campaign.pk, people[0])
    lifecycle.pause_by_system(campaign.pk, "4 of the last 7 calls failed within two minutes.")
    assert told(timezone.now()) == 1
    assert told(timezone.now()) == 0
    assert ["3 of" in str(mail.outbox[0].body), "4 of" in str(mail.outbox[2].body)] == [True, True]


# A worker that is silent, told by the web process


def silent(seconds: float) -> None:
    hosts.begin("north")
    WorkerHost.objects.update(beat_at=timezone.now() - datetime.timedelta(seconds=seconds))


def test_a_silent_worker_is_told_once_an_incident(people: list[User]) -> None:
    silent(alerts.SILENT_FOR + 1)
    now = timezone.now()
    assert [alerts.tell_of_silence(now + n * MINUTE) for n in range(4)] == [2, 0, 0, 0]
    letter = mail.outbox[0]
    assert letter.subject == "Callcenter: No background worker is running"
    assert sorted(addresses()) == [["admin@example.org"], ["reza@example.org"]]
    assert "manage.py worker" in str(letter.body)
    # It comes and goes: that is one incident.
    WorkerHost.objects.update(beat_at=timezone.now())
    assert alerts.tell_of_silence(now + 5 * MINUTE) == 0
    silent(alerts.SILENT_FOR + 1)
    assert alerts.tell_of_silence(now + 6 * MINUTE) == 0
    # It is back for good; the next silence is another incident.
    WorkerHost.objects.update(beat_at=timezone.now())
    assert alerts.tell_of_silence(now + 15 * MINUTE) == 0
    silent(alerts.SILENT_FOR + 1)
    assert alerts.tell_of_silence(now + 16 * MINUTE) == 2
    assert len(mail.outbox) == 4


@pytest.mark.parametrize("seconds", [0, hosts.SILENT_SECONDS + 1, None])
def test_neither_a_short_silence_nor_a_new_installation_is_told(people: list[User], seconds: float | None) -> None:
    if seconds is not None:
        silent(seconds)
    assert alerts.tell_of_silence(timezone.now()) == 0
    assert not Alert.objects.exists()


def test_two_web_processes_tell_once(people: list[User], monkeypatch: pytest.MonkeyPatch) -> None:
    """Both see the silence before either has written: the row is raised once, and claimed by one of them."""
    silent(alerts.SILENT_FOR + 1)
    now = timezone.now()
    real = alerts._tell

    def both(at: datetime.datetime) -> int:
        monkeypatch.setattr(alerts, "_tell", real)
        return alerts.tell_of_silence(at) + real(at)

    monkeypatch.setattr(alerts, "_tell", both)
    alerts.tell_of_silence(now)
    assert Alert.objects.count() == 1
    assert sorted(addresses()) == [["admin@example.org"], ["reza@example.org"]]


def test_what_was_not_sent_before_the_worker_was_back_is_not_sent(people: list[User]) -> None:
    User.objects.update(email="")
    silent(alerts.SILENT_FOR + 1)
    assert alerts.tell_of_silence(timezone.now()) == 0
    User.objects.filter(pk=people[0].pk).update(email="reza@example.org")
    # The worker itself runs this.
    told(timezone.now() + 10 * MINUTE)
    assert mail.outbox == []


def test_a_database_that_is_away_is_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def refuse() -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(hosts, "standing", refuse)
    assert alerts.tell_of_silence(NOW) == 0
    assert "could not be told" in caplog.text
