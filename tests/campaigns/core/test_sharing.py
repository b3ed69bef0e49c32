"""Several hosts share the providers: leases are given away until the numbers are even, and never go back and forth."""

from __future__ import annotations

import datetime
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from campaigns import queue
from campaigns.core import hosts, leases, sharing
from campaigns.core.clock import DatabaseClock
from campaigns.core.leases import Kind, Others
from campaigns.core.sharing import Sharing
from campaigns.models import RunningSlice, WorkerHost
from providers.models import Provider
from tests.conftest import make_provider

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)


def now() -> datetime.datetime:
    return DatabaseClock().now()


@pytest.fixture(params=["dispatch", "poll"])
def kind(request: pytest.FixtureRequest) -> Kind:
    found: Kind = request.param
    return found


@pytest.fixture(autouse=True)
def look_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "LOOK_SECONDS", 0.0)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    noted: list[str] = []
    monkeypatch.setattr(queue, "nudge_dispatch", lambda: noted.append("dispatch"))
    monkeypatch.setattr(queue, "nudge_poll", lambda: noted.append("poll"))
    return noted


class Slice:
    """A slice of a host, of which only its leases matter."""

    def __init__(self, kind: Kind, host: str, settings: Any) -> None:
        settings.HOST_NAME, settings.SLICES = host, 1
        self.kind, self.host, self.token = kind, host, uuid.uuid4()
        self.sharing = Sharing(kind, self.token, Others(kind, self.token))
        hosts.begin(host)

    def take(self, *providers: Provider) -> None:
        for provider in providers:
            assert leases.take(self.kind, provider.pk, self.token, now())

    def take_and_look(self, count: int = 2) -> None:
        """Take so many new providers, and say whose they are before another host comes."""
        self.take(*(make_provider() for _number in range(count)))
        assert not self.look()

    @property
    def served(self) -> list[int]:
        return list(
            Provider.objects.filter(**{f"{self.kind}_lease": self.token}).order_by("pk").values_list("pk", flat=True)
        )

    def look(self) -> bool:
        """Look as a slice does once a second; returns whether a provider was given away."""
        served = self.served
        heir = self.sharing.heir(now(), serves=bool(served))
        return bool(heir and served) and self.sharing.give(served[0], heir, now())


@pytest.fixture
def start(kind: Kind, settings: Settings, rung: list[str]) -> Callable[[str], Slice]:
    return lambda host: Slice(kind, host, settings)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ([4, 0], [2, 2]),
        ([0, 5], [2, 3]),
        ([1, 0], [1, 0]),
        ([2, 1], [2, 1]),
        ([7, 0, 0], [3, 2, 2]),
        ([3, 3, 0], [2, 2, 2]),
    ],
)
def test_the_numbers_become_even_and_stay(start: Callable[[str], Slice], begin: list[int], end: list[int]) -> None:
    slices = [start(f"host{position}") for position in range(len(begin))]
    for one, count in zip(slices, begin, strict=True):
        one.take(*(make_provider() for _number in range(count)))
    gifts = sum(one.look() for _round in range(10) for one in slices)
    assert sorted(len(one.served) for one in slices) == sorted(end)
    # No lease moves more often than it must: none goes back and forth.
    assert gifts == sum(max(before - after, 0) for before, after in zip(sorted(begin), sorted(end), strict=True))
    held = [one.served for one in slices]
    for _round in range(5):
        assert not any(one.look() for one in slices)
    assert [one.served for one in slices] == held


def test_one_host_writes_and_gives_nothing(start: Callable[[str], Slice], django_assert_num_queries: Any) -> None:
    north = start("north")
    north.take(make_provider(), make_provider())
    moment = now()
    with django_assert_num_queries(1):
        assert north.sharing.heir(moment, serves=True) is None
    assert not RunningSlice.objects.exists()


def test_a_look_beside_another_host_costs_four_statements(
    start: Callable[[str], Slice], django_assert_num_queries: Any
) -> None:
    north, south = start("north"), start("south")
    north.take(make_provider())
    assert not north.look()
    assert not south.look()
    moment = now()
    with django_assert_num_queries(4):
        assert north.sharing.heir(moment, serves=True) is None


def test_looks_are_a_second_apart(
    start: Callable[[str], Slice], django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, moment = start("north"), now()
    north.look()
    monkeypatch.setattr(sharing, "LOOK_SECONDS", 1.0)
    with django_assert_num_queries(0):
        assert north.sharing.heir(moment, serves=True) is None


def test_there_is_one_holder_before_and_after(start: Callable[[str], Slice], kind: Kind) -> None:
    north, south = start("north"), start("south")
    first, second = make_provider(), make_provider()
    north.take(first, second)
    assert not north.look()
    assert not south.look()
    assert south.sharing.is_short
    assert north.look()
    assert (north.served, south.served) == ([second.pk], [first.pk])
    assert not leases.take(kind, first.pk, north.token, now())
    assert leases.take(kind, first.pk, south.token, now())


@pytest.mark.parametrize("ago", [sharing.SEEN_SECONDS + 1, -3600])
def test_a_slice_that_was_not_seen_lately_is_given_nothing(start: Callable[[str], Slice], ago: float) -> None:
    north, south = start("north"), start("south")
    north.take_and_look()
    south.look()
    RunningSlice.objects.filter(pk=south.token).update(seen_at=now() - ago * SECOND)
    assert not north.look()


def test_a_slice_that_ends_is_given_nothing(start: Callable[[str], Slice]) -> None:
    north, south = start("north"), start("south")
    north.take_and_look()
    south.look()
    heir = north.sharing.heir(now(), serves=True)
    assert heir == south.token
    south.sharing.withdraw()
    assert not north.sharing.give(north.served[0], heir, now())
    assert len(north.served) == 2


def test_a_gift_counts_anew(start: Callable[[str], Slice]) -> None:
    """Two hosts that saw the same difference do not both give it."""
    north, east, south = start("north"), start("east"), start("south")
    north.take_and_look()
    east.take_and_look()
    south.look()
    assert [one.sharing.heir(now(), serves=True) for one in (north, east)] == [south.token] * 2
    assert north.sharing.give(north.served[0], south.token, now())
    assert not east.sharing.give(east.served[0], south.token, now())


def test_a_lapsed_lease_is_not_given(start: Callable[[str], Slice], kind: Kind) -> None:
    north, south = start("north"), start("south")
    north.take_and_look(3)
    south.look()
    heir = north.sharing.heir(now(), serves=True)
    assert heir is not None
    lapsed = north.served[0]
    Provider.objects.filter(pk=lapsed).update(**{f"{kind}_lease_until": now() - SECOND})
    assert not north.sharing.give(lapsed, heir, now())


def test_a_lease_of_another_is_not_given(start: Callable[[str], Slice]) -> None:
    north, south = start("north"), start("south")
    north.take_and_look(3)
    south.look()
    lost = north.served[0]
    leases.release(north.kind, lost, north.token)
    south.take(Provider.objects.get(pk=lost))
    leases.release(north.kind, lost, south.token)
    stranger = uuid.uuid4()
    assert leases.take(north.kind, lost, stranger, now())
    assert not north.sharing.give(lost, south.token, now())
    assert leases.take(north.kind, lost, stranger, now())


def test_of_two_slices_on_a_host_the_fuller_gives(start: Callable[[str], Slice]) -> None:
    north, beside, south = start("north"), start("north"), start("south")
    north.take_and_look()
    beside.take_and_look(1)
    south.look()
    assert [beside.look(), north.look()] == [False, True]


def test_a_slice_without_room_takes_nothing(start: Callable[[str], Slice], kind: Kind) -> None:
    north, south = start("north"), start("south")
    north.take_and_look(4)
    south.look()
    for one in (north, north, south):
        one.look()
    third = start("south")
    third.look()
    assert set(RunningSlice.objects.filter(kind=kind).values_list("token", flat=True)) == {north.token, south.token}


@pytest.mark.parametrize(("served", "nudges"), [(2, 1), (1, 0)])
def test_a_living_host_without_a_slice_is_rung_for(
    start: Callable[[str], Slice], rung: list[str], kind: Kind, served: int, nudges: int
) -> None:
    north, _south = start("north"), start("south")
    north.take(*(make_provider() for _number in range(served)))
    for _look in range(3):
        north.look()
    assert rung == [kind] * nudges, "the next one comes later"


def test_nobody_rings_for_a_host_that_is_dead_or_has_its_share(start: Callable[[str], Slice], rung: list[str]) -> None:
    north, south = start("north"), start("south")
    south.take_and_look()
    rung.clear()
    north.take_and_look()
    WorkerHost.objects.filter(name="south").update(beat_at=now() - (hosts.SILENT_SECONDS + 1) * SECOND)
    RunningSlice.objects.filter(pk=south.token).delete()
    north.look()
    assert rung == []


def test_nudges_come_more_seldom_where_nobody_follows(
    start: Callable[[str], Slice], rung: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = [float(second) for second in range(61)]
    north, _south = start("north"), start("south")
    north.take(make_provider(), make_provider())
    north.look()
    rung.clear()
    base = sharing.time.monotonic()
    for moment in moments:
        monkeypatch.setattr(sharing.time, "monotonic", lambda moment=moment: base + moment)
        north.look()
    assert 4 <= len(rung) <= 6


def test_a_slice_waits_for_a_gift_only_a_moment(start: Callable[[str], Slice], monkeypatch: pytest.MonkeyPatch) -> None:
    north, south = start("north"), start("south")
    north.take(make_provider(), make_provider())
    north.look()
    south.look()
    assert south.sharing.is_short
    assert not north.sharing.is_short
    monkeypatch.setattr(sharing, "WAIT_SECONDS", 0.0)
    assert not south.sharing.is_short


def test_only_slices_of_its_own_host_leave_a_slice_no_room(start: Callable[[str], Slice], kind: Kind) -> None:
    north, south = start("north"), start("south")
    north.take(make_provider())
    assert not Others(kind, south.token).leave_room(now()), "nobody said yet whose it is"
    north.look()
    assert Others(kind, south.token).leave_room(now())
    start("north")
    assert not Others(kind, uuid.uuid4()).leave_room(now())


def test_rows_of_slices_that_died_are_deleted(start: Callable[[str], Slice]) -> None:
    dead = uuid.uuid4()
    RunningSlice.objects.create(
        token=dead, kind="dispatch", host="east", seen_at=now() - (sharing.FORGET_SECONDS + 1) * SECOND
    )
    start("north")
    start("south").look()
    assert not RunningSlice.objects.filter(pk=dead).exists()


def test_releasing_all_frees_also_what_was_just_given(start: Callable[[str], Slice], kind: Kind) -> None:
    north, south = start("north"), start("south")
    north.take_and_look()
    south.look()
    assert north.look()
    leases.release_all(kind, south.token)
    assert south.served == []
    assert len(north.served) == 1


def test_work_that_nobody_serves_is_noticed(start: Callable[[str], Slice], kind: Kind) -> None:
    north, provider = start("north"), make_provider()
    assert leases.has_unheld(kind, [provider.pk], now())
    north.take(provider)
    assert not leases.has_unheld(kind, [provider.pk], now())
    assert leases.has_unheld(kind, [provider.pk], now() + leases.LEASE + SECOND)
    assert not leases.has_unheld(kind, [], now())


def test_hosts_that_give_and_take_at_once_end_even(for_threads: None, settings: Settings, rung: list[str]) -> None:
    """Four hosts, each with connections of its own, start with everything at one of them."""
    providers = [make_provider() for _number in range(12)]
    slices = [Slice("dispatch", f"host{number}", settings) for number in range(4)]
    slices[0].take(*providers)
    gifts: Counter[str] = Counter()
    failed: list[BaseException] = []

    def live(one: Slice) -> None:
        try:
            for _look in range(40):
                gifts[one.host] += one.look()
        except BaseException as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=live, args=(one,)) for one in slices]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    # Whoever was the last to look may still give what it has too much.
    gifts["late"] = sum(one.look() for _round in range(4) for one in slices)
    assert [len(one.served) for one in slices] == [3, 3, 3, 3]
    assert sum(gifts.values()) <= 2 * len(providers), "leases went back and forth"
