"""The clock asks for heartbeats, and tells a worker at work from one whose work stands still."""

from __future__ import annotations

import datetime
import os
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.brokers.redis_broker import Redis
from django_q.models import OrmQ, Schedule

from callcenter.worker import clock
from callcenter.worker.board import STEP, Board
from callcenter.worker.clock import Clock, OldestMessage
from callcenter.worker.life import Life
from campaigns.core import hosts
from campaigns.models import WorkerHost
from campaigns.schedules import sync_schedules

pytestmark = pytest.mark.django_db


class Hands:
    """The hands of the monotonic clock, which a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def hands(monkeypatch: pytest.MonkeyPatch) -> Hands:
    made = Hands()
    monkeypatch.setattr("callcenter.worker.board.time.monotonic", made.monotonic)
    return made


@pytest.fixture
def board() -> Board:
    return Board(2)


@pytest.fixture
def one(board: Board, hands: Hands) -> Clock:
    """Make the clock of a host that started long ago and whose children wait for messages."""
    hosts.begin(settings.HOST_NAME)
    set_beat(1)
    WorkerHost.objects.update(started_at=timezone.now() - datetime.timedelta(hours=1))
    for child in board.children:
        child.is_idle = True
    return Clock(Life(board, board.clock, os.getppid()))


def set_beat(seconds_ago: float) -> None:
    WorkerHost.objects.update(beat_at=timezone.now() - datetime.timedelta(seconds=seconds_ago))


def put(seconds_ago: float) -> None:
    at = timezone.now() - datetime.timedelta(seconds=seconds_ago)
    OrmQ.objects.create(key=settings.Q_CLUSTER["name"], payload="a message", lock=at)


def stands_still_after(one: Clock, hands: Hands, seconds: int) -> bool:
    """Look once a second; tell whether the work was found to stand still by then."""
    for _second in range(seconds):
        hands.now += STEP
        if one.look():
            return True
    return False


def test_what_is_scheduled_is_put_into_the_queue_once(one: Clock) -> None:
    sync_schedules()
    Schedule.objects.update(next_run=timezone.now() - datetime.timedelta(minutes=5))
    one.look()
    assert OrmQ.objects.count() == Schedule.objects.count()
    one.look()
    assert OrmQ.objects.count() == Schedule.objects.count()


@pytest.mark.parametrize(
    ("beat", "waiting", "asked"), [(1, 0, 0), (hosts.BEAT_SECONDS + 1, 0, 1), (hosts.BEAT_SECONDS + 1, 1, 0)]
)
def test_a_heartbeat_is_asked_for_where_no_message_will_bring_one(
    one: Clock, beat: float, waiting: int, asked: int, django_capture_on_commit_callbacks: Any
) -> None:
    set_beat(beat)
    for _message in range(waiting):
        put(1)
    with django_capture_on_commit_callbacks(execute=True):
        one.look()
    assert OrmQ.objects.count() == waiting + asked


def test_unserved_work_is_looked_for_every_few_seconds(
    one: Clock, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    monkeypatch.setattr("campaigns.minute_job.ring_for_unserved", lambda: looks.append(hands.now))
    for _look in range(12):
        one.look()
        hands.now += 1
    assert looks == [1000.0, 1005.0, 1010.0]


@pytest.mark.parametrize(
    ("beat", "message"), [(hosts.SILENT_SECONDS + 5, 0), (1, hosts.SILENT_SECONDS + 5)], ids=["no beat", "it waits"]
)
def test_the_work_stands_still_where_children_wait_and_nothing_passes(
    one: Clock, hands: Hands, beat: float, message: float
) -> None:
    set_beat(beat)
    put(message)
    assert not stands_still_after(one, hands, hosts.SILENT_SECONDS)
    assert stands_still_after(one, hands, 3)


def test_all_is_well_where_nothing_waits(one: Clock, hands: Hands) -> None:
    assert not stands_still_after(one, hands, 3 * hosts.SILENT_SECONDS)


def test_it_does_not_stand_still_while_all_are_busy(one: Clock, hands: Hands, board: Board) -> None:
    set_beat(100)
    put(100)
    for child in board.children:
        child.is_idle = False
    assert not stands_still_after(one, hands, 3 * hosts.SILENT_SECONDS)


def test_it_does_not_stand_still_while_messages_pass(one: Clock, hands: Hands, board: Board) -> None:
    set_beat(100)
    put(100)
    for _message in range(5):
        assert not stands_still_after(one, hands, hosts.SILENT_SECONDS - 1)
        board.children[1].count_message()


def test_a_new_start_has_its_time(one: Clock, hands: Hands) -> None:
    set_beat(1000)
    hosts.begin(settings.HOST_NAME)
    assert not stands_still_after(one, hands, 3 * hosts.SILENT_SECONDS)


class List:
    """A list in Redis."""

    def __init__(self) -> None:
        self.head: bytes | None = None

    def lindex(self, _key: str, _position: int) -> bytes | None:
        return self.head


def test_in_redis_the_same_message_at_the_head_is_one_that_waits(hands: Hands, monkeypatch: pytest.MonkeyPatch) -> None:
    queue = List()
    monkeypatch.setattr(Redis, "get_connection", lambda *_: queue)
    oldest = OldestMessage(Redis("calls"))

    def waits(seconds: int) -> bool:
        found = False
        for _second in range(seconds):
            hands.now += STEP
            found = oldest.waits()
        return found

    assert not waits(100)
    queue.head = b"one"
    assert not waits(hosts.SILENT_SECONDS)
    queue.head = b"two"
    assert not waits(hosts.SILENT_SECONDS)
    assert waits(3)


def test_the_clock_ends_when_asked_and_with_its_own_code_where_the_work_stands_still(
    board: Board, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(Clock, "look", lambda _self: True)
    life = Life(board, board.clock, os.getppid())
    assert clock.run(life) == clock.STANDS_STILL
    life.is_asked_to_end = True
    assert clock.run(life) == 0


def test_a_database_that_is_away_does_not_end_the_clock(
    board: Board, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    life = Life(board, board.clock, os.getppid())
    looks = []

    def look(_self: Clock) -> bool:
        looks.append(1)
        life.is_asked_to_end = len(looks) == 3
        raise OSError("gone")

    monkeypatch.setattr(clock, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(clock.connections, "close_all", lambda: None)
    monkeypatch.setattr(Clock, "look", look)
    assert clock.run(life) == 0
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
