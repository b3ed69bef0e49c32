"""Messages leave once, many in one, not in quiet hours, as chosen, in the reader's language; after failures too."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from callcenter.access import clock
from callcenter.access.models import Membership, Team
from callcenter.access.rights import MANAGER
from campaigns.models import Campaign, Notice, NoticeDelivery, NoticeSettings
from campaigns.notices import alerts, deliveries, inbox
from campaigns.notices.concerned import Cause
from tests.conftest import make_campaign, make_person, make_provider

pytestmark = pytest.mark.django_db
MINUTE = datetime.timedelta(minutes=1)
NIGHT = datetime.datetime(2026, 3, 10, 23, 30, tzinfo=datetime.UTC)


@pytest.fixture
def reza() -> User:
    return make_person(MANAGER, email="reza@example.org")


def halt(number: int, now: datetime.datetime) -> None:
    for n in range(number):
        make_provider(name=f"Account {n}", halted_at=now, halted_reason="dead")


def finished(owner: User, now: datetime.datetime, key: str = "finished:1") -> Campaign:
    campaign = make_campaign(owner=owner)
    cause = Cause(kind="campaign_finished", object_type="campaign", object_id=campaign.pk, key=key)
    inbox.tell([cause], now)
    return campaign


def test_a_storm_of_fifty_is_one_mail(reza: User) -> None:
    now = timezone.now()
    halt(50, now)
    assert alerts.alert(now) == 50
    assert deliveries.send(now) == 1
    assert str(mail.outbox[0].body).count("is paused") == 50
    assert inbox.unread(reza) == 50
    assert deliveries.send(now + 60 * MINUTE) == 0


def test_one_by_one_is_a_few_mails_an_hour_and_then_one_with_the_rest(reza: User) -> None:
    now = timezone.now()
    for n in range(12):
        finished(reza, now + n * MINUTE, key=f"finished:{n}")
        deliveries.send(now + n * MINUTE)
    assert len(mail.outbox) == deliveries.MESSAGES_AN_HOUR
    deliveries.send(now + 62 * MINUTE)
    assert len(mail.outbox) == deliveries.MESSAGES_AN_HOUR + 1
    assert str(mail.outbox[-1].body).count("is finished") == 6


def test_what_is_urgent_is_sent_beyond_the_few_an_hour(reza: User) -> None:
    now = timezone.now()
    for n in range(deliveries.MESSAGES_AN_HOUR + 1):
        finished(reza, now, key=f"finished:{n}")
        deliveries.send(now)
    assert len(mail.outbox) == deliveries.MESSAGES_AN_HOUR
    halt(1, now)
    alerts.alert(now)
    assert deliveries.send(now) == 1
    assert "is paused" in mail.outbox[-1].body


def test_after_a_death_between_sending_and_noting_the_same_message_leaves_again(
    reza: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At least once: the repeated mail holds the same notices under the same Message-ID, and later ones another."""
    now = timezone.now()
    finished(reza, now)
    real = deliveries.post

    class Killed(BaseException):
        """Ends the process, as far as the code can tell."""

    def kill(*args: Any) -> None:
        real(*args)
        raise Killed

    monkeypatch.setattr(deliveries, "post", kill)
    with pytest.raises(Killed):
        deliveries.send(now)
    monkeypatch.setattr(deliveries, "post", real)
    finished(reza, now + MINUTE, key="finished:2")
    assert deliveries.send(now + MINUTE) == 1, "the other leaves meanwhile"
    assert deliveries.send(now + 10 * MINUTE) == 1
    assert deliveries.send(now + 90 * MINUTE) == 0
    names = [letter.extra_headers["Message-ID"] for letter in mail.outbox]
    assert names[0] == names[2] != names[1]
    assert mail.outbox[0].body == mail.outbox[2].body


def test_a_mail_that_cannot_leave_is_given_up_after_days(reza: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any) -> None:
        raise ConnectionRefusedError

    now = timezone.now()
    finished(reza, now)
    monkeypatch.setattr(deliveries, "post", refuse)
    for hours in range(0, 80, 2):
        deliveries.send(now + datetime.timedelta(hours=hours))
    assert NoticeDelivery.objects.get(channel="mail").ended_at is not None
    assert Notice.objects.get().read_at is None, "the inbox still says it"


def test_what_a_user_switched_off_stands_in_the_inbox_alone(reza: User) -> None:
    now = timezone.now()
    NoticeSettings.objects.create(user=reza, choices={"mail": {"campaign_finished": False}})
    finished(reza, now)
    assert deliveries.send(now) == 0
    assert inbox.unread(reza) == 1


@pytest.mark.parametrize(("kind", "waits"), [("campaign_finished", True), ("provider_halted", False)])
def test_quiet_hours_are_on_the_readers_clock_and_not_for_what_is_urgent(reza: User, kind: str, waits: bool) -> None:
    clock.choose_zone(reza, "Asia/Tehran")
    times = {"quiet_start": datetime.time(22), "quiet_end": datetime.time(7, 30)}
    NoticeSettings.objects.create(user=reza, **times)
    if kind == "provider_halted":
        halt(1, NIGHT)
        alerts.alert(NIGHT)
    else:
        finished(reza, NIGHT)
    # 23:30 UTC is 03:00 in Tehran; 07:30 there is 04:00 UTC.
    assert deliveries.send(NIGHT) == (not waits)
    assert deliveries.send(NIGHT + datetime.timedelta(hours=4, minutes=29)) == 0
    assert deliveries.send(NIGHT + datetime.timedelta(hours=4, minutes=30)) == waits


def test_a_mail_is_in_its_readers_language(reza: User) -> None:
    now = timezone.now()
    NoticeSettings.objects.create(user=reza, language="fa")
    finished(reza, now)
    deliveries.send(now)
    assert "کمپین" in str(mail.outbox[0].body)


def test_who_no_longer_reaches_it_gets_no_mail_and_reads_nothing_of_it(reza: User) -> None:
    now = timezone.now()
    campaign = finished(reza, now)
    Campaign.objects.filter(pk=campaign.pk).update(owner=make_person(MANAGER), team=Team.objects.create(name="Theirs"))
    Membership.objects.create(user=reza, team=Team.objects.create(name="Ours"))
    assert deliveries.send(now) == 0
    assert mail.outbox == []
    assert NoticeDelivery.objects.get(channel="mail").ended_at is not None


def test_who_left_gets_no_mail(reza: User) -> None:
    now = timezone.now()
    finished(reza, now)
    User.objects.update(is_active=False)
    assert deliveries.send(now) == 0
