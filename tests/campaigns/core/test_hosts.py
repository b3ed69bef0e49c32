"""Hosts: who is alive, by heartbeats that work leaves behind."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from campaigns.core import hosts
from campaigns.core.clock import DatabaseClock
from campaigns.models import WorkerHost

pytestmark = pytest.mark.django_db

SECOND = datetime.timedelta(seconds=1)


def set_beat(name: str, seconds_ago: float) -> None:
    WorkerHost.objects.filter(name=name).update(beat_at=DatabaseClock().now() - seconds_ago * SECOND)


def test_the_first_host_starts_alone_and_the_second_beside_it() -> None:
    assert hosts.begin("north")
    assert not hosts.begin("south")
    assert [host.name for host in hosts.living(DatabaseClock().now())] == ["north", "south"]


@pytest.mark.parametrize("ago", [hosts.SILENT_SECONDS + 1, -3600])
def test_a_silent_host_and_one_from_the_future_are_not_alive(ago: float) -> None:
    hosts.begin("north")
    set_beat("north", ago)
    assert hosts.begin("south")


def test_a_host_that_ended_or_starts_again_does_not_count_as_another() -> None:
    hosts.begin("north")
    assert hosts.begin("north")
    hosts.begin("south")
    hosts.end("south")
    assert hosts.begin("north")


@pytest.mark.parametrize(("ago", "is_written"), [(1, False), (hosts.BEAT_SECONDS + 1, True), (-3600, True)])
def test_a_heartbeat_is_written_at_most_every_few_seconds(ago: float, is_written: bool) -> None:
    hosts.begin("north")
    set_beat("north", ago)
    before = WorkerHost.objects.get().beat_at
    hosts.beat("north")
    assert (WorkerHost.objects.get().beat_at != before) is is_written
    assert hosts.living(DatabaseClock().now()).exists()


def test_a_start_is_no_heartbeat() -> None:
    """Where the work of each start stands still, new starts must not make the host look alive."""
    hosts.begin("north")
    set_beat("north", hosts.SILENT_SECONDS + 1)
    hosts.begin("north")
    assert not hosts.living(DatabaseClock().now()).exists()
    assert not hosts.standing().is_alive
    assert hosts.seconds_since_work("north") < 5
    hosts.beat("north")
    assert hosts.living(DatabaseClock().now()).exists()


def test_a_heartbeat_after_another_start_ended_counts() -> None:
    """Two workers with one name: the end of one must not hide the other."""
    hosts.begin("north")
    hosts.end("north")
    assert not hosts.standing().is_alive
    hosts.beat("north")
    assert hosts.standing().is_alive


def test_a_heartbeat_brings_a_row_back_that_went_with_a_restored_backup() -> None:
    hosts.beat("north")
    assert [host.name for host in hosts.standing().hosts if host.is_alive] == ["north"]


def test_seconds_since_work_count_from_the_last_start_or_heartbeat() -> None:
    assert hosts.seconds_since_work("north") == 0
    hosts.begin("north")
    hour_ago = DatabaseClock().now() - 3600 * SECOND
    WorkerHost.objects.update(started_at=hour_ago, beat_at=hour_ago + 10 * SECOND)
    assert hosts.seconds_since_work("north") == pytest.approx(3590, abs=5)


@pytest.mark.parametrize(
    ("ago", "is_alive"), [(0, True), (19, True), (hosts.SILENT_SECONDS + 1, False), (-3600, False)]
)
def test_the_standing_says_who_is_alive(ago: float, is_alive: bool, django_assert_num_queries: Any) -> None:
    assert hosts.standing() == hosts.Standing(())
    assert hosts.standing().silent_for is None
    hosts.begin("north")
    hosts.begin("south")
    set_beat("north", ago)
    set_beat("south", 5000)
    with django_assert_num_queries(1):
        standing = hosts.standing()
    assert [host.is_alive for host in standing.hosts] == [is_alive, False]
    assert standing.is_alive is is_alive
    assert standing.silent_for == pytest.approx(abs(ago), abs=2)


def test_hosts_that_are_gone_for_long_are_forgotten() -> None:
    hosts.begin("north")
    set_beat("north", (hosts.FORGET_DAYS * 24 + 1) * 3600)
    hosts.begin("south")
    assert [host.name for host in WorkerHost.objects.all()] == ["south"]
