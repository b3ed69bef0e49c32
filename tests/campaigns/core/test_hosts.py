"""Hosts: who is alive, by heartbeats that work leaves behind."""

from __future__ import annotations

import datetime

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


def test_hosts_that_are_gone_for_long_are_forgotten() -> None:
    hosts.begin("north")
    set_beat("north", (hosts.FORGET_DAYS * 24 + 1) * 3600)
    hosts.begin("south")
    assert [host.name for host in WorkerHost.objects.all()] == ["south"]
