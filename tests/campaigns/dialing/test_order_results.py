"""What becomes of a call whose order did not leave: it waits, and after five in a row its provider waits for it."""

from __future__ import annotations

import datetime
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from campaigns import minute_job, rules
from campaigns.dialing import order_results
from campaigns.dialing.order_results import OrderAnswer
from campaigns.launch import lifecycle
from campaigns.models import Call
from providers.exceptions import AgentRefused, NotSent, RateLimited
from providers.models import Provider
from tests.conftest import make_call, make_campaign, make_contact
from tests.orders import order_for

SECOND = datetime.timedelta(seconds=1)


def out(**fields: Any) -> Call:
    """Make a call whose order is on the wire."""
    now = timezone.now()
    return make_call(
        **({"status": "placing", "rank": 10, "placing_at": now, "deadline_at": now + 90 * SECOND} | fields)
    )


def unsent(call: Call, times: int, apart: datetime.timedelta) -> None:
    """Let a call's order not leave so many times in a row, as long apart as a slow vendor takes to refuse."""
    now = timezone.now()
    for number in range(times):
        at = now + number * apart
        Call.objects.filter(pk=call.pk).update(status="placing", rank=10, placing_at=at, deadline_at=at)
        not_sent = OrderAnswer(call_id=call.pk, order=order_for(call), result=NotSent("no connection"))
        order_results.write_answers(call.provider_id, [not_sent], at)
    call.refresh_from_db()


def test_an_order_that_never_leaves_is_left_to_the_breaker(transactional_db: None) -> None:
    call, minute = out(), datetime.timedelta(minutes=1)
    unsent(call, rules.MAX_NOT_SENT - 1, minute)
    provider = Provider.objects.get(pk=call.provider_id)
    # So far apart that two minutes never hold enough of them.
    assert provider.breaker_opened_at is None
    assert call.wait_reason == "not_sent"
    unsent(call, 1, minute)
    provider.refresh_from_db()
    assert provider.breaker_opened_at
    assert "5 times in a row" in provider.breaker_reason
    # Nobody's attempt is used up, and the call waits for the provider alone.
    assert (call.status, call.attempt, call.not_sent_tries) == ("pending", 1, rules.MAX_NOT_SENT)
    assert call.due_at <= timezone.now()


def test_a_vendor_that_takes_other_orders_is_not_paused_for_one_that_never_leaves(transactional_db: None) -> None:
    call = out(not_sent_tries=rules.MAX_NOT_SENT - 1)
    provider = Provider.objects.get(pk=call.provider_id)
    provider.outcomes = [[int(timezone.now().timestamp()) // 10, 9, 0]]
    provider.save()
    unsent(call, 1, SECOND)
    provider.refresh_from_db()
    assert provider.breaker_opened_at is None
    assert call.due_at > timezone.now() + 60 * SECOND


def test_an_answer_ends_the_row_of_orders_that_did_not_leave(transactional_db: None) -> None:
    call = out(not_sent_tries=3)
    slow = OrderAnswer(call_id=call.pk, order=order_for(call), result=RateLimited("slow", retry_after=7))
    order_results.write_answers(call.provider_id, [slow], timezone.now())
    call.refresh_from_db()
    assert (call.status, call.not_sent_tries) == ("pending", 0)


def test_an_agent_that_is_refused_after_the_campaign_was_stopped_leaves_nobody_waiting(
    transactional_db: None, manager: User
) -> None:
    campaign = make_campaign(status="running", is_filled=True)
    call = out(campaign=campaign, contact=make_contact())
    lifecycle.stop(campaign.pk, manager)
    refused = OrderAnswer(call_id=call.pk, order=order_for(call), result=AgentRefused("Agent not found"))
    order_results.write_answers(call.provider_id, [refused], timezone.now())
    campaign.refresh_from_db()
    assert campaign.status == "stopped"
    assert minute_job.sweep()["returned"] == 1
    call.refresh_from_db()
    assert (call.status, call.skip_reason) == ("skipped", "stopped")
    assert minute_job.sweep()["returned"] == 0
