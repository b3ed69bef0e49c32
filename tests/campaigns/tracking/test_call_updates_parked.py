"""Orders that the vendor keeps until later, and its own redials: no line, still open, and read to the end."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaigns.calls import call_actions
from campaigns.contacts import do_not_call
from campaigns.core import explanations, stop_requests
from campaigns.core.lines_in_use import lines_held
from campaigns.core.refusals import Refusal
from campaigns.models import Call, CallEvent
from campaigns.models.status_conditions import is_parked, parked
from campaigns.tracking import call_updates, no_news, vendor_stops
from providers.models import Agent, Provider
from providers.sandbox.wire import bolna_waits
from providers.types import HOLDS_LINE, LIVE, CallSnapshot, CallStatus
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_provider
from tests.providers.sandbox_caller import control
from tests.waiting import wait_until

NOBODY_ANSWERS = "+12025559903"
HOUR = datetime.timedelta(hours=1)
ONE_RETRY = {
    "retry_enabled": True, "max_retries": 1, "retry_on_statuses": ["no-answer"], "retry_intervals_minutes": ["1"],
}  # fmt: skip


def held(provider: Provider) -> int:
    """Count the lines of a provider in use, as the commit point does."""
    now = timezone.now()
    return lines_held(provider.pk, 3600, now).by_campaign.total()


def until(done: Callable[[], bool], step: Callable[[], None]) -> None:
    """Repeat a step until something is so; fails where it does not become so."""
    wait_until(done, step=step)


@pytest.fixture
def ordered(sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Call]:
    """Order a call at Bolna with options of the vendor, and let the order leave."""
    # A read between two tries tells no time of the next: it is reckoned in minutes, of which the simulator has short
    # ones, and the next read would come after the test. tests/providers/test_bolna_waits.py has that moment.
    monkeypatch.setattr(bolna_waits, "BREAK_SECONDS", 0.0)

    def order(**options: Any) -> Call:
        provider = sandbox.provider("bolna")
        call = make_call(
            provider=provider, agent=Agent.objects.get(provider=provider), to_number=NOBODY_ANSWERS,
            vendor_options=options,
        )  # fmt: skip
        until(lambda: bool(Call.objects.get(pk=call.pk).remote_id), lambda: dial(1.0))
        call.refresh_from_db()
        return call

    return order


def test_a_vendor_that_dials_again_keeps_one_row_open_to_the_end(
    sandbox: Sandbox, ordered: Callable[..., Call], read_back: Callable[..., None], manager: User
) -> None:
    control(sandbox.server.origin, "switches", {"bolna_redial_answers": True})
    call = ordered(**ONE_RETRY)
    until(lambda: Call.objects.get(pk=call.pk).redials == 1, lambda: read_back(0.5))
    call.refresh_from_db()
    assert call.status == CallStatus.QUEUED
    assert call.not_before is not None
    if call.not_before > timezone.now():
        assert held(call.provider) == 0
    with pytest.raises(Refusal, match="will still call"):
        call_actions.call_again(call.pk, manager)
    until(lambda: Call.objects.get(pk=call.pk).is_final, lambda: read_back(0.5))
    call.refresh_from_db()
    assert (call.status, call.redials) == (CallStatus.COMPLETED, 1)
    assert call.talk_seconds
    assert call.cost
    assert call.transcript.turns
    assert Call.objects.count() == 1
    assert [entry["rings"] for entry in sandbox.dialed] == [2]


def test_the_last_attempt_of_the_vendor_ends_the_row(
    ordered: Callable[..., Call], read_back: Callable[..., None]
) -> None:
    call = ordered(**ONE_RETRY)
    until(lambda: Call.objects.get(pk=call.pk).is_final, lambda: read_back(0.5))
    call.refresh_from_db()
    assert (call.status, call.redials) == (CallStatus.NO_ANSWER, 1)


def test_never_again_takes_back_what_the_vendor_would_still_dial(
    sandbox: Sandbox, ordered: Callable[..., Call], read_back: Callable[..., None], manager: User
) -> None:
    call = ordered(**ONE_RETRY | {"retry_intervals_minutes": ["30"]})
    until(lambda: Call.objects.get(pk=call.pk).redials == 1, lambda: read_back(0.5))
    do_not_call.never_call_again(Call.objects.get(pk=call.pk), manager, "asked us")
    assert stop_requests.state_of([call.to_number], timezone.now()) == (1, 0, 0)
    assert vendor_stops.take_back(1.0) == 1
    call.refresh_from_db()
    assert call.status == CallStatus.CANCELED
    assert CallEvent.objects.filter(call=call, code="wish_told").exists()
    assert not vendor_stops.to_ask(timezone.now()).exists()


def test_never_again_says_what_may_still_ring(as_manager: Client, sandbox: Sandbox) -> None:
    provider = sandbox.provider("voicy")
    call = make_call(provider=provider, status="ringing", rank=50, remote_id="r", placing_at=timezone.now())
    page = as_manager.post(f"/calls/{call.pk}/never-again/", {"reason": "asked"}, follow=True)
    assert "cannot be cancelled" in page.content.decode()


def test_an_order_for_later_takes_no_line_from_the_start(
    ordered: Callable[..., Call], read_back: Callable[..., None]
) -> None:
    at = timezone.now() + datetime.timedelta(minutes=3)
    call = ordered(scheduled_at=at.isoformat())
    assert call.not_before == at.replace(microsecond=at.microsecond)
    assert held(call.provider) == 0
    read_back(1.0)
    call.refresh_from_db()
    assert (call.raw_status, call.not_before) == ("scheduled", at)
    assert held(call.provider) == 0
    assert str(explanations.why(call)).startswith("Queued at the provider, which calls from")


def test_the_calling_hours_of_an_agent_keep_an_order_without_a_line(
    sandbox: Sandbox, ordered: Callable[..., Call], read_back: Callable[..., None]
) -> None:
    control(sandbox.server.origin, "switches", {"bolna_guardrail_seconds": 600})
    call = ordered()
    read_back(1.0)
    call.refresh_from_db()
    assert call.raw_status == "rescheduled"
    assert call.not_before is not None
    assert call.not_before > timezone.now()
    assert held(call.provider) == 0
    assert call.next_poll_at == call.not_before


# The condition: one home, three forms


def test_the_three_forms_of_what_holds_a_line_agree(db: None) -> None:
    provider, now = make_provider(), timezone.now()
    times = (None, now - HOUR, now + HOUR, now + 2 * HOUR)
    for number, (status, not_before) in enumerate(itertools.product(sorted(LIVE), times)):
        make_call(
            provider=provider, status=status, not_before=not_before, placing_at=now, to_number=f"+98912{number:07d}"
        )
    calls = list(Call.objects.all())
    holding = {
        call.pk for call in calls if call.status in HOLDS_LINE and not is_parked(call.status, call.not_before, now)
    }
    assert {call.pk for call in Call.objects.holding_lines(now)} == holding
    assert lines_held(provider.pk, 3600, now).by_campaign.total() == len(holding)
    assert {call.pk for call in Call.objects.filter(parked(now))} == {
        call.pk for call in calls if is_parked(call.status, call.not_before, now)
    }
    assert len(calls) - len(holding) == 6


def test_a_parked_call_is_not_lost_after_a_day(db: None) -> None:
    now = timezone.now()
    long_ago = now - 60 * HOUR
    old = {"placing_at": long_ago, "changed_at": long_ago, "status": "queued", "rank": 30, "remote_id": "a"}
    waits = make_call(not_before=now + HOUR, **old)
    late = make_call(not_before=now - 30 * HOUR, **old)
    plain = make_call(**old)
    assert no_news.give_up_unread(now) == 2
    given_up = set(Call.objects.filter(failure_reason="no_news").values_list("pk", flat=True))
    assert given_up == {late.pk, plain.pk}
    assert waits.pk not in given_up


def test_a_parked_call_is_read_at_its_time_and_once_an_hour_until_then(db: None) -> None:
    now = timezone.now()
    call = make_call(status="queued", rank=30, remote_id="a", placing_at=now)
    for wait, next_look in ((HOUR / 2, HOUR / 2), (30 * HOUR, HOUR)):
        kept = CallSnapshot(remote_id="a", status=CallStatus.QUEUED, not_before=now + wait)
        call_updates.merge_news({call.pk: kept}, source="poll", now=now)
        call.refresh_from_db()
        assert call.next_poll_at == now + next_look


def test_a_row_of_a_list_does_not_end_a_call_that_the_vendor_may_dial_again(db: None) -> None:
    now = timezone.now()
    call = make_call(status="queued", rank=30, remote_id="a", placing_at=now, vendor_options=ONE_RETRY)
    row = CallSnapshot(remote_id="a", raw_status="no-answer", status=CallStatus.NO_ANSWER)
    call_updates.merge_news({call.pk: row}, source="list", now=now)
    assert not Call.objects.get(pk=call.pk).is_final
    call_updates.merge_news({call.pk: row}, source="poll", now=now)
    assert Call.objects.get(pk=call.pk).is_final


def test_a_call_that_waits_to_be_dialled_again_goes_back_from_ringing(db: None) -> None:
    now = timezone.now()
    call = make_call(status="ringing", rank=50, remote_id="a", placing_at=now)
    again = CallSnapshot(remote_id="a", status=CallStatus.QUEUED, redials=1, not_before=now + HOUR)
    call_updates.merge_news({call.pk: again}, source="poll", now=now)
    call.refresh_from_db()
    assert (call.status, call.redials) == (CallStatus.QUEUED, 1)
    over = CallSnapshot(remote_id="a", status=CallStatus.CANCELED)
    call_updates.merge_news({call.pk: over}, source="answer", now=now)
    call_updates.merge_news({call.pk: again}, source="poll", now=now)
    assert Call.objects.get(pk=call.pk).status == CallStatus.CANCELED
