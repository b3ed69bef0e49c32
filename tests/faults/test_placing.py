"""The placing path against small faults, in this process: each test fails where its one defence is taken away."""

from __future__ import annotations

import datetime
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from campaigns.core.clock import DatabaseClock
from campaigns.dialing import commit_point, dispatcher, order_results, reservation
from campaigns.dialing.order_results import OrderAnswer
from campaigns.launch import lifecycle
from campaigns.models import Call, Campaign, DialingSwitch
from campaigns.tracking import due_reads, stuck_calls
from providers import pace
from providers.exceptions import (
    CredentialsRejected,
    NotSent,
    OrderRejected,
    OutcomeUnknown,
    OutOfCredit,
    ProviderError,
    RateLimited,
)
from providers.models import Provider
from providers.types import CallOrder, CallStatus, PlacedCall
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_provider
from tests.orders import order_for
from tests.situations import LeasedProvider, single

CLOCK = DatabaseClock()
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def stage(db: None) -> LeasedProvider:
    return LeasedProvider()


def order(call: Call) -> CallOrder:
    return order_for(call)


def answer(call: Call, result: PlacedCall | ProviderError) -> None:
    """Write one answer as the slice does, and read the row back."""
    answers = [OrderAnswer(call_id=call.pk, order=order(call), result=result)]
    order_results.write_answers(call.provider_id, answers, timezone.now())
    call.refresh_from_db()


def placing(**fields: Any) -> Call:
    now = timezone.now()
    return make_call(
        **({"status": "placing", "rank": 10, "placing_at": now, "deadline_at": now + 90 * SECOND} | fields)
    )


TAKEN = PlacedCall(remote_id="call-1", raw_status="queued", status=CallStatus.QUEUED)


# What an answer leads to


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotSent("no connection"), "pending"),
        (RateLimited("slow", retry_after=7), "pending"),
        (CredentialsRejected("dead key"), "pending"),
        (OutOfCredit("empty"), "pending"),
        (OrderRejected("no"), "failed"),
        (OutcomeUnknown("500"), "unknown"),
        (ProviderError("something new"), "unknown"),
    ],
)
def test_each_answer_leads_to_its_state(transactional_db: None, error: ProviderError, status: str) -> None:
    call = placing()
    answer(call, error)
    assert call.status == status
    if status == "pending":
        assert (call.placing_at, call.lease, call.attempt) == (None, None, 1)


@pytest.mark.parametrize("status", ["unknown", "queued", "completed", "failed"])
@pytest.mark.parametrize("error", [NotSent("x"), RateLimited("x"), CredentialsRejected("x"), OrderRejected("x")])
def test_a_late_answer_returns_no_call_that_has_moved_on(
    transactional_db: None, status: str, error: ProviderError
) -> None:
    call = placing(status=status, rank=30, remote_id="" if status == "unknown" else "call-1")
    answer(call, error)
    assert call.status == status


def test_a_late_good_answer_resolves_an_unknown_and_moves_nothing_back(transactional_db: None) -> None:
    lost = placing(status="unknown", rank=20)
    answer(lost, TAKEN)
    assert (lost.status, lost.remote_id) == ("queued", "call-1")
    over = placing(status="completed", rank=90, provider=lost.provider, remote_id="call-2")
    answer(over, PlacedCall(remote_id="call-3", raw_status="queued", status=CallStatus.QUEUED))
    assert (over.status, over.remote_id) == ("completed", "call-2")


def test_one_vendor_id_for_two_numbers_is_refused_the_second_time(transactional_db: None) -> None:
    first = placing(status="ringing", rank=50, remote_id="call-1")
    second = placing(provider=first.provider)
    answer(second, TAKEN)
    assert (second.status, second.remote_id) == ("unknown", "")
    assert "another call" in second.failure_detail


@pytest.mark.parametrize(("asked", "waits"), [(1.0, 1), (7.5, 7.5), (10**9, 3600), (-5.0, 0)])
def test_retry_after_slows_the_whole_provider_an_hour_at_most(
    transactional_db: None, asked: float, waits: float
) -> None:
    call = placing()
    before = timezone.now()
    answer(call, RateLimited("slow", retry_after=asked))
    provider = Provider.objects.get(pk=call.provider_id)
    assert provider.slow_until
    assert 0 <= (provider.slow_until - before).total_seconds() - waits < 2
    assert 0 <= (call.due_at - before).total_seconds() - waits < 2


def test_a_slowed_provider_commits_nothing(stage: LeasedProvider) -> None:
    call = stage.call()
    Provider.objects.filter(pk=stage.provider.pk).update(slow_until=timezone.now() + 60 * SECOND)
    assert not stage.commit(call).committed
    assert call.status == "pending"


# The commit point


def test_a_row_that_changes_between_the_look_and_the_write_does_not_pass(
    stage: LeasedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, left = stage.call(), stage.call()
    write = commit_point._Batch.write

    def write_late(batch: Any, token: uuid.UUID) -> None:
        Call.objects.filter(pk=taken.pk).update(status="canceled", rank=80)
        write(batch, token)

    monkeypatch.setattr(commit_point._Batch, "write", write_late)
    passed = {committed.call_id for committed in stage.commit(taken, left).committed}
    assert passed <= {left.pk}
    assert taken.pk not in passed


def test_somebody_elses_reservation_between_the_look_and_the_write_does_not_pass(
    stage: LeasedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = stage.call()
    write = commit_point._Batch.write

    def write_late(batch: Any, token: uuid.UUID) -> None:
        Call.objects.filter(pk=call.pk).update(lease=uuid.uuid4())
        write(batch, token)

    monkeypatch.setattr(commit_point._Batch, "write", write_late)
    assert not stage.commit(call).committed


@pytest.mark.parametrize("stop", ["pause", "stop_all", "halt", "freeze", "start", "opt_out"])
def test_a_stop_between_reservation_and_commit_point_holds(stage: LeasedProvider, stop: str) -> None:
    call = stage.call()
    ids = reservation.reserve(stage.provider.pk, stage.token, 10, timezone.now())
    assert ids == [call.pk]
    match stop:
        case "pause":
            lifecycle.pause_by_system(stage.campaign.pk, "a test")
        case "stop_all":
            DialingSwitch.objects.update(stopped_at=timezone.now())
        case "halt":
            Provider.objects.halt(stage.provider.pk, "a test")
        case "freeze":
            Provider.objects.freeze(stage.provider.pk, "a restored backup")
        case "start":
            Provider.objects.ask_comparison(timezone.now())
        case "opt_out":
            from campaigns.contacts.do_not_call import forbid

            forbid(call.to_number, reason="asked", source="person")
    result = commit_point.commit_calls(stage.provider.pk, stage.token, ids, 10, CLOCK)
    assert result.committed == []


def test_what_the_database_does_not_answer_is_a_no(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: Any
) -> None:
    call = single(sandbox.provider(), "+989121239901")
    tries = []

    def away(*_arguments: Any) -> bool:
        tries.append(1)
        raise OperationalError("disk full")

    monkeypatch.setattr(commit_point.stop_all, "pass_gate", away)
    dial(1.5)
    call.refresh_from_db()
    assert tries
    assert call.status == "pending"
    assert sandbox.dialed == []


def test_an_answer_that_cannot_be_written_leaves_the_call_to_the_settling(
    sandbox: Sandbox, dial: Callable[..., None], read_back: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    call = single(sandbox.provider(), "+989121239901")
    real = order_results.write_in_transaction

    def away(*_arguments: Any) -> None:
        raise OperationalError("disk full")

    monkeypatch.setattr(order_results, "write_in_transaction", away)
    monkeypatch.setattr(dispatcher.DispatchSlice, "_until_done", lambda self, act, tries=60: _try_once(self, act))
    dial(1.0)
    call.refresh_from_db()
    assert call.status == "placing"
    monkeypatch.setattr(order_results, "write_in_transaction", real)
    Call.objects.filter(pk=call.pk).update(deadline_at=timezone.now() - SECOND)
    assert stuck_calls.free_the_stuck(timezone.now()) == 1
    dial(1.0)
    read_back(4)
    call.refresh_from_db()
    assert call.remote_id
    assert sandbox.dials_of(call.to_number) == 1


def _try_once(current: dispatcher.DispatchSlice, act: Callable[[], None]) -> None:
    try:
        act()
    except OperationalError:
        current.unwritten.clear()


def test_a_whole_host_that_dies_goes_on_where_it_was(sandbox: Sandbox, dial: Callable[..., None]) -> None:
    """Ten minutes later: what was out is unknown, what waited is dialled, leases of the dead bar nobody."""
    provider = sandbox.provider()
    dead = uuid.uuid4()
    ago = timezone.now() - datetime.timedelta(minutes=10)
    out = placing(provider=provider, to_number="+989121230001", placing_at=ago, deadline_at=ago + 90 * SECOND)
    waits = single(provider, "+989121239901")
    Call.objects.filter(pk=waits.pk).update(lease=dead, lease_until=ago + 30 * SECOND)
    Provider.objects.filter(pk=provider.pk).update(dispatch_lease=dead, dispatch_lease_until=ago + 12 * SECOND)
    dial(1.5)
    out.refresh_from_db()
    waits.refresh_from_db()
    assert out.status == "unknown"
    assert waits.remote_id
    assert sandbox.dials_of(out.to_number) == 0


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_jumps_dials_nobody_twice(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Two hosts whose clocks differ by hours: leases are merely early or late, the compare-and-set decides."""
    provider = sandbox.provider()
    calls = [single(provider, f"+98912555{number:04d}") for number in range(6)]
    dial(0.8)
    jump = datetime.timedelta(hours=hours)
    monkeypatch.setattr(DatabaseClock, "now", lambda self: timezone.now() + jump)
    dial(0.8)
    monkeypatch.undo()
    dial(0.8)
    assert all(sandbox.dials_of(call.to_number) <= 1 for call in calls)
    assert len(sandbox.dialed) == 6


# The breaker


def test_three_unknowns_in_a_row_open_the_breaker_and_nobody_is_probed_with(
    sandbox: Sandbox, dial: Callable[..., None]
) -> None:
    provider = sandbox.provider(max_lines=1)
    calls = [single(provider, f"+98912555{number:04d}") for number in range(10)]
    sandbox.server.world.faults.add({"mode": "503", "on": "all", "share": 1.0})
    Provider.objects.filter(pk=provider.pk).update(max_call_seconds=0)
    dial(3)
    provider.refresh_from_db()
    states = [Call.objects.get(pk=call.pk).status for call in calls]
    assert provider.breaker_opened_at
    assert states.count("unknown") == 3
    assert states.count("pending") == 7
    sandbox.server.world.faults.clear()
    Provider.objects.filter(pk=provider.pk).update(breaker_probe_at=timezone.now())
    dial(2)
    provider.refresh_from_db()
    assert provider.breaker_opened_at is None


# One process, several threads


@pytest.mark.django_db(transaction=True)
def test_the_same_nudge_ten_times_dials_once(sandbox: Sandbox) -> None:
    provider = sandbox.provider()
    calls = [single(provider, f"+98912555{number:04d}") for number in range(12)]
    if connection.vendor == "sqlite":
        pytest.skip("threads share SQLite's one connection in memory; the worker processes show it there")
    threads = [threading.Thread(target=_slice_and_close) for _number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [sandbox.dials_of(call.to_number) for call in calls] == [1] * 12


def _slice_and_close() -> None:
    try:
        dispatcher.run_slice(on_placed=lambda: None, on_remaining=lambda: None, seconds=1.5)
    finally:
        connection.close()


def test_reads_alone_never_dial(sandbox: Sandbox, read_back: Callable[..., None]) -> None:
    single(sandbox.provider(), "+989121239901")
    read_back(0.5)
    due_reads.has_due(timezone.now())
    assert sandbox.dialed == []


def test_a_campaign_that_ended_in_between_keeps_its_reserved_calls_from_leaving(stage: LeasedProvider) -> None:
    call = stage.call()
    ids = reservation.reserve(stage.provider.pk, stage.token, 10, timezone.now())
    Campaign.objects.update(status="stopped")
    assert commit_point.commit_calls(stage.provider.pk, stage.token, ids, 10, CLOCK).committed == []
    call.refresh_from_db()
    assert call.status == "pending"


def test_an_order_never_leaves_inside_somebodys_transaction(transactional_db: None) -> None:
    call = placing(provider=make_provider())
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        order_results.write_answers(
            call.provider_id, [OrderAnswer(call_id=call.pk, order=order(call), result=TAKEN)], CLOCK.now()
        )


@pytest.mark.parametrize("cap", [60, 120, 600])
def test_no_minute_of_a_greedy_dialler_holds_more_than_the_cap(cap: int) -> None:
    now, tat, left_at = 1_000_000.0, 0.0, []
    while now < 1_000_180.0:
        taken = pace.take(tat, now, cap, 50)
        tat = taken.tat
        left_at += [now] * taken.count
        now += 0.1
    assert max(sum(begin <= at < begin + 60 for at in left_at) for begin in left_at[:: max(1, cap // 30)]) <= cap
