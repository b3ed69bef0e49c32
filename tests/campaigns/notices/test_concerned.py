"""Notices reach who holds a right to them and what they are about; a mail names nothing out of its reader's reach."""

from __future__ import annotations

import datetime

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from callcenter.access.models import Membership, Team
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from campaigns.models import Alert
from campaigns.notices import alerts, deliveries
from providers.types import CallStatus
from tests.conftest import make_call, make_campaign, make_person, make_provider

pytestmark = pytest.mark.django_db
HOUR = datetime.timedelta(hours=1)


def member(role: str, name: str, team: Team | None) -> User:
    found = make_person(role, username=name, email=f"{name}@example.org")
    if team is not None:
        Membership.objects.create(user=found, team=team)
    return found


def test_each_hears_of_what_is_within_reach_and_admins_of_all() -> None:
    now = timezone.now()
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    member(MANAGER, "reza", ours)
    member(MANAGER, "omid", theirs)
    member(ADMIN, "admin", None)
    for team, word in ((ours, "Blue"), (theirs, "Red")):
        halt = {"halted_at": now, "halted_reason": "dead"}
        make_provider(name=f"{word} account", team=team, **halt)
        paused = make_campaign(name=f"{word} people", team=team, status="paused", paused_by_system=True)
        make_call(campaign=paused, team=team, status=CallStatus.UNKNOWN, placing_at=now - 2 * HOUR)
        capped = member(CALLER, f"{word.lower()}_caller", team)
        Alert.objects.create(kind=Alert.Kind.EXPORTS_CAPPED, object_type="user", object_id=capped.pk, raised_at=now)
    make_provider(name="Everybody's account", halted_at=now, halted_reason="dead")
    Alert.objects.create(kind=Alert.Kind.WORKER_SILENT, object_type="worker", object_id=0, raised_at=now)
    alerts._raise(now)
    assert alerts._tell(now) == Alert.objects.count()
    deliveries.send(now)
    by_reader = {tuple(letter.to): str(letter.body) for letter in mail.outbox}
    assert set(by_reader) == {("reza@example.org",), ("omid@example.org",), ("admin@example.org",)}
    for reader, sees, not_seen in (("reza", "Blue", "Red"), ("omid", "Red", "Blue")):
        body = by_reader[(f"{reader}@example.org",)]
        for named in (f"{sees} account", f"{sees} people", "Everybody's account", f"{sees.lower()}_caller"):
            assert named in body
        assert "No background worker is running" in body
        assert not_seen not in body
        assert not_seen.lower() not in body
    assert {word for word in ("Blue", "Red") if word in by_reader[("admin@example.org",)]} == {"Blue", "Red"}


def test_what_nobody_may_see_waits_and_holds_up_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    member(MANAGER, "reza", ours)
    monkeypatch.setattr(alerts, "ALERTS_A_RUN", 1)
    for team in (theirs, ours):
        make_provider(team=team, halted_at=now, halted_reason="dead")
    for minutes in range(0, 30, 6):
        alerts.alert(now + datetime.timedelta(minutes=minutes))
    deliveries.send(now + HOUR)
    (waiting,) = Alert.objects.filter(sent_at__isnull=True)
    assert [letter.to for letter in mail.outbox] == [["reza@example.org"]]
    member(ADMIN, "admin", None)
    assert alerts.alert(now + HOUR) == 1
    waiting.refresh_from_db()
    assert waiting.sent_at is not None


def test_two_accounts_of_one_address_get_one_mail() -> None:
    now = timezone.now()
    ours, theirs = Team.objects.create(name="Ours"), Team.objects.create(name="Theirs")
    for name, team in (("reza", ours), ("reza2", theirs)):
        User.objects.filter(pk=member(MANAGER, name, team).pk).update(email="reza@example.org")
    for team in (ours, theirs, None):
        make_provider(name=f"Account of {team}", team=team, halted_at=now, halted_reason="dead")
    assert alerts.alert(now) == 3
    assert deliveries.send(now) == 1
    (letter,) = mail.outbox
    assert letter.to == ["reza@example.org"]
    assert [str(letter.body).count(f"Account of {team}") for team in (ours, theirs, None)] == [1, 1, 1]
