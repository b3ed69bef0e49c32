"""Faults of stores and settings that need no crowd of workers."""

from __future__ import annotations

import datetime
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django_q.brokers.orm import ORM

from campaigns import checks, queue
from campaigns.models import Call
from campaigns.tracking import stuck_calls
from tests.campaigns.conftest import Sandbox
from tests.migrated import ROOT
from tests.situations import single


def test_a_commit_whose_answer_was_lost_sends_nothing(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit point stands, but its worker never learns of it: the order must not leave, the row must not hang."""
    call = single(sandbox.provider(), "+989121239901")
    leave = transaction.Atomic.__exit__
    cut: list[int] = []

    def commit_and_break(self: Any, *error: Any) -> None:
        leave(self, *error)
        if self.durable and not cut and Call.objects.filter(pk=call.pk, status="placing").exists():
            cut.append(1)
            raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(transaction.Atomic, "__exit__", commit_and_break)
    dial(1.5)
    monkeypatch.undo()
    call.refresh_from_db()
    assert cut
    assert call.status == "placing"
    assert sandbox.dialed == []
    Call.objects.filter(pk=call.pk).update(deadline_at=timezone.now() - datetime.timedelta(seconds=1))
    stuck_calls.free_the_stuck(timezone.now())
    call.refresh_from_db()
    assert call.status == "unknown"


def test_a_locked_sqlite_is_waited_for(tmp_path: Path) -> None:
    """A writer that holds the lock for a while delays another one and fails nothing."""
    from callcenter import settings

    found = settings.DATABASES["default"].get("OPTIONS", {})
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL locks rows")
    assert (found["transaction_mode"], found["timeout"]) == ("IMMEDIATE", 20)
    path = tmp_path / "locked.sqlite3"
    options = {"timeout": found["timeout"], "isolation_level": None}
    holder = sqlite3.connect(path, **options, check_same_thread=False)
    holder.execute("CREATE TABLE row (value)")
    holder.execute("BEGIN IMMEDIATE")
    threading.Timer(1.5, lambda: holder.execute("COMMIT")).start()
    began = time.monotonic()
    with sqlite3.connect(path, **options) as waiting:
        waiting.execute("BEGIN IMMEDIATE")
        waiting.execute("INSERT INTO row VALUES (1)")
    assert 1.0 < time.monotonic() - began < 15


def test_postgres_runs_without_a_pool_and_the_worker_closes_before_it_forks(monkeypatch: pytest.MonkeyPatch) -> None:
    pooled = {"ENGINE": "django.db.backends.postgresql", "OPTIONS": {"pool": True}}
    monkeypatch.setitem(django_settings.DATABASES, "default", pooled)
    assert [message.id for message in checks.database_is_safe()] == ["campaigns.E004"]
    source = (ROOT / "callcenter" / "management" / "commands" / "worker.py").read_text()
    assert source.index("connections.close_all()") < source.index("Supervisor(settings")


@pytest.mark.django_db
def test_tasks_of_another_key_are_dropped_and_nobody_is_lost(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A nudge is signed with SECRET_KEY; after a change of the key it cannot be read, and the rows still wait."""
    call = single(sandbox.provider(), "+989121239901")
    packages: list[str] = []
    monkeypatch.setattr(ORM, "enqueue", lambda _self, package: packages.append(package))
    queue.send(queue.DISPATCH)
    assert queue.opened(packages[0])["func"] == queue.DISPATCH
    monkeypatch.setattr(django_settings, "SECRET_KEY", "another-key-that-is-long-enough-to-be-one-0123456789")
    with pytest.raises(queue.NotOurs, match="did not sign"):
        queue.opened(packages[0])
    dial(0.8)
    call.refresh_from_db()
    assert call.remote_id
