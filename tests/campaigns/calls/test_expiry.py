"""Single calls that wait too long end, also where no commit point is reached."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from campaigns import minute_job
from campaigns.calls import expiry
from campaigns.models import Call
from campaigns.tracking import restore_guard
from tests.conftest import make_call, make_campaign, make_provider

pytestmark = pytest.mark.django_db

MINUTE = datetime.timedelta(minutes=1)


def test_a_call_through_a_halted_provider_ends_with_its_reason(
    monkeypatch: pytest.MonkeyPatch, nudges: list[str]
) -> None:
    now = timezone.now()
    halted = make_provider(halted_at=now)
    old = make_call(provider=halted, expires_at=now - MINUTE)
    young = make_call(provider=halted, expires_at=now + MINUTE)
    of_campaign = make_call(campaign=make_campaign(provider=halted))
    monkeypatch.setattr(restore_guard, "watch", lambda: None)
    assert minute_job.sweep()["expired"] == 1
    states = dict(Call.objects.values_list("pk", "status"))
    assert states == {old.pk: "skipped", young.pk: "pending", of_campaign.pk: "pending"}
    old.refresh_from_db()
    assert old.skip_reason == "expired"
    assert [(event.code, event.detail) for event in old.events.all()] == [
        ("skipped", "Not called: it waited too long and may no longer be wanted.")
    ]


def test_an_order_on_its_way_does_not_expire() -> None:
    now = timezone.now()
    make_call(status="placing", rank=10, placing_at=now, expires_at=now - MINUTE)
    assert expiry.skip_expired(now) == 0
