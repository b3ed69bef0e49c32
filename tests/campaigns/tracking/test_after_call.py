"""What the end of a call leads to: whoever talked is not rung again by the campaign's own retries."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from campaigns.models import Call, Campaign
from campaigns.rules import RANK
from campaigns.tracking import call_updates
from providers.types import CallSnapshot, CallStatus
from tests.conftest import make_call, make_campaign, make_contact

RETRIES = {"failed": [30], "busy": [10], "no_answer": [60], "canceled": [30]}
"""Minutes before each further attempt, by ending."""


def live_call() -> Call:
    """Make a call of a running campaign that the vendor has, and that its rules would repeat after any bad end."""
    campaign = make_campaign(retries=RETRIES, max_attempts=3)
    Campaign.objects.filter(pk=campaign.pk).update(status="running", is_filled=True)
    return make_call(
        campaign=campaign, contact=make_contact(), status="in_progress", rank=RANK[CallStatus.IN_PROGRESS],
        placing_at=timezone.now(), remote_id="call-1",
    )  # fmt: skip


def hear(call: Call, status: str, **fields: object) -> None:
    """Let a poll tell of the call."""
    news = CallSnapshot(remote_id="call-1", status=CallStatus(status), raw_status=status, **fields)  # type: ignore[arg-type]
    call_updates.merge_news({call.pk: news}, source="poll", now=timezone.now() + datetime.timedelta(minutes=1))


def planned(call: Call) -> list[str]:
    """Return where the person's further attempts stand."""
    return list(Call.objects.filter(campaign=call.campaign, attempt=2).values_list("status", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("status", "fields", "then"),
    [
        ("failed", {}, ["pending"]),
        ("failed", {"talk_seconds": 0}, ["pending"]),
        ("failed", {"talk_seconds": 40}, []),
        ("canceled", {"talk_seconds": 12}, []),
        ("failed", {"talk_seconds": 9, "answered_by": "machine"}, ["pending"]),
        # The vendor says that nobody took the call: what it counts is the ringing.
        ("busy", {"talk_seconds": 3}, ["pending"]),
        ("no_answer", {"talk_seconds": 25}, ["pending"]),
        ("completed", {"talk_seconds": 40}, []),
    ],
)
def test_a_retry_is_planned_only_where_nobody_talked(status: str, fields: dict[str, object], then: list[str]) -> None:
    call = live_call()
    hear(call, status, **fields)
    assert planned(call) == then
    is_talk = status in {"failed", "canceled"} and then == []
    assert call.events.filter(code="no_retry_talked").exists() is is_talk


@pytest.mark.django_db
def test_a_talk_that_is_told_late_calls_the_next_attempt_off() -> None:
    call = live_call()
    hear(call, "failed")
    assert planned(call) == ["pending"]
    hear(call, "failed", talk_seconds=40)
    assert planned(call) == ["skipped"]
    again = Call.objects.get(campaign=call.campaign, attempt=2)
    assert again.skip_reason == "not_needed"


@pytest.mark.django_db
def test_seconds_that_are_told_late_of_a_busy_line_change_nothing() -> None:
    call = live_call()
    hear(call, "busy")
    hear(call, "busy", talk_seconds=4)
    assert planned(call) == ["pending"]
