"""How many slices live at once: one that only waits for another's work gives its place in the queue away."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from campaigns.core import leases
from campaigns.core.leases import Kind
from campaigns.dialing import dispatcher, order_results, reservation
from campaigns.dialing.order_results import OrderAnswer
from campaigns.models import Call
from campaigns.tracking import polling
from providers.models import Provider
from providers.types import CallOrder, CallStatus, PlacedCall
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_provider
from tests.situations import single

pytestmark = pytest.mark.django_db

Slice = dispatcher.DispatchSlice | polling.PollSlice


def make_work(kind: Kind, due_in: float) -> Provider:
    """Make a provider with one call to place, or to ask for, in so many seconds."""
    provider = make_provider()
    at = timezone.now() + datetime.timedelta(seconds=due_in)
    if kind == "dispatch":
        make_call(provider=provider, due_at=at)
    else:
        make_call(provider=provider, status="dialing", remote_id=uuid.uuid4().hex, next_poll_at=at)
    return provider


@contextmanager
def slice_of(kind: Kind) -> Iterator[Slice]:
    current: Slice = dispatcher.DispatchSlice(60, lambda: None) if kind == "dispatch" else polling.PollSlice(60)
    yield current
    if isinstance(current, dispatcher.DispatchSlice):
        current.let_go()
    current.finish()


def holder_of(provider: Provider, kind: Kind) -> object:
    provider.refresh_from_db()
    return getattr(provider, f"{kind}_lease")


@pytest.fixture(params=["dispatch", "poll"])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


def test_a_slice_that_waits_holds_the_lease(kind: Kind) -> None:
    provider = make_work(kind, due_in=10)
    with slice_of(kind) as current:
        assert current.round()
        assert holder_of(provider, kind) == current.token
    assert holder_of(provider, kind) is None


def test_a_second_slice_ends_once_the_first_was_seen_alive(kind: Kind) -> None:
    provider, first = make_work(kind, due_in=10), uuid.uuid4()
    assert leases.take(kind, provider.pk, first, timezone.now())
    with slice_of(kind) as second:
        assert second.round(), "the first may be dead: nobody saw it renew its lease yet"
        assert leases.take(kind, provider.pk, first, timezone.now() + datetime.timedelta(seconds=leases.RENEW_SECONDS))
        assert not second.round()


def test_the_work_of_a_dead_slice_is_taken_over(kind: Kind) -> None:
    provider, dead = make_work(kind, due_in=10), uuid.uuid4()
    assert leases.take(kind, provider.pk, dead, timezone.now())
    with slice_of(kind) as second:
        assert second.round()
        leases.take(kind, provider.pk, dead, timezone.now() - leases.LEASE - datetime.timedelta(seconds=1))
        if isinstance(second, dispatcher.DispatchSlice):
            second.looked_at = 0.0
        assert second.round()
        assert holder_of(provider, kind) == second.token


@pytest.mark.parametrize(("slices", "is_taken"), [(1, False), (2, True)])
def test_no_more_slices_than_the_setting_says(kind: Kind, settings: Settings, slices: int, is_taken: bool) -> None:
    settings.SLICES = slices
    busy, free = make_work(kind, due_in=10), make_work(kind, due_in=10)
    assert leases.take(kind, busy.pk, uuid.uuid4(), timezone.now())
    with slice_of(kind) as second:
        assert second.round()
        assert (holder_of(free, kind) == second.token) is is_taken


def test_a_lane_without_a_free_line_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_work("dispatch", due_in=10)
    with slice_of("dispatch") as current:
        assert isinstance(current, dispatcher.DispatchSlice)
        assert current.round()
        before = until_of(provider)
        (lane,) = current.lanes.values()
        monkeypatch.setattr(lane, "in_flight", lane.lines)
        lane.renewed_at -= leases.RENEW_SECONDS
        current.pass_calls(lane)
        assert until_of(provider) > before
        lane.in_flight = 0


@pytest.mark.parametrize("is_lost", [False, True], ids=["the line is busy", "the lease is another slice's"])
def test_calls_that_cannot_leave_are_given_back_whole(settings: Settings, is_lost: bool) -> None:
    """What is only forgotten can be reserved by nobody for half a minute: one line did a fifth of its pace."""
    settings.SINGLE_CALL_HOURS = "00:00-00:00"
    provider = make_provider(max_lines=1)
    make_call(provider=provider, status="in_progress", rank=50, remote_id="a", placing_at=timezone.now())
    for _ in range(5):
        make_call(provider=provider, due_at=timezone.now())
    with slice_of("dispatch") as current:
        assert isinstance(current, dispatcher.DispatchSlice)
        current.open_lanes()
        (lane,) = current.lanes.values()
        lane.reserved.extend(reservation.reserve(provider.pk, current.token, 5, timezone.now()))
        if is_lost:
            Provider.objects.update(dispatch_lease=uuid.uuid4())
            lane.renewed_at -= leases.RENEW_SECONDS
        assert len(lane.reserved) == 5
        assert current.pass_calls(lane) == 0
        assert not lane.reserved
        assert not Call.objects.exclude(lease=None).exists()
        assert lane.next_wanted() == (32 if is_lost else 1), "while nobody passes, one a line is enough to see"


def until_of(provider: Provider) -> datetime.datetime:
    provider.refresh_from_db()
    assert provider.dispatch_lease_until is not None
    return provider.dispatch_lease_until


def test_the_successor_is_rung_for_after_the_leases_are_free(monkeypatch: pytest.MonkeyPatch) -> None:
    provider = make_work("dispatch", due_in=10)
    held: list[object] = []
    ring: Callable[[], None] = lambda: held.append(holder_of(provider, "dispatch"))  # noqa: E731
    monkeypatch.setattr(dispatcher, "LOOK_SECONDS", 0.01)
    dispatcher.run_slice(on_placed=lambda: None, on_remaining=ring, seconds=0.2)
    assert held == [None]


def test_a_poll_slice_goes_on_while_a_call_is_open_or_an_order_is_out() -> None:
    """What it leaves alone waits for the schedule of every minute: an end was seen most of a minute late."""
    make_work("poll", due_in=58)
    with slice_of("poll") as current:
        assert current.round()
    Call.objects.all().delete()
    make_call(provider=make_provider(), status="placing", rank=10, placing_at=timezone.now())
    with slice_of("poll") as current:
        assert current.round()


def test_a_poll_slice_waits_less_where_no_process_is_left(settings: Settings) -> None:
    settings.WORKERS = 2
    make_work("poll", due_in=58)
    with slice_of("poll") as current:
        assert not current.round()


def test_a_poll_slice_ends_where_nothing_is_out() -> None:
    make_work("poll", due_in=200)
    with slice_of("poll") as current:
        assert not current.round()


@contextmanager
def placing(rung: list[str]) -> Iterator[tuple[dispatcher.DispatchSlice, Callable[[], None]]]:
    """Yield a slice that notes its nudges for polls in `rung`, and what lets it write one placed call."""
    provider = make_provider()
    current = dispatcher.DispatchSlice(60, lambda: rung.append("poll"))
    placed = OrderAnswer(
        call_id=1,
        order=CallOrder(reference=uuid.uuid4(), to_number="+989121234567"),
        result=PlacedCall(remote_id="call-1", raw_status="queued", status=CallStatus.QUEUED),
    )
    yield current, lambda: current.note_written(provider.pk, [placed])
    current.finish()


def test_polls_are_rung_for_while_calls_are_placed_not_once_a_slice() -> None:
    rung: list[str] = []
    with placing(rung) as (current, place):
        place()
        place()
        assert len(rung) == 1, "many calls in a moment ring once"
        current.rang_at -= dispatcher.RING_SECONDS
        place()
        assert len(rung) == 2


def test_polls_are_rung_for_though_no_other_call_is_placed() -> None:
    """With one line the next answer comes only when this call's end was read: by the schedule of every minute."""
    rung: list[str] = []
    with placing(rung) as (current, place):
        place()
        place()
        provider, poller = Provider.objects.get(), uuid.uuid4()
        assert leases.take("poll", provider.pk, poller, timezone.now())
        current.rang_at -= dispatcher.SOON_SECONDS
        current.round()
        assert len(rung) == 1, "the one that polls may see the call, too"
        leases.release("poll", provider.pk, poller)
        current.checked_at = 0.0
        current.round()
        assert len(rung) == 2, "it had ended before the order left"
        assert leases.take("poll", provider.pk, poller, timezone.now())
        place()
        current.rang_at -= dispatcher.RING_SECONDS
        current.round()
        assert len(rung) == 3
        current.round()
        assert len(rung) == 3


def test_polls_are_rung_for_at_the_end_of_a_slice() -> None:
    rung: list[str] = []
    with placing(rung) as (_current, place):
        place()
        place()
    assert len(rung) == 2


# A surprise in one provider's part


def fail_for(provider: Provider, real: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that raises where it is asked about this provider."""

    def act(provider_id: int, *rest: Any, **more: Any) -> Any:
        if provider_id == provider.pk:
            raise RuntimeError("a surprise")
        return real(provider_id, *rest, **more)

    return act


def test_a_lane_that_cannot_commit_stops_alone(sandbox: Sandbox, dial: Callable[..., None], monkeypatch: Any) -> None:
    ill, well = sandbox.provider(name="Ill"), sandbox.provider("voicy", name="Well")
    calls = [single(provider, f"+98912123990{n}") for n, provider in enumerate((ill, well))]
    monkeypatch.setattr(dispatcher, "commit_calls", fail_for(ill, dispatcher.commit_calls))
    dial(1.5)
    assert [Call.objects.get(pk=call.pk).status == "pending" for call in calls] == [True, False]
    ill.refresh_from_db()
    assert ill.last_error == "No call can be committed: RuntimeError."
    assert ill.dispatch_lease is None


def test_an_answer_that_cannot_be_written_leaves_its_call_unknown(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: Any
) -> None:
    provider, well = sandbox.provider(name="Ill"), sandbox.provider("voicy", name="Well")
    odd, even, other = [single(one, f"+98912123{n}") for n, one in ((9911, provider), (9901, provider), (9901, well))]
    Call.objects.filter(pk=other.pk).update(to_number="+989125559901")
    real = order_results._write_placed

    def fails(answers: Any, now: Any) -> Any:
        if any(answer.call_id == odd.pk for answer in answers):
            raise ValueError("A string literal cannot contain NUL (0x00) characters.")
        return real(answers, now)

    monkeypatch.setattr(order_results, "_write_placed", fails)
    dial(2.0)
    states = {call.pk: Call.objects.get(pk=call.pk) for call in (odd, even, other)}
    assert states[odd.pk].status == "unknown"
    assert "ValueError" in states[odd.pk].failure_detail
    assert states[even.pk].remote_id
    assert states[other.pk].remote_id
    assert len(sandbox.dialed) == 3


def test_what_cannot_be_written_postpones_one_provider(
    sandbox: Sandbox, dial: Callable[..., None], read_back: Callable[..., None], monkeypatch: Any
) -> None:
    ill, well = sandbox.provider(name="Ill"), sandbox.provider("voicy", name="Well")
    calls = [single(provider, f"+98912123990{n}") for n, provider in enumerate((ill, well), 1)]
    dial(1.5)
    Call.objects.update(next_poll_at=timezone.now())
    monkeypatch.setattr(polling, "news_of", fail_for(ill, polling.news_of))
    read_back(4.0)
    first, second = (Call.objects.get(pk=call.pk) for call in calls)
    assert first.status == "queued"
    assert first.next_poll_at is not None
    assert second.polls > 0 or second.is_final
    ill.refresh_from_db()
    assert ill.last_error_kind == "BackendFailed"
