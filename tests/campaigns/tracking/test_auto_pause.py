"""A campaign pauses itself when failures or refusals rise, says why, and starts afresh when somebody resumes it."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns import rules
from campaigns.dialing import order_results
from campaigns.dialing.order_results import OrderAnswer
from campaigns.launch import lifecycle
from campaigns.models import Call, Campaign
from campaigns.tracking import call_updates
from providers.exceptions import InvalidNumber, OrderRejected
from providers.types import CallOrder, CallSnapshot, CallStatus, FailureReason
from tests.conftest import make_call, make_campaign, make_contact

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("nudges")]
NOW = timezone.now()
SECOND = datetime.timedelta(seconds=1)


def running(**fields: object) -> Campaign:
    return make_campaign(**({"status": "running", "is_filled": True, "retries": {}} | fields))


def out(campaign: Campaign, **fields: object) -> Call:
    """Make a call that is ringing."""
    values = {"status": "ringing", "rank": rules.RANK[CallStatus.RINGING], "placing_at": NOW} | fields
    return make_call(campaign=campaign, contact=make_contact(), remote_id=f"r{Call.objects.count()}", **values)


def end(call: Call, status: str, at: datetime.datetime | None = None, **fields: object) -> None:
    """Let the vendor tell a call's end."""
    word = CallStatus(status)
    snapshot = CallSnapshot(remote_id=call.remote_id, raw_status=status, status=word, **fields)  # type: ignore[arg-type]
    call_updates.merge_news({call.pk: snapshot}, source="poll", now=at or NOW)


def state(campaign: Campaign) -> str:
    campaign.refresh_from_db()
    return campaign.status


def test_failures_pause_this_campaign_only_and_say_why():
    campaign, other = running(), running()
    campaign_calls = [out(campaign) for _ in range(6)]
    end(out(other), "failed")
    for call in campaign_calls[:3]:
        end(call, "completed", talk_seconds=40)
    for call in campaign_calls[3:5]:
        end(call, "failed", failure_reason=FailureReason.NOT_CONNECTED)
    assert state(campaign) == "running"
    end(campaign_calls[5], "failed", failure_reason=FailureReason.NOT_CONNECTED)
    assert (state(campaign), state(other)) == ("paused", "running")
    assert campaign.paused_by_system
    assert campaign.paused_reason == (
        "3 of the last 6 calls failed within two minutes. Most common reason: The call did not connect."
    )
    event = AuditEvent.objects.get(action="campaign.paused")
    assert (event.actor, event.detail["reason"]) == (None, campaign.paused_reason)
    assert campaign.provider.breaker_opened_at is None


def test_failures_come_first_and_talks_that_go_on_count_against_them():
    campaign = running()
    calls = [out(campaign) for _ in range(12)]
    for call in calls[:5]:
        end(call, "failed")
    assert state(campaign) == "running", "seven of twelve people are being talked to"
    end(calls[5], "failed")
    assert state(campaign) == "paused"
    assert campaign.paused_reason.startswith("6 of the last 12 calls failed")


def test_failures_further_apart_than_two_minutes_do_not_pause():
    campaign = running()
    for number in range(8):
        end(out(campaign), "failed", NOW + number * 40 * SECOND)
    assert state(campaign) == "running"


@pytest.mark.parametrize(("error", "then"), [(OrderRejected, "paused"), (InvalidNumber, "running")])
def test_refused_orders_are_failures_too_but_numbers_that_do_not_exist_are_not(
    error: type[OrderRejected], then: str
) -> None:
    campaign = running()
    for _ in range(5):
        call = make_call(campaign=campaign, contact=make_contact(), status="placing", rank=10, placing_at=NOW)
        order = CallOrder(reference=call.reference, to_number=call.to_number)
        order_results.write_answers(
            campaign.provider_id, [OrderAnswer(call_id=call.pk, order=order, result=error("no"))], NOW
        )
    assert state(campaign) == then


def test_refusals_pause():
    campaign = running()
    for _ in range(13):
        end(out(campaign), "completed", talk_seconds=40)
    for _ in range(10):
        end(out(campaign), "no_answer")
        end(out(campaign), "completed", talk_seconds=2, answered_by="machine")
    for _ in range(4):
        end(out(campaign), "completed", talk_seconds=2)
    for _ in range(2):
        end(out(campaign), "completed", talk_seconds=30, do_not_call=True)
    assert state(campaign) == "running"
    end(out(campaign), "completed", talk_seconds=1)
    assert state(campaign) == "paused"
    assert campaign.paused_reason == (
        "7 of the last 20 people who answered hung up at once or asked not to be called again."
    )


def test_a_wish_that_is_known_late_counts_once():
    campaign = running(watched={"ends": [], "answers": "1" * 6 + "0" * 13})
    call = out(campaign)
    end(call, "completed", talk_seconds=30)
    assert state(campaign) == "running"
    end(call, "completed", talk_seconds=30, do_not_call=True)
    end(call, "completed", talk_seconds=30, do_not_call=True)
    assert state(campaign) == "paused"
    assert campaign.watched["answers"].count("1") == 7


def test_resuming_starts_afresh_and_forgives_what_was_out(manager):
    campaign = running()
    before = [out(campaign) for _ in range(8)]
    for call in before[:5]:
        end(call, "failed")
    assert state(campaign) == "paused"
    lifecycle.resume(campaign.pk, manager)
    for call in before[5:]:
        end(call, "failed")
    assert state(campaign) == "running"
    later = [out(campaign, placing_at=timezone.now() + SECOND) for _ in range(5)]
    for call in later[:4]:
        end(call, "failed")
    assert state(campaign) == "running"
    end(later[4], "failed")
    assert state(campaign) == "paused"


def test_a_corrected_end_and_a_stopped_call_are_not_weighed():
    campaign = running()
    call = out(campaign)
    end(call, "failed")
    end(call, "completed", talk_seconds=40)
    for _ in range(4):
        end(out(campaign, stop_asked_at=NOW), "failed")
    campaign.refresh_from_db()
    assert sum(sum(found[1:]) for found in campaign.watched["ends"]) == 1


def test_a_paused_campaign_weighs_nothing_more():
    campaign = running(status="paused")
    for _ in range(6):
        end(out(campaign), "failed")
    assert state(campaign) == "paused"
    assert not AuditEvent.objects.exists()


def test_quick_refusals_do_not_pause_while_many_still_talk():
    campaign = running()
    talking = [out(campaign, status="in_progress", rank=60) for _ in range(50)]
    for _ in range(20):
        end(out(campaign), "completed", talk_seconds=1)
    assert state(campaign) == "running"
    end(talking[0], "completed", talk_seconds=1)
    assert state(campaign) == "running"
    end(talking[1], "completed", talk_seconds=1)
    assert state(campaign) == "paused"


@pytest.mark.parametrize(("status", "paused"), [("dialing", False), ("in_progress", True)])
def test_a_vendor_that_never_says_who_talks_has_all_that_are_out_count(status, paused):
    campaign = running()
    for number in range(60):
        word = "in_progress" if status == "in_progress" and not number else "dialing"
        out(campaign, status=word, rank=rules.RANK[CallStatus(word)])
    for _ in range(20):
        end(out(campaign), "completed", talk_seconds=1)
    assert (state(campaign) == "paused") is paused


# The same refusal for several people


def refuse(campaign: Campaign, words: str, at: datetime.datetime | None = None, call: Call | None = None) -> Call:
    """Let the vendor refuse an order of the campaign with these words, for nobody's own reason."""
    call = call or make_call(campaign=campaign, contact=make_contact(), status="placing", rank=10, placing_at=at or NOW)
    order = CallOrder(reference=call.reference, to_number=call.to_number)
    answer = OrderAnswer(call_id=call.pk, order=order, result=OrderRejected(words))
    order_results.write_answers(campaign.provider_id, [answer], at or NOW)
    return call


@pytest.mark.django_db(transaction=True)
def test_three_people_refused_in_a_row_with_the_same_words_pause() -> None:
    campaign = running()
    calls = [refuse(campaign, f"Not possible for ***{n:02d} now", NOW + n * SECOND) for n in range(2)]
    assert state(campaign) == "running"
    calls.append(refuse(campaign, "NOT possible for ***77 now", NOW + 3 * SECOND))
    assert (state(campaign), campaign.paused_by_system) == ("paused", True)
    assert campaign.paused_reason.startswith(
        "The provider rejected 3 people in a row with the same message: “NOT possible"
    )
    for call in calls:
        call.refresh_from_db()
        assert (call.status, call.failure_reason) == ("failed", "place_rejected"), "as to the person it is a failure"


@pytest.mark.django_db(transaction=True)
def test_other_words_or_an_order_that_was_taken_between_begin_anew() -> None:
    campaign, mixed = running(), running()
    for n, words in enumerate(("One", "One", "Other", "Other")):
        refuse(campaign, words, NOW + n * 60 * SECOND)
    assert state(campaign) == "running"
    for n in range(2):
        refuse(mixed, "Same", NOW + n * 60 * SECOND)
    out(mixed, placing_at=NOW + 150 * SECOND)
    refuse(mixed, "Same", NOW + 180 * SECOND)
    refuse(mixed, "Same", NOW + 240 * SECOND)
    assert state(mixed) == "running"
    refuse(mixed, "Same", NOW + 300 * SECOND)
    assert state(mixed) == "paused"


@pytest.mark.django_db(transaction=True)
def test_one_person_refused_again_and_again_pauses_nothing() -> None:
    campaign, person = running(), make_contact()
    for n in range(4):
        call = make_call(
            campaign=campaign, contact=person, attempt=n + 1, status="placing", rank=10,
            placing_at=NOW + n * 60 * SECOND,
        )  # fmt: skip
        refuse(campaign, "Same", NOW + n * 60 * SECOND, call)
    assert state(campaign) == "running"


def test_calls_that_an_empty_account_ended_do_not_count() -> None:
    campaign = running()
    for _ in range(8):
        end(out(campaign), "failed", failure_reason=FailureReason.BALANCE_LOW)
    assert state(campaign) == "running"
