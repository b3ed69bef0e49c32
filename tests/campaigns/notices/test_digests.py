"""Digests come once a period at the chosen hour there, with results of what their reader may see, also in Persian."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Mapping
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.access import clock
from callcenter.access.models import Membership, Team
from callcenter.access.rights import CALLER, MANAGER
from campaigns.models import Answer, Campaign, Digest, NoticeSettings, Question
from campaigns.notices import deliveries, digests
from tests.answers import text_of
from tests.conftest import make_call, make_campaign, make_contact, make_person

pytestmark = pytest.mark.django_db
TEHRAN = zoneinfo.ZoneInfo("Asia/Tehran")
MORNING = datetime.datetime(2026, 3, 11, 8, 0, tzinfo=TEHRAN)
"""A Wednesday, 20 Esfand 1404."""
HOUR = datetime.timedelta(hours=1)
DAY = datetime.timedelta(days=1)


def reader(role: str = MANAGER, team: Team | None = None, **chosen: Any) -> User:
    person = make_person(role, email=f"{role.lower()}@example.org")
    clock.choose_zone(person, "Asia/Tehran")
    if team is not None:
        Membership.objects.create(user=person, team=team)
    NoticeSettings.objects.create(user=person, **({"daily_digest": True, "digest_hour": 8} | chosen))
    return person


def called(name: str, team: Team | None = None, at: datetime.datetime = MORNING - DAY) -> Campaign:
    campaign = make_campaign(name=name, team=team, status="running")
    question = Question.objects.create(campaign=campaign, name="confirmed", kind="yes_no", goal="yes")
    for talked in (True, False):
        fields: Mapping[str, Any] = {"status": "completed", "talk_seconds": 90} if talked else {"status": "no_answer"}
        call = make_call(
            campaign=campaign, team=team, contact=make_contact(), placing_at=at, provider=campaign.provider, **fields
        )
        if talked:
            Answer.objects.create(question=question, call=call, key="yes", certainty="exact", raw="yes")
    return campaign


def sent(now: datetime.datetime) -> int:
    digests.plan(now)
    return digests.send(now)


def test_it_comes_once_a_day_at_the_readers_hour() -> None:
    reader()
    called("Appointments")
    assert sent(MORNING - HOUR / 60) == 0
    assert sent(MORNING) == 1
    assert [sent(MORNING + n * HOUR) for n in range(1, 30, 4)].count(1) == 1, "the next morning"
    assert Digest.objects.filter(sent_at=None).count() == 0
    text = str(mail.outbox[0].body)
    assert "All calls: 2 calls, 1 answered, answer rate 50" in text
    assert "Talk time: 1:30" in text
    assert "goal reached: 1 (100" in text


def test_a_weekly_one_comes_on_its_day_alone() -> None:
    reader(daily_digest=False, weekly_digest=True, digest_weekday=4)
    called("Appointments")
    assert [sent(MORNING + n * DAY) for n in range(9)] == [0, 0, 1, 0, 0, 0, 0, 0, 0]
    assert "All calls: 2 calls" in mail.outbox[0].body


def test_each_reads_only_of_what_they_may_see() -> None:
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    reader(team=ours)
    called("Blue people", ours)
    called("Red people", theirs)
    assert sent(MORNING) == 1
    text = str(mail.outbox[0].body)
    assert "Blue people" in text
    assert "Red people" not in text
    assert "All calls: 2 calls" in text


def test_nobody_gets_one_without_the_right_or_an_account() -> None:
    person = reader()
    person.groups.clear()
    assert sent(MORNING) == 0
    User.objects.filter(pk=reader(CALLER).pk).update(is_active=False)
    assert sent(MORNING) == 0
    assert mail.outbox == []


def test_a_death_between_sending_and_noting_sends_it_again_under_the_same_name(monkeypatch: pytest.MonkeyPatch) -> None:
    reader()
    real = deliveries.post

    class Killed(BaseException):
        """Ends the process, as far as the code can tell."""

    def kill(*args: Any) -> None:
        real(*args)
        raise Killed

    monkeypatch.setattr(deliveries, "post", kill)
    with pytest.raises(Killed):
        sent(MORNING)
    monkeypatch.setattr(deliveries, "post", real)
    assert [sent(MORNING + n * HOUR / 6) for n in range(1, 7)] == [1, 0, 0, 0, 0, 0]
    first, again = (letter.extra_headers["Message-ID"] for letter in mail.outbox)
    assert first == again


def test_one_that_fails_for_half_a_day_is_left_to_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: Any) -> None:
        raise ConnectionRefusedError

    reader()
    with monkeypatch.context() as broken:
        broken.setattr(deliveries, "post", refuse)
        assert [sent(MORNING + n * HOUR) for n in range(0, 48, 6)] == [0] * 8
    assert Digest.objects.filter(ended_at=None).count() <= 1


def test_it_is_in_persian_with_persian_dates_and_digits() -> None:
    reader(language="fa")
    called("Appointments")
    assert sent(MORNING) == 1
    text = mail.outbox[0].subject + str(mail.outbox[0].body)
    assert "۱۹ اسفند" in text
    assert "۲" in text
    assert "answered" not in text


def test_the_preview_shows_what_the_mail_would_say(client: Client, manager: User) -> None:
    at = timezone.now() - DAY
    called("Appointments", at=at)
    client.force_login(manager)
    page = text_of(client.get(reverse("digest-preview", args=["weekly"])))
    assert "Appointments" in page
    assert "goal reached: 1" in page
    assert client.get(reverse("digest-preview", args=["yearly"])).status_code == 404
