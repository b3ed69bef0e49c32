"""What the end of a call leads to: whoever talked is not rung again by the campaign's own retries."""

from __future__ import annotations

import datetime
import zoneinfo

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns.core import explanations
from campaigns.models import Call, Campaign, HandOver
from campaigns.rules import RANK
from campaigns.tracking import call_updates
from providers.models import Provider
from providers.types import CallSnapshot, CallStatus, FailureReason
from tests.conftest import make_call, make_campaign, make_contact

RETRIES = {"failed": [30], "busy": [10], "no_answer": [60], "silent": [20], "canceled": [30]}
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
        # A fault of the account is nobody's attempt: another call follows, which does not count.
        ("failed", {"failure_reason": "balance_low"}, ["pending"]),
        # What says nothing of the person's line is no failure on the line.
        ("failed", {"failure_reason": "invalid_number"}, []),
        ("failed", {"failure_reason": "no_call"}, []),
        ("failed", {"failure_reason": "no_news"}, []),
        ("failed", {"failure_reason": "not_connected"}, ["pending"]),
        ("completed", {"talk_seconds": 0}, ["pending"]),
        # No news is not silence: the vendor does not say whether anybody talked.
        ("completed", {}, []),
        ("canceled", {}, []),
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
    is_talk = status in {"failed", "canceled"} and bool(fields.get("talk_seconds")) and then == []
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


# Calls that the vendor took, and ended for a fault of the account

EMPTY = {"failure_reason": FailureReason.BALANCE_LOW}


@pytest.mark.django_db
def test_a_fault_of_the_account_halts_the_provider_and_is_no_attempt() -> None:
    call = live_call()
    Campaign.objects.update(retries={}, max_attempts=1)
    hear(call, "failed", **EMPTY)
    again = Call.objects.get(campaign=call.campaign, attempt=2)
    assert (again.status, again.counted_attempt, again.wait_reason) == ("pending", 1, "provider_halted")
    call.refresh_from_db()
    assert (call.status, call.failure_reason) == ("failed", "balance_low")
    assert call.events.filter(code="account_retry").exists()
    provider = Provider.objects.get(pk=call.provider_id)
    assert (bool(provider.halted_at), provider.last_error_kind) == (True, "OutOfCredit")
    assert provider.sync_next_at, "the balance is read again soon"
    assert explanations.why_no_more(call, call.campaign) == ""


@pytest.mark.django_db
def test_attempts_that_count_are_counted_and_no_others() -> None:
    call = live_call()
    Campaign.objects.update(max_attempts=2)
    hear(call, "failed", **EMPTY)
    for attempt, status, counts, then in ((2, "busy", 1, "pending"), (3, "busy", 2, None)):
        row = Call.objects.get(campaign=call.campaign, attempt=attempt)
        assert row.counted_attempt == counts
        Call.objects.filter(pk=row.pk).update(
            status="ringing", rank=RANK[CallStatus.RINGING], placing_at=timezone.now(), remote_id=f"call-{attempt}"
        )
        news = CallSnapshot(remote_id=f"call-{attempt}", status=CallStatus(status), raw_status=status)
        call_updates.merge_news({row.pk: news}, source="poll", now=timezone.now() + datetime.timedelta(minutes=1))
        after = Call.objects.filter(campaign=call.campaign, attempt=attempt + 1).first()
        assert (after.status if after else None) == then


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"talk_seconds": 30}, {"stop": True}])
def test_who_was_talked_to_or_stopped_is_not_called_again_for_the_account(change: dict[str, object]) -> None:
    call = live_call()
    if change.pop("stop", False):
        Call.objects.filter(pk=call.pk).update(stop_asked_at=timezone.now())
    hear(call, "failed", **EMPTY, **change)
    assert planned(call) == []


@pytest.mark.django_db
def test_the_same_end_told_twice_plans_one_and_another_end_calls_it_off() -> None:
    call = live_call()
    hear(call, "failed", **EMPTY)
    hear(call, "failed", **EMPTY, talk_seconds=0)
    assert planned(call) == ["pending"]
    hear(call, "completed", talk_seconds=20)
    assert planned(call) == ["skipped"]


@pytest.mark.django_db
def test_what_was_ordered_before_a_person_resumed_halts_nothing(admin_person: User) -> None:
    call, single = live_call(), make_call(status="ringing", rank=RANK[CallStatus.RINGING], remote_id="call-1")
    Call.objects.filter(pk=single.pk).update(placing_at=timezone.now())
    hear(single, "failed", **EMPTY)
    provider = Provider.objects.get(pk=single.provider_id)
    assert provider.halted_at, "a single call tells it as well"
    assert Provider.objects.halt(call.provider_id, "by hand", admin_person)
    assert Provider.objects.resume(call.provider_id, admin_person)
    hear(call, "failed", **EMPTY)
    assert Provider.objects.get(pk=call.provider_id).halted_at is None
    assert planned(call) == ["pending"]


# What is told anew of a call that had ended


@pytest.mark.django_db
def test_silence_is_followed_up_only_once_the_vendor_tells_of_it() -> None:
    call = live_call()
    hear(call, "completed")
    assert planned(call) == []
    hear(call, "completed", talk_seconds=0)
    assert planned(call) == ["pending"]
    hear(call, "completed", talk_seconds=0)
    assert planned(call) == ["pending"]
    hear(call, "completed", talk_seconds=8)
    assert planned(call) == ["skipped"]


@pytest.mark.django_db
def test_a_voicemail_that_is_told_late_goes_by_its_own_rule() -> None:
    call = live_call()
    Campaign.objects.update(retries=RETRIES | {"machine": [240]})
    hear(call, "completed", talk_seconds=12)
    assert planned(call) == []
    hear(call, "completed", talk_seconds=12, answered_by="machine")
    assert planned(call) == ["pending"]


@pytest.mark.django_db
def test_a_voicemail_told_late_calls_off_what_its_rule_does_not_plan() -> None:
    call = live_call()
    Campaign.objects.update(retries=RETRIES | {"machine": []})
    hear(call, "no_answer")
    assert planned(call) == ["pending"]
    hear(call, "no_answer", answered_by="machine")
    assert planned(call) == ["skipped"]


# Attempts in a day, given to a person


@pytest.mark.django_db
def test_the_attempt_of_a_full_day_waits_for_the_next_one_there() -> None:
    call = live_call()
    # A minute's wait, so that it ends on the same day there at any hour at which this runs.
    Campaign.objects.update(attempts_a_day=1, retries=RETRIES | {"no_answer": [1]})
    today = timezone.now().astimezone(zoneinfo.ZoneInfo("Asia/Tehran")).date()
    hear(call, "no_answer")
    again = Call.objects.get(campaign=call.campaign, attempt=2)
    there = again.due_at.astimezone(zoneinfo.ZoneInfo("Asia/Tehran"))
    assert (there.hour, there.minute) == (0, 0)
    assert there.date() - today == datetime.timedelta(days=1)


@pytest.mark.django_db
def test_a_call_is_given_to_its_person_once_and_taken_back_when_somebody_talked(caller: User) -> None:
    call = live_call()
    Campaign.objects.update(hand_overs={"no_answer": {"person": caller.pk, "minutes": 120}})
    before = timezone.now()
    hear(call, "no_answer")
    given = HandOver.objects.get()
    assert (given.call, given.person, given.outcome, given.state) == (call, caller, "no_answer", "open")
    assert datetime.timedelta(minutes=119) < given.due_at - before < datetime.timedelta(minutes=123)
    assert planned(call) == []
    assert call.events.filter(code="given_to_person").count() == 1
    hear(call, "completed", talk_seconds=30)
    given.refresh_from_db()
    assert (given.state, given.closed_by) == ("dropped", None)


@pytest.mark.django_db
def test_a_stopped_call_is_given_to_nobody(caller: User) -> None:
    call = live_call()
    Campaign.objects.update(hand_overs={"no_answer": {"person": caller.pk, "minutes": 120}})
    Call.objects.update(stop_asked_at=timezone.now())
    hear(call, "no_answer")
    assert not HandOver.objects.exists()
    assert call.events.filter(code="no_retry_stopped").exists()
