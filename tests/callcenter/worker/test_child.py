"""A child takes a message from the broker, runs it, saves and acknowledges it, and leaves a heartbeat."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django_q.brokers import get_broker
from django_q.brokers.orm import ORM
from django_q.models import Failure, OrmQ

from callcenter.worker import child
from callcenter.worker.board import Board
from callcenter.worker.life import IDLE_SECONDS, Life
from campaigns import queue, tasks
from campaigns.core import hosts, progress
from campaigns.models import WorkerHost

pytestmark = pytest.mark.django_db


class Once(Life):
    """A life that is asked to end when so many messages were handled."""

    def __init__(self, board: Board, messages: int) -> None:
        super().__init__(board, board.children[0], os.getppid())
        self.messages = messages

    def watch_supervisor(self) -> None:
        if self.slot.handled >= self.messages:
            self.is_asked_to_end = True
        super().watch_supervisor()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Life]:
    """Hand out what runs a child in this process until it handled so many messages."""
    monkeypatch.setattr(ORM, "queue_size", lambda _self: 0)
    alarm = signal.getsignal(signal.SIGALRM)

    def act(messages: int = 1, *, follows_a_death: bool = False) -> Life:
        life = Once(Board(1), messages)
        life.follows_a_death = follows_a_death
        try:
            child.run(life)
        finally:
            progress.disconnect()
            signal.signal(signal.SIGALRM, alarm)
        return life

    return act


def test_a_message_that_was_handled_is_gone_and_is_the_heartbeat(run: Callable[..., Life]) -> None:
    hosts.begin(settings.HOST_NAME)
    WorkerHost.objects.update(beat_at="2020-01-01T00:00Z")
    queue.send("campaigns.tasks.beat")
    assert not hosts.standing().is_alive
    assert run().slot.handled == 1
    assert not OrmQ.objects.exists()
    assert hosts.standing().is_alive


def test_who_follows_a_death_rings_for_the_work_that_died(
    run: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[str] = []
    monkeypatch.setattr(queue, "nudge_dispatch", lambda: rung.append("dispatch"))
    monkeypatch.setattr(queue, "nudge_poll", lambda: rung.append("poll"))
    queue.send("campaigns.tasks.beat")
    run()
    assert rung == []
    queue.send("campaigns.tasks.beat")
    run(follows_a_death=True)
    assert rung == ["dispatch", "poll"]


def test_a_failing_task_is_kept_and_acknowledged_and_the_next_one_runs(
    run: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    ran = []
    monkeypatch.setattr(tasks, "poll", lambda: ran.append(1))
    queue.send("campaigns.tasks.save_import", 0)
    queue.send("campaigns.tasks.poll")
    assert run(2).slot.handled == 2
    assert ran == [1]
    assert not OrmQ.objects.exists()
    assert [failure.func for failure in Failure.objects.all()] == ["campaigns.tasks.save_import"]


def test_a_message_that_we_did_not_sign_is_dropped(run: Callable[..., Life], caplog: pytest.LogCaptureFixture) -> None:
    get_broker().enqueue("gASVZm9yZ2Vk:forged")
    queue.send("campaigns.tasks.beat")
    run()
    assert not OrmQ.objects.exists()
    assert "did not sign" in caplog.text


def test_a_broker_that_is_away_is_awaited_and_said_once(
    run: Callable[..., Life], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real, tries = ORM.dequeue, []

    def dequeue(self: ORM) -> Any:
        tries.append(1)
        if len(tries) < 4:
            raise OperationalError("gone")
        return real(self)

    monkeypatch.setattr(ORM, "dequeue", dequeue)
    monkeypatch.setattr(child.connections, "close_all", lambda: None)
    monkeypatch.setattr(child.time, "sleep", lambda _seconds: None)
    queue.send("campaigns.tasks.beat")
    assert run().slot.handled == 1
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1


def test_a_result_that_cannot_be_saved_does_not_end_the_child(
    run: Callable[..., Life], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_arguments: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(ORM, "acknowledge", refuse)
    queue.send("campaigns.tasks.beat")
    assert run().slot.handled == 1
    assert "could not be saved" in caplog.text


def test_it_tells_whether_it_waits_or_works_and_for_how_long(
    run: Callable[..., Life], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, float, bool]] = []
    lives: list[Life] = []
    begin = child.Messages.__init__

    def note(self: child.Messages, life: Life, broker: Any) -> None:
        lives.append(life)
        begin(self, life, broker)

    monkeypatch.setattr(child.Messages, "__init__", note)
    monkeypatch.setattr(
        tasks, "beat", lambda: seen.append((lives[0].slot.is_idle, lives[0].slot.allowed, progress.tell()))
    )
    queue.send("campaigns.tasks.beat")
    life = run()
    # 90 s for the task, 3 s that django-q2 adds, and ours.
    assert seen == [(False, 93 + child.KILL_AFTER, False)]
    assert (life.slot.is_idle, life.slot.allowed) == (True, IDLE_SECONDS)
