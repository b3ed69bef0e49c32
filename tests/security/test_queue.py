"""Whatever lies in queue, schedules or cache: only declared functions run, and no pickle of others is read."""

from __future__ import annotations

import ast
import base64
import datetime
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from django.core import signing
from django.db import connection
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import OrmQ, Schedule, Task
from django_q.signing import SignedPackage

from callcenter.cache_values import SignedValues
from callcenter.worker import child
from callcenter.worker.board import Board
from callcenter.worker.life import Life
from campaigns import queue, schedules, tasks
from tests.sources import tree_of

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).resolve().parents[2]


class Bomb:
    """A pickle that makes a file where it is loaded."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.place),)


def signed(**parts: Any) -> str:
    """Return a message with the right signature."""
    whole = {"id": "0" * 32, "func": queue.BEAT, "args": [], "at": timezone.now().isoformat()}
    return signing.dumps(whole | parts, salt=queue.SALT)


FORGED: dict[str, Callable[[Path], Any]] = {
    "nothing": lambda _place: "",
    "no signature": lambda _place: "abc",
    "letters of elsewhere": lambda _place: "ÿþ:é",
    "a bare pickle": lambda place: pickle.dumps(Bomb(place)).decode("latin-1"),
    "a pickle, signed as django-q2 signs": lambda place: SignedPackage.dumps(Bomb(place)),
    "a task of django-q2": lambda place: SignedPackage.dumps(
        {"id": "1", "name": "x", "func": "os.mkdir", "args": (str(place),), "kwargs": {}, "started": timezone.now()}
    ),
    "a pickle with our signature": lambda place: signing.dumps(
        Bomb(place), salt=queue.SALT, serializer=type("Pickled", (), {"dumps": staticmethod(pickle.dumps)})
    ),
    "another function": lambda place: signed(func="os.mkdir", args=[str(place)]),
    "a function of ours that is not declared": lambda _place: signed(func="campaigns.minute_job.sweep"),
    "a text for an id": lambda place: signed(func=queue.SAVE_IMPORT, args=[str(place)]),
    "two ids": lambda _place: signed(func=queue.SAVE_IMPORT, args=[1, 2]),
    "a truth for an id": lambda _place: signed(func=queue.SAVE_IMPORT, args=[True]),
    "another salt": lambda _place: signing.dumps({"func": queue.BEAT, "args": []}, salt="django_q"),
    "a list": lambda _place: signing.dumps([1], salt=queue.SALT),
    "a function that is no text": lambda _place: signed(func=None),
    "no day": lambda _place: signed(at="soon"),
}


class Ends(Life):
    """A life that is asked to end where the queue is empty."""

    def watch_supervisor(self) -> None:
        self.is_asked_to_end = not get_broker().queue_size()


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_message_runs_nothing(case: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    place = tmp_path / "made"
    get_broker().purge_queue()
    get_broker().enqueue(FORGED[case](place))
    board = Board(1)
    life = Ends(board, board.children[0], os.getppid())
    assert child.Messages(life, get_broker()).get() == child.STOP
    assert not place.exists()
    assert not get_broker().queue_size()
    assert not OrmQ.objects.exists()
    assert "dropped" in caplog.text


def test_options_of_a_message_are_not_taken_along() -> None:
    found = queue.opened(signed(hook="os.mkdir", chain=[["os.mkdir", ["x"]]], sync=True, cached=True, kwargs={"a": 1}))
    assert set(found) == {"id", "name", "func", "args", "kwargs", "started", "ack_failure"}
    assert (found["func"], found["args"], found["kwargs"]) == (queue.BEAT, (), {})


def test_only_declared_functions_are_sent_and_all_of_them_exist() -> None:
    for path, ids in [("os.mkdir", ()), (queue.SAVE_IMPORT, ("x",)), (queue.SAVE_IMPORT, (-1,))]:
        with pytest.raises(ValueError, match="not declared"):
            queue.send(path, *ids)  # type: ignore[arg-type]
    ours = {name for name in dir(tasks) if callable(getattr(tasks, name)) and not name.startswith("_")}
    named = {path.rpartition(".")[2] for path in queue.DECLARED if path.startswith("campaigns.tasks.")}
    assert named <= ours
    assert {path for path, _minutes in schedules.SCHEDULES.values()} <= queue.DECLARED
    known = {value for value in vars(queue).values() if isinstance(value, str) and value.startswith("campaigns.tasks.")}
    assert known <= queue.DECLARED, "a bell that rings nothing"


def test_a_stored_schedule_runs_nothing_of_its_own(tmp_path: Path) -> None:
    schedules.sync_schedules()
    Schedule.objects.update(next_run=timezone.now() + datetime.timedelta(minutes=1))
    place, past = tmp_path / "made", timezone.now() - datetime.timedelta(minutes=5)
    evil = {"func": "os.mkdir", "args": f"'{place}'", "kwargs": "q_options={'sync': True}", "hook": "os.mkdir"}
    Schedule.objects.filter(name="poll every minute").update(next_run=past, **evil)
    Schedule.objects.create(name="of a stranger", next_run=past, **evil)
    packages: list[str] = []
    assert schedules.ring_due(mock.Mock(enqueue=packages.append)) == 1
    assert [queue.opened(package)["func"] for package in packages] == [queue.POLL]
    assert not place.exists()
    assert not Schedule.objects.filter(name="of a stranger").exists()
    schedules.sync_schedules()
    assert Schedule.objects.get(name="poll every minute").next_run > timezone.now()


def test_a_stored_result_of_the_same_id_is_not_unpickled(tmp_path: Path) -> None:
    place, now = tmp_path / "made", timezone.now()
    Task.objects.create(pk="0" * 32, name="x", func="x", started=now, stopped=now, success=False)
    with connection.cursor() as cursor:
        bomb = base64.b64encode(pickle.dumps(Bomb(place))).decode()
        cursor.execute("UPDATE django_q_task SET result = %s", [bomb])
    task = queue.opened(signed()) | {"result": "it failed", "stopped": now, "success": False}
    child.save_failure(task)
    assert not place.exists()
    assert Task.objects.get(pk="0" * 32).result == "it failed"


@pytest.mark.parametrize("value", [7, -1, True, None, "text", {"a": (1, 2)}, datetime.date(2026, 3, 1)])
def test_the_cache_gives_back_what_was_put_in(value: Any) -> None:
    stored = SignedValues().dumps(value)
    found = SignedValues().loads(str(stored).encode() if isinstance(stored, int) else stored)
    assert (found, type(found)) == (value, type(value))


def test_the_cache_reads_no_pickle_that_we_did_not_sign(tmp_path: Path, settings: Any) -> None:
    place = tmp_path / "made"
    bomb, true = pickle.dumps(Bomb(place)), SignedValues().dumps("true")
    assert isinstance(true, bytes)
    for stored in (bomb, b"\0" * 32 + bomb, true[:32] + bomb, b""):
        assert SignedValues().loads(stored) is None
    settings.SECRET_KEY = "another-key-that-is-long-enough-to-be-one-0123456789"
    assert SignedValues().loads(true) is None
    assert not place.exists()


def test_nobody_else_reads_pickles_or_sends_tasks() -> None:
    found = set()
    for room in ("callcenter", "providers", "campaigns"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(tree_of(path.read_text())):
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
                if {"pickle", "marshal", "shelve", "async_task", "SignedPackage", "scheduler"} & set(names):
                    found.add(str(path.relative_to(ROOT)))
    assert found == {"callcenter/cache_values.py"}
