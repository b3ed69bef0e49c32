"""Dispatch and poll slices of two hosts: both serve, what one gives up loses no order, and a dead one's work moves."""

from __future__ import annotations

import datetime
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from campaigns import minute_job, queue
from campaigns.core import hosts, leases, sharing
from campaigns.core.clock import DatabaseClock
from campaigns.core.leases import Kind
from campaigns.dialing import dispatcher, reservation
from campaigns.dialing.commit_point import commit_calls
from campaigns.models import Call, DialingSwitch, RunningSlice
from campaigns.tracking import polling
from providers.models import Provider
from tests.campaigns.conftest import Sandbox
from tests.conftest import make_call, make_phone, make_provider
from tests.situations import single
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db

Slice = dispatcher.DispatchSlice | polling.PollSlice
Start = Callable[[str], Slice]
HOSTS = ("north", "south")


@pytest.fixture(params=["dispatch", "poll"])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setattr(sharing, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(dispatcher, "LOOK_SECONDS", 0.0)
    noted: list[str] = []
    monkeypatch.setattr(queue, "nudge_dispatch", lambda: noted.append("dispatch"))
    monkeypatch.setattr(queue, "nudge_poll", lambda: noted.append("poll"))
    return noted


@pytest.fixture
def start(kind: Kind, settings: Settings) -> Iterator[Start]:
    started: list[Slice] = []

    def begin(host: str) -> Slice:
        settings.HOST_NAME = host
        hosts.begin(host)
        made = dispatcher.DispatchSlice(60, lambda: None) if kind == "dispatch" else polling.PollSlice(60)
        started.append(made)
        return made

    yield begin
    for current in started:
        if isinstance(current, dispatcher.DispatchSlice):
            current.let_go()
        current.finish()


def make_work(kind: Kind, due_in: float = 10.0) -> Provider:
    """Make a provider with one call that is due in so many seconds."""
    provider = make_provider()
    at = timezone.now() + datetime.timedelta(seconds=due_in)
    if kind == "dispatch":
        make_call(provider=provider, due_at=at)
    else:
        make_call(provider=provider, status="dialing", remote_id=uuid.uuid4().hex, next_poll_at=at)
    return provider


def holders(kind: Kind) -> Counter[object]:
    return Counter(Provider.objects.exclude(**{f"{kind}_lease": None}).values_list(f"{kind}_lease", flat=True))


def test_two_hosts_share_four_providers_and_keep_them(start: Start, kind: Kind) -> None:
    for _number in range(4):
        make_work(kind)
    north = start("north")
    assert north.round()
    south = start("south")
    assert north.round()
    for _round in range(6):
        assert south.round()
        assert north.round()
    even = {north.token: 2, south.token: 2}
    assert holders(kind) == even
    before = dict(Provider.objects.values_list("pk", f"{kind}_lease"))
    for _round in range(4):
        assert south.round()
        assert north.round()
    assert dict(Provider.objects.values_list("pk", f"{kind}_lease")) == before


def test_a_host_that_ends_leaves_its_providers_to_the_other(start: Start, kind: Kind) -> None:
    for _number in range(4):
        make_work(kind)
    north = start("north")
    north.round()
    south = start("south")
    for _round in range(6):
        north.round()
        south.round()
    if isinstance(south, dispatcher.DispatchSlice):
        south.let_go()
    south.finish()
    assert not RunningSlice.objects.filter(pk=south.token).exists()
    north.round()
    assert holders(kind) == {north.token: 4}


def test_a_dead_hosts_providers_move_when_its_leases_lapse(start: Start, kind: Kind) -> None:
    for _number in range(4):
        make_work(kind)
    north = start("north")
    north.round()
    south = start("south")
    for _round in range(6):
        north.round()
        south.round()
    lapsed = DatabaseClock().now() - datetime.timedelta(seconds=1)
    Provider.objects.filter(**{f"{kind}_lease": north.token}).update(**{f"{kind}_lease_until": lapsed})
    RunningSlice.objects.filter(pk=north.token).update(seen_at=lapsed - leases.LEASE)
    south.round()
    assert holders(kind) == {south.token: 4}


def test_a_slice_without_a_provider_ends_after_a_moment(
    start: Start, kind: Kind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other host is alive and gives nothing: an older version, which knows of no sharing."""
    first, second, other = make_work(kind), make_work(kind), uuid.uuid4()
    hosts.begin("north")
    RunningSlice.objects.create(token=other, kind=kind, host="north", seen_at=timezone.now())
    for provider in (first, second):
        assert leases.take(kind, provider.pk, other, timezone.now())
    south = start("south")
    assert south.round()
    for provider in (first, second):
        leases.take(kind, provider.pk, other, timezone.now() + datetime.timedelta(seconds=leases.RENEW_SECONDS))
    assert south.round(), "it waits to be given one"
    monkeypatch.setattr(sharing, "WAIT_SECONDS", 0.0)
    assert south.round(), "nobody saw yet that the other renews its leases"
    for provider in (first, second):
        leases.take(kind, provider.pk, other, timezone.now() + datetime.timedelta(seconds=2 * leases.RENEW_SECONDS))
    assert not south.round()


def test_work_that_nobody_serves_is_rung_for(kind: Kind, rung: list[str]) -> None:
    provider = make_work(kind, due_in=-1)
    minute_job.ring_for_unserved()
    assert rung == [kind]
    assert leases.take(kind, provider.pk, uuid.uuid4(), timezone.now())
    minute_job.ring_for_unserved()
    assert rung == [kind]


# With orders


@pytest.fixture
def north(settings: Settings, sandbox: Sandbox) -> Iterator[dispatcher.DispatchSlice]:
    """Let a slice of one host take two providers, beside a slice of another that has none."""
    settings.HOST_NAME = "north"
    for name in HOSTS:
        hosts.begin(name)
    current = dispatcher.DispatchSlice(60, lambda: None)
    yield current
    current.let_go()
    current.finish()


def turn(north: dispatcher.DispatchSlice, is_done: Callable[[], bool]) -> None:
    """Let a slice go on until something has come about."""
    wait_until(is_done, step=north.round)


def give_one(north: dispatcher.DispatchSlice) -> tuple[dispatcher.Lane, uuid.UUID]:
    """Let `north` give a provider to a slice of the other host; returns its lane, and the other slice."""
    heir = uuid.uuid4()
    RunningSlice.objects.create(token=heir, kind="dispatch", host="south", seen_at=timezone.now())
    north.hand_over()
    (given,) = [lane for lane in north.lanes.values() if not lane.is_ours]
    return given, heir


def test_orders_that_are_out_come_back_to_who_sent_them(north: dispatcher.DispatchSlice, sandbox: Sandbox) -> None:
    sandbox.server.world.delay = 0.3
    calls = [single(sandbox.provider(vendor), make_phone()) for vendor in ("bolna", "vocode")]
    turn(north, lambda: north.in_flight == 2)
    given, heir = give_one(north)
    assert given.in_flight == 1
    assert holders("dispatch")[heir] == 1
    turn(north, lambda: not north.in_flight)
    assert {call.status for call in Call.objects.filter(pk__in=[call.pk for call in calls])} == {"queued"}
    north.round()
    assert given.provider_id not in north.lanes
    assert holders("dispatch")[heir] == 1, "closing a lane releases nobody else's lease"


def test_what_was_reserved_is_free_at_once_and_commits_no_more(
    north: dispatcher.DispatchSlice, sandbox: Sandbox
) -> None:
    providers = [sandbox.provider(vendor, max_lines=1, calls_per_minute=1) for vendor in ("bolna", "vocode")]
    for provider in providers:
        for _number in range(3):
            single(provider, make_phone())
    north.open_lanes()
    ids: dict[int, list[int]] = {}
    for lane in north.lanes.values():
        ids[lane.provider_id] = reservation.reserve(lane.provider_id, north.token, 3, timezone.now())
        lane.reserved.extend(ids[lane.provider_id])
    given, heir = give_one(north)
    assert not given.reserved
    left = commit_calls(given.provider_id, north.token, ids[given.provider_id], 3, DatabaseClock())
    assert (left.committed, left.is_open) == ([], False)
    assert north.pass_calls(given) == 0
    assert reservation.reserve(given.provider_id, heir, 3, timezone.now()) == ids[given.provider_id]
    assert len(commit_calls(given.provider_id, heir, ids[given.provider_id], 3, DatabaseClock()).committed) == 1


def test_a_provider_that_comes_back_is_served_by_its_old_lane(
    north: dispatcher.DispatchSlice, sandbox: Sandbox
) -> None:
    # Long enough that the first order is still out when the provider comes back.
    sandbox.server.world.delay = 3.0
    providers = [sandbox.provider(vendor) for vendor in ("bolna", "vocode")]
    for provider in providers:
        single(provider, make_phone())
    turn(north, lambda: north.in_flight == 2)
    given, heir = give_one(north)
    leases.release("dispatch", given.provider_id, heir)
    RunningSlice.objects.filter(pk=heir).delete()
    for provider in providers:
        single(provider, make_phone())
    turn(north, lambda: given.sent == 2)
    assert given.is_ours
    assert north.lanes[given.provider_id] is given
    turn(north, lambda: len(sandbox.dialed) == 4 and not north.in_flight)


def test_the_second_busiest_is_given(north: dispatcher.DispatchSlice) -> None:
    for _number in range(4):
        make_work("dispatch")
    DialingSwitch.objects.get_or_create(pk=1)
    north.open_lanes()
    for lane, sent in zip(north.lanes.values(), (5, 40, 1, 100), strict=True):
        lane.sent = sent
    given, _heir = give_one(north)
    assert given.sent == 40


def test_both_hosts_dial_and_nobody_is_rung_twice(for_threads: None, sandbox: Sandbox, settings: Settings) -> None:
    sandbox.server.world.delay = 0.05
    sandbox.server.world.switches.change({"magic": False})
    for vendor in ("bolna", "vocode", "unleashx", "voicy"):
        # Paced, so that the second host comes while there is work.
        provider = sandbox.provider(vendor, calls_per_minute=120)
        for _number in range(12):
            single(provider, make_phone())
    slices = []
    for name in HOSTS:
        settings.HOST_NAME = name
        hosts.begin(name)
        slices.append(dispatcher.DispatchSlice(30, lambda: None))
    sent: dict[str, Counter[int]] = {name: Counter() for name in HOSTS}
    failed: list[BaseException] = []

    def serve(name: str, current: dispatcher.DispatchSlice) -> None:
        try:
            while Call.objects.filter(status="pending").exists() and time.monotonic() < current.ends_at:
                current.round()
                # Lanes are closed one by one, each as soon as it has nothing to do.
                for pk, lane in current.lanes.items():
                    sent[name][pk] = max(sent[name][pk], lane.sent)
        except BaseException as error:
            failed.append(error)
        finally:
            current.let_go()
            current.finish()
            connection.close()

    threads = [threading.Thread(target=serve, args=pair) for pair in zip(HOSTS, slices, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    # How much of it each gets is the machine's affair: the second may come to its first turn late.
    assert all(sent[name].total() for name in HOSTS), sent
    rings = Counter(entry["to_number"] for entry in sandbox.dialed)
    assert (len(rings), set(rings.values())) == (48, {1})
