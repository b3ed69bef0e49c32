"""The dispatch slice against the sandbox: what leaves, what does not, and what every answer leads to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest
from django.utils import timezone

from campaigns.dialing.lane import Lane
from campaigns.launch import start
from campaigns.models import Call, DialingSwitch, DoNotCall
from providers.models import Provider, exchanges
from tests.campaigns.conftest import Sandbox
from tests.conftest import ALL_DAY, make_call, make_campaign, make_contact, make_list
from tests.situations import single

Run = Callable[..., None]


@pytest.mark.parametrize("vendor", ["unleashx", "bolna", "voicy", "vocode"])
def test_a_call_goes_from_pending_to_completed(sandbox: Sandbox, dial: Run, read_back: Run, vendor: str) -> None:
    call = single(sandbox.provider(vendor), "+989121239901")
    dial(2)
    call.refresh_from_db()
    assert call.remote_id
    read_back(6)
    call.refresh_from_db()
    assert (call.status, call.failure_detail) == ("completed", "")
    assert call.talk_seconds
    assert sandbox.dials_of(call.to_number) == 1
    codes = [event.code for event in call.events.all()]
    assert codes[:2] == ["commit_point", "order_taken"]
    assert "vendor_news" in codes


def test_bitel_plays_a_voice(sandbox: Sandbox, dial: Run, read_back: Run) -> None:
    provider = sandbox.provider("bitel")
    call = make_call(provider=provider, to_number="+989121239901", voice=provider.voice_set.first())
    dial(2)
    read_back(6)
    call.refresh_from_db()
    assert call.status == "completed"
    assert call.cost is not None
    assert call.cost > 0


@pytest.mark.parametrize(
    ("suffix", "status", "reason"),
    [
        ("9901", "completed", ""),
        ("9902", "busy", ""),
        ("9903", "no_answer", ""),
        ("9904", "failed", "place_rejected"),
        ("9911", "failed", "vendor_error"),
    ],
)
def test_magic_numbers_end_as_promised(
    sandbox: Sandbox, dial: Run, read_back: Run, suffix: str, status: str, reason: str
) -> None:
    call = single(sandbox.provider(), f"+98912123{suffix}")
    dial(2)
    read_back(6)
    call.refresh_from_db()
    assert call.status == status
    if reason:
        assert call.failure_reason in {reason, "invalid_number"}
        assert call.failure_detail


def test_an_order_lost_after_acceptance_is_bound_by_the_list_and_never_sent_again(
    sandbox: Sandbox, dial: Run, read_back: Run
) -> None:
    provider = sandbox.provider()
    lost = single(provider, "+989121239907")
    for number in range(3):
        single(provider, f"+98912555{number:04d}")
    dial(2)
    lost.refresh_from_db()
    assert lost.status == "unknown"
    read_back(12)
    lost.refresh_from_db()
    assert lost.status in {"completed", "no_answer", "busy"}
    assert {"outcome_unknown"} <= {event.code for event in lost.events.all()}
    assert sandbox.dials_of(lost.to_number) == 1


def test_an_order_lost_before_acceptance_is_held_only_after_two_trusted_looks(
    sandbox: Sandbox, dial: Run, read_back: Run
) -> None:
    provider = sandbox.provider()
    lost = single(provider, "+989121239906")
    known = single(provider, "+989125550001")
    dial(2)
    read_back(4)
    lost.refresh_from_db()
    assert lost.status == "unknown"
    # The clock cannot be hurried through half an hour of settling here: the look itself is tested in test_settling.
    known.refresh_from_db()
    assert known.remote_id
    assert sandbox.dials_of(lost.to_number) == 0


def test_stop_all_lets_nothing_leave(sandbox: Sandbox, dial: Run) -> None:
    DialingSwitch.objects.update(stopped_at="2026-01-01T00:00:00Z")
    call = single(sandbox.provider(), "+989121239901")
    dial(1)
    call.refresh_from_db()
    assert call.status == "pending"
    assert sandbox.dialed == []


def test_a_missing_switch_row_counts_as_stopped(sandbox: Sandbox, dial: Run) -> None:
    DialingSwitch.objects.all().delete()
    single(sandbox.provider(), "+989121239901")
    dial(0.7)
    assert sandbox.dialed == []


def test_an_opt_out_after_the_launch_is_seen_at_the_commit_point(sandbox: Sandbox, dial: Run) -> None:
    call = single(sandbox.provider(), "+989121239901")
    DoNotCall.objects.create(phone=call.to_number, reason="asked")
    dial(1)
    call.refresh_from_db()
    assert (call.status, call.skip_reason) == ("skipped", "do_not_call")
    assert sandbox.dialed == []


def test_a_dead_key_halts_the_provider_and_uses_up_nobody(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider(secrets={"api_key": "a-dead-key-0000000000"})
    calls = [single(provider, f"+98912555{number:04d}") for number in range(5)]
    dial(1)
    provider.refresh_from_db()
    assert provider.halted_at
    assert {Call.objects.get(pk=call.pk).status for call in calls} == {"pending"}
    assert sandbox.dialed == []


def test_a_documented_429_slows_the_provider_and_loses_nobody(sandbox: Sandbox, dial: Run, read_back: Run) -> None:
    call = single(sandbox.provider(), "+989121239905")
    dial(6)
    read_back(4)
    call.refresh_from_db()
    assert call.status == "completed"
    assert sandbox.dials_of(call.to_number) == 1
    assert "rate_limited" in {event.code for event in call.events.all()}


def test_an_unreachable_vendor_opens_the_breaker_and_the_calls_wait(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider()
    calls = [single(provider, f"+98912555{number:04d}") for number in range(12)]
    sandbox.server.stop()
    dial(2, until=Provider.objects.exclude(breaker_opened_at=None).exists)
    provider.refresh_from_db()
    assert provider.breaker_opened_at
    states = Counter(Call.objects.filter(pk__in=[c.pk for c in calls]).values_list("status", flat=True))
    assert states == {"pending": 12}


def test_lines_are_kept(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider(max_lines=2)
    for number in range(6):
        single(provider, f"+98912555{number:04d}")
    dial(0.8)
    # Nobody reads states back here, so both lines stay taken.
    assert len(sandbox.dialed) == 2


def test_pace_is_kept(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider(calls_per_minute=60)
    for number in range(20):
        single(provider, f"+98912555{number:04d}")
    dial(2.2)
    # A burst of three, then 57 a minute.
    assert 4 <= len(sandbox.dialed) <= 6


def test_two_slices_at_once_ring_nobody_twice(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider()
    for number in range(30):
        single(provider, f"+98912555{number:04d}")
    dial(1.5)
    dial(1.0)
    counts = Counter(entry["to_number"] for entry in sandbox.dialed)
    assert len(counts) == 30
    assert set(counts.values()) == {1}


def test_a_campaign_is_filled_and_dialed(sandbox: Sandbox, dial: Run, read_back: Run, manager: object) -> None:
    provider = sandbox.provider()
    people = make_list(people=25)
    campaign = make_campaign([people], provider=provider, agent=provider.agent_set.first(), max_attempts=1, **ALL_DAY)
    start.launch(campaign.pk, manager)  # type: ignore[arg-type]
    dial(3)
    read_back(6)
    states = Counter(campaign.calls.values_list("status", flat=True))
    assert sum(states.values()) == 25
    assert set(states) <= {"completed", "no_answer", "busy"}, states
    assert len(sandbox.dialed) == 25


def test_busy_leads_to_another_attempt(sandbox: Sandbox, dial: Run, read_back: Run, manager: object) -> None:
    provider = sandbox.provider()
    people = make_list()
    contact = make_contact(phone="+989121239902")
    people.memberships.create(contact=contact)
    campaign = make_campaign(
        [people],
        provider=provider,
        agent=provider.agent_set.first(),
        max_attempts=2,
        retries={"busy": [10]},
        **ALL_DAY,
    )
    start.launch(campaign.pk, manager)  # type: ignore[arg-type]
    dial(2)
    read_back(5)
    attempts = list(campaign.calls.order_by("attempt").values_list("attempt", "status", "wait_reason"))
    assert attempts == [(1, "busy", ""), (2, "pending", "retry")]


def test_orders_stand_in_the_providers_log_by_their_call(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider()
    calls = [single(provider, f"+98912123991{number}") for number in range(3)]
    dial()
    lines = {line.reference: line for line in provider.exchanges.filter(what="place_call")}
    assert set(lines) == {call.reference for call in calls}
    line = lines[calls[0].reference]
    assert (line.method, line.http_status, line.outcome) == ("POST", 200, "ok")
    assert line.sent
    assert calls[0].to_number[1:] not in line.sent + line.answered


def test_an_order_that_is_refused_is_logged_with_what_the_vendor_said(sandbox: Sandbox, dial: Run) -> None:
    provider = sandbox.provider()
    call = single(provider, "+989121239901")
    sandbox.server.world.faults.add({"mode": "400"})
    dial()
    line = provider.exchanges.get(reference=call.reference)
    assert line.http_status == 400
    assert line.answered


def test_the_log_of_orders_is_bounded_and_pushes_no_errand_out(
    sandbox: Sandbox, dial: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exchanges, "KEPT_ORDERS", 2)
    provider = sandbox.provider()
    Provider.objects.note_exchange(provider.pk, what="check_credentials", method="GET", path="/user/me")
    for number in range(5):
        single(provider, f"+98912123992{number}")
    dial()
    assert provider.exchanges.filter(what="place_call").count() == 2
    assert provider.exchanges.filter(what="check_credentials").count() == 1


def test_orders_are_committed_ahead_only_at_a_vendor_that_answers_quickly(sandbox: Sandbox) -> None:
    lane = Lane(sandbox.provider(max_lines=20), lambda _provider, _landed: None)
    lane.lines = 10

    def round_with(orders: int, took: float) -> int:
        lane.in_flight = 10
        for _order in range(orders):
            lane.take_back(took)
        lane.look_ahead()
        return lane.idle - orders

    assert round_with(4, 0.1) == 24
    assert round_with(40, 0.1) == 30, "never more than three times the lines"
    assert round_with(4, 3.0) == 0
    assert round_with(4, 0.1) == 24


def test_a_read_that_fails_is_logged_and_those_that_go_well_are_not(
    sandbox: Sandbox, dial: Run, read_back: Run
) -> None:
    broken, well = sandbox.provider(), sandbox.provider("voicy")
    call = single(broken, "+989121239901")
    single(well, "+989121239902")
    dial()
    broken.secrets = {"api_key": "not-the-key"}
    broken.save(update_fields=["secrets"])
    Call.objects.update(next_poll_at=timezone.now())
    read_back(0.5)
    line = broken.exchanges.filter(what="fetch_calls").latest("pk")
    assert line.http_status == 403
    call.refresh_from_db()
    assert call.remote_id
    assert call.remote_id not in line.path
    assert not well.exchanges.filter(what="fetch_calls").exists()
