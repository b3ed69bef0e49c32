"""Calls of which the vendor tells nothing more: given up in time, never dialled again, and joined by later news."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from campaigns import rules
from campaigns.calls import call_actions
from campaigns.core import decision_kinds, eligibility_facts
from campaigns.core.refusals import Refusal
from campaigns.launch import lifecycle
from campaigns.models import Call, Campaign
from campaigns.reports import progress
from campaigns.tracking import call_updates, decisions, due_reads, no_news
from providers.models import Provider
from providers.types import CallSnapshot, CallStatus
from tests.campaigns.tracking.time_passed import pass_time
from tests.conftest import make_call, make_campaign, make_contact, make_provider

HOUR, DAY = datetime.timedelta(hours=1), datetime.timedelta(days=1)


@pytest.fixture
def provider(db: None) -> Provider:
    return make_provider(max_call_seconds=600, price_per_minute=Decimal(6))


@pytest.fixture
def campaign(provider: Provider) -> Campaign:
    return make_campaign(provider=provider, status="running", is_filled=True, launched_at=timezone.now(), budget=100)


def at_vendor(campaign: Campaign | None, provider: Provider, age: datetime.timedelta, **fields: Any) -> Call:
    """Make a call that the vendor accepted so long ago, and of which nothing was heard since."""
    at = timezone.now() - age
    contact = make_contact()
    defaults: dict[str, Any] = {
        "status": "ringing", "rank": rules.RANK[CallStatus.RINGING], "remote_id": f"there-{contact.pk}",
        "placing_at": at, "placed_at": at, "changed_at": at, "next_poll_at": at,
    }  # fmt: skip
    call = make_call(campaign=campaign, provider=provider, contact=contact, **(defaults | fields))
    if campaign is not None and call.reserved_cost:
        Campaign.objects.filter(pk=campaign.pk).update(reserved_cost=call.reserved_cost)
    return call


def look(call: Call, news: CallSnapshot | None = None) -> None:
    """Write what a read of one call brought."""
    found = {call.pk: news} if news is not None else {}
    call_updates.merge_news(found, source="poll", now=timezone.now(), looked=[call.pk])
    call.refresh_from_db()


def told(call: Call, status: CallStatus, **fields: Any) -> CallSnapshot:
    return CallSnapshot(remote_id=call.remote_id, status=status, to_number=call.to_number, **fields)


def given_up(campaign: Campaign | None, provider: Provider, **fields: Any) -> Call:
    call = at_vendor(campaign, provider, 3 * HOUR, **fields)
    look(call)
    assert call.failure_reason == "no_news"
    return call


MINUTES = datetime.timedelta(minutes=1)


@pytest.mark.parametrize(
    ("age", "fields", "is_given_up"),
    [
        (39 * MINUTES, {}, False),
        (41 * MINUTES, {}, True),
        # A call that the vendor keeps until later: its longest time begins there.
        (DAY, {"not_before": -20}, False),
        (DAY, {"not_before": 60}, False),
        (DAY, {"not_before": -50}, True),
        # News since it was placed.
        (DAY, {"changed_at": -30}, False),
        # An answered call, whose talk time grows with every read.
        (DAY, {"changed_at": -1, "answered_at": -39}, False),
        (DAY, {"changed_at": -1, "answered_at": -41}, True),
        (41 * MINUTES, {"answered_at": -600}, True),
        (39 * MINUTES, {"answered_at": -600}, False),
    ],
)
def test_the_longest_call_and_a_margin_count_from_the_last_news_or_the_not_before(
    provider: Provider, age: datetime.timedelta, fields: dict[str, int], is_given_up: bool
) -> None:
    times = {name: timezone.now() + minutes * MINUTES for name, minutes in fields.items()}
    call = at_vendor(None, provider, age, **times)
    look(call, told(call, CallStatus.RINGING, talk_seconds=7) if "answered_at" in fields else None)
    assert (call.failure_reason == "no_news") is is_given_up
    assert (call.status == "ringing") is not is_given_up


def test_what_could_not_be_asked_waits_a_day_more(provider: Provider) -> None:
    unread = at_vendor(None, provider, DAY)
    older = at_vendor(None, provider, DAY + HOUR)
    parked = at_vendor(None, provider, 2 * DAY, not_before=timezone.now() - HOUR)
    assert no_news.give_up_unread(timezone.now()) == 1
    for call, reason in ((unread, ""), (older, "no_news"), (parked, "")):
        call.refresh_from_db()
        assert call.failure_reason == reason


def test_news_that_came_meanwhile_is_not_overwritten(provider: Provider) -> None:
    call = at_vendor(None, provider, 3 * HOUR)
    Call.objects.filter(pk=call.pk).update(changed_at=timezone.now())
    assert no_news.give_up([call.pk], timezone.now(), source="poll") == 0
    assert due_reads.without_news().count() == 0


def test_its_number_is_kept_for_a_day_and_then_free(provider: Provider, manager: User) -> None:
    call = given_up(None, provider)
    number, now = call.to_number, timezone.now()
    for at, is_kept in ((now, True), (now + 23 * HOUR, True), (now + 25 * HOUR, False)):
        assert (number in eligibility_facts.numbers_now([number], at, None).live) is is_kept
        assert (number in eligibility_facts.numbers_set_apart(at).live) is is_kept
    with pytest.raises(Refusal):
        call_actions.call_again(call.pk, manager)
    # A person who waits longer keeps it longer; one who decides frees it at once.
    decisions.keep_waiting(call.pk, manager, 72)
    assert number in eligibility_facts.numbers_now([number], now + 50 * HOUR, None).live
    decisions.did_not(call.pk, manager, "not in their list")
    assert number not in eligibility_facts.numbers_now([number], now, now - DAY).live
    assert number not in eligibility_facts.numbers_now([number], now, now - DAY).rung
    call_actions.call_again(call.pk, manager)


@pytest.mark.parametrize(
    ("news", "status", "open_again"),
    [
        (CallStatus.COMPLETED, "completed", False),
        (CallStatus.FAILED, "failed", False),
        (CallStatus.IN_PROGRESS, "in_progress", True),
        (CallStatus.RINGING, "failed", False),
        (CallStatus.QUEUED, "failed", False),
    ],
)
def test_later_news_joins_and_what_was_known_before_revives_nothing(
    provider: Provider, campaign: Campaign, news: CallStatus, status: str, open_again: bool
) -> None:
    call = given_up(campaign, provider, reserved_cost=Decimal(60))
    assert Campaign.objects.get(pk=campaign.pk).reserved_cost == 0
    look(call, told(call, news, talk_seconds=60 if news == CallStatus.COMPLETED else None))
    now_told = news not in {CallStatus.RINGING, CallStatus.QUEUED}
    assert call.status == status
    assert (call.no_news_at is None, call.failure_reason != "no_news") == (now_told, now_told)
    after = Campaign.objects.get(pk=campaign.pk)
    assert after.reserved_cost == (60 if open_again else 0)
    assert after.spent_cost == (6 if news == CallStatus.COMPLETED else 0)
    assert call.next_poll_at is None if call.is_final and now_told else call.next_poll_at is not None


def test_a_vendors_late_failure_counts_as_one_and_follows_the_plan_of_retries(
    provider: Provider, campaign: Campaign
) -> None:
    Campaign.objects.filter(pk=campaign.pk).update(retries={"failed": [5]}, max_attempts=2)
    call = given_up(campaign, provider)
    assert not Call.objects.filter(contact=call.contact, attempt=2).exists()
    look(call, told(call, CallStatus.FAILED, failure_reason="not_connected"))
    assert Call.objects.filter(contact=call.contact, attempt=2).count() == 1


def test_news_of_a_call_whose_number_is_called_again_waits_for_its_end(provider: Provider) -> None:
    call = given_up(None, provider)
    other = make_call(provider=provider, to_number=call.to_number, status="ringing", placing_at=timezone.now())
    look(call, told(call, CallStatus.IN_PROGRESS))
    assert (call.status, call.failure_reason) == ("failed", "no_news")
    Call.objects.filter(pk=other.pk).update(status="completed")
    look(call, told(call, CallStatus.IN_PROGRESS))
    assert call.status == "in_progress"


def test_it_is_read_rarely_and_not_for_ever(provider: Provider) -> None:
    call = given_up(None, provider)
    now = timezone.now()
    assert call.next_poll_at is not None
    assert 59 * MINUTES < call.next_poll_at - now < 61 * MINUTES
    assert due_reads.providers_with_due(now) == []
    assert due_reads.providers_with_due(now + 2 * HOUR) == [provider.pk]
    assert due_reads.has_due(now + 2 * HOUR)
    assert [pk for pk, _handle in due_reads.rare_handles(provider, now + 2 * HOUR)] == [call.pk]
    assert due_reads.due_handles(provider, now + 2 * HOUR) == []
    pass_time(call, 2 * DAY)
    look(call)
    assert call.next_poll_at is not None
    assert call.next_poll_at - now > 23 * HOUR
    pass_time(call, 40 * DAY)
    look(call)
    assert call.next_poll_at is None


def test_campaigns_end_beside_calls_that_only_a_person_can_settle(provider: Provider, campaign: Campaign) -> None:
    given_up(campaign, provider)
    unknown = make_call(campaign=campaign, status="unknown", placing_at=timezone.now() - HOUR)
    assert lifecycle.finish_done_campaigns() == 0, "it is still looked for"
    Call.objects.filter(pk=unknown.pk).update(needs_person_at=timezone.now())
    assert lifecycle.finish_done_campaigns() == 1
    assert progress.measure(campaign).to_decide == 2
    assert progress.progress_of([campaign])[campaign.pk].to_decide == 2
    assert decision_kinds.count_by("provider_id", [provider.pk], timezone.now())[provider.pk] == 2


@pytest.mark.parametrize("kind", ["no_news", "unknown"])
@pytest.mark.parametrize(
    ("result", "seconds", "status", "answered_by"),
    [
        ("talked", 60, "completed", "human"),
        ("machine", None, "completed", "machine"),
        ("no_answer", None, "no_answer", "unknown"),
        ("busy", None, "busy", "unknown"),
    ],
)
def test_a_person_says_that_it_took_place(
    provider: Provider, campaign: Campaign, manager: User, kind: str, result: str, seconds: int | None,
    status: str, answered_by: str,
) -> None:  # fmt: skip
    call = given_up(campaign, provider)
    if kind == "unknown":
        Call.objects.filter(pk=call.pk).update(
            status="unknown", rank=20, failure_reason="", no_news_at=None, remote_id=""
        )
    decisions.took_place(call.pk, manager, "seen there", result=result, seconds=seconds)
    call.refresh_from_db()
    assert (call.status, call.answered_by, call.talk_seconds, call.failure_reason) == (
        status, answered_by, seconds or 0, "",
    )  # fmt: skip
    assert Campaign.objects.get(pk=campaign.pk).spent_cost == (6 if seconds else 0)
    event = call.events.last()
    assert event is not None
    assert (event.code, event.actor, event.detail) == ("bound_by_person", manager, "seen there")
    with pytest.raises(Refusal):
        decisions.did_not(call.pk, manager, "again")
    if kind == "unknown":
        return
    # The vendor's own word comes later, and stands with its own figures.
    assert call.next_poll_at is not None
    look(call, told(call, CallStatus.COMPLETED, talk_seconds=30, answered_by="human"))
    assert (call.status, call.talk_seconds, call.answered_by, call.no_news_at) == ("completed", 30, "human", None)
    assert Campaign.objects.get(pk=campaign.pk).spent_cost == 3


@pytest.mark.parametrize("seconds", [None, -1, 10**6])
def test_an_answered_call_needs_its_seconds(provider: Provider, manager: User, seconds: int | None) -> None:
    call = given_up(None, provider)
    with pytest.raises(Refusal):
        decisions.took_place(call.pk, manager, "seen", result="talked", seconds=seconds)
    with pytest.raises(Refusal):
        decisions.took_place(call.pk, manager, "seen", result="completed")
    with pytest.raises(Refusal):
        decisions.keep_waiting(call.pk, manager, 5)
    call.refresh_from_db()
    assert call.failure_reason == "no_news"


def test_a_persons_no_gives_way_to_the_vendors_end(provider: Provider, manager: User) -> None:
    call = given_up(None, provider)
    decisions.did_not(call.pk, manager, "not there")
    call.refresh_from_db()
    assert (call.status, call.failure_reason) == ("failed", "no_call")
    look(call, told(call, CallStatus.IN_PROGRESS))
    assert call.failure_reason == "no_call", "only an end outranks a person's word"
    look(call, told(call, CallStatus.COMPLETED, talk_seconds=12))
    assert (call.status, call.talk_seconds, call.failure_reason) == ("completed", 12, "")


def test_who_keeps_waiting_is_asked_again_later(provider: Provider, manager: User) -> None:
    call = given_up(None, provider)
    now = timezone.now()
    kind = decision_kinds.BY_KEY["no_news"]
    assert decision_kinds.count(Call.objects.all(), now)["no_news"] == 1
    decisions.keep_waiting(call.pk, manager, 4, "they look into it")
    call.refresh_from_db()
    for at, is_asked in ((now, False), (now + 5 * HOUR, True)):
        assert Call.objects.filter(kind.condition(at)).exists() is kind.holds(call, at) is is_asked
    assert call.events.filter(code="kept_waiting", actor=manager, detail__contains="they look into it").exists()
