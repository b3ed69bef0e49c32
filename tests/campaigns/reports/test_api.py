"""The report for programs: the figures of its page."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.contrib.auth.models import User

from providers.types import CallStatus
from tests.conftest import make_call, make_campaign, make_contact, make_person
from tests.programs import EVERYTHING, Program

pytestmark = pytest.mark.django_db

NOON = datetime.datetime(2026, 11, 16, 12, 0, tzinfo=datetime.UTC)
SPAN = "since=2026-11-10&until=2026-11-20"


def test_it_counts_in_all_by_campaign_by_provider_and_by_day(manager: User) -> None:
    campaign = make_campaign(name="Spring", owner=manager)
    told = {"cost": Decimal("0.25"), "currency": "USD"}
    for place, status in enumerate((CallStatus.COMPLETED, CallStatus.COMPLETED, CallStatus.NO_ANSWER)):
        talked = {"talk_seconds": 30, **told} if status == CallStatus.COMPLETED else {}
        at = NOON + datetime.timedelta(days=place)
        make_call(campaign=campaign, contact=make_contact(), owner=manager, status=status, placing_at=at, **talked)
    single = make_call(owner=manager, status=CallStatus.BUSY, placing_at=NOON)
    make_call(owner=manager, status=CallStatus.BUSY, placing_at=NOON - datetime.timedelta(days=30))
    program = Program(manager)
    said = program.get(f"/reports/calls?{SPAN}").json()
    total = said["total"]
    assert (total["sent"], total["talked"], total["ended"], total["answer_rate"]) == (4, 2, 4, 50.0)
    assert total["costs"] == [
        {"currency": "USD", "amount": "0.5000", "estimated": "0.0000", "per_conversation": "0.2500"}
    ]
    assert [(one["id"], one["sent"]) for one in said["campaigns"]] == [(campaign.pk, 3), (None, 1)]
    assert {one["id"] for one in said["providers"]} == {campaign.provider_id, single.provider_id}
    assert [(one["day"], one["sent"]) for one in said["days"]] == [
        ("2026-11-16", 2), ("2026-11-17", 1), ("2026-11-18", 1),
    ]  # fmt: skip
    assert program.get(f"/reports/calls?{SPAN}&campaign={campaign.pk}").json()["total"]["sent"] == 3


def test_it_is_of_ones_reach_and_right(caller: User, manager: User) -> None:
    make_call(owner=make_person(), status=CallStatus.BUSY, placing_at=NOON)
    assert Program(caller).get(f"/reports/calls?{SPAN}").status_code == 403
    assert Program(manager, scopes=EVERYTHING - {"reports"}).get(f"/reports/calls?{SPAN}").status_code == 403
    wrong = Program(manager).get("/reports/calls?since=2026-11-20&until=2026-11-10")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "until")
