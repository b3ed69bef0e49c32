"""Copies of the mark on two volumes, silence before a start, and a machine that stood still."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from campaigns.dialing import dispatcher
from campaigns.models import DatabaseMark, WorkerHost
from campaigns.tracking import restore_guard
from providers.models import Provider
from tests.campaigns.conftest import Sandbox
from tests.campaigns.tracking.swept_provider import MINUTE
from tests.conftest import make_call, make_provider


def frozen() -> list[str]:
    return list(Provider.objects.filter(frozen_at__isnull=False).order_by("pk").values_list("name", flat=True))


@pytest.fixture
def second(settings: Settings, tmp_path: Path) -> Path:
    """A second copy of the mark, on another volume."""
    settings.MARK_FILE = tmp_path / "elsewhere" / "mark.json"
    settings.MARK_FILE.parent.mkdir()
    return Path(settings.MARK_FILE)


@pytest.fixture
def desk(db: None) -> Provider:
    """A provider without a list, through which a call waits."""
    provider = make_provider(vendor="bitel", name="Bitel desk")
    make_call(provider=provider)
    return provider


@pytest.fixture
def start(watch: Callable[[], bool], django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks) -> Any:
    """Start a worker beside nobody."""

    def run(*, is_alone: bool = True) -> list[str]:
        with django_capture_on_commit_callbacks(execute=True):
            restore_guard.worker_starts(is_alone=is_alone)
        return frozen()

    return run


def test_a_folder_that_went_back_is_told_by_the_copy_on_another_volume(
    watch: Callable[[], bool], second: Path, tmp_path: Path
) -> None:
    make_provider()
    watch()
    in_folder = (tmp_path / restore_guard.FILE_NAME).read_text()
    for _time in range(3):
        watch()
    (tmp_path / restore_guard.FILE_NAME).write_text(in_folder)
    DatabaseMark.objects.update(count=1)
    assert watch()
    assert frozen()


def test_a_plain_start_asks_nobody(watch: Callable[[], bool], start: Any, second: Path, desk: Provider) -> None:
    assert start() == []
    for _time in range(3):
        watch()
    assert start() == []
    assert DatabaseMark.objects.get().watched_at is not None


@pytest.mark.parametrize("which", ["folder", "second"])
def test_a_missing_copy_is_asked_about_where_no_list_tells(
    watch: Callable[[], bool], start: Any, second: Path, desk: Provider, tmp_path: Path, which: str
) -> None:
    make_provider(name="Listed")
    for _time in range(3):
        watch()
    (second if which == "second" else tmp_path / restore_guard.FILE_NAME).unlink()
    assert start() == ["Bitel desk"]
    assert "is missing" in Provider.objects.get(pk=desk.pk).frozen_reason


def test_copies_that_differ_are_asked_about(
    watch: Callable[[], bool], start: Any, second: Path, desk: Provider
) -> None:
    watch()
    older = second.read_text()
    for _time in range(3):
        watch()
    second.write_text(older)
    assert start() == ["Bitel desk"]
    assert "differ" in Provider.objects.get(pk=desk.pk).frozen_reason
    # An admin's word stands: the copies were written anew.
    Provider.objects.unfreeze(desk.pk)
    assert start() == []


def test_a_death_between_the_two_copies_asks_nobody(
    watch: Callable[[], bool], start: Any, second: Path, desk: Provider
) -> None:
    watch()
    watch()
    older = second.read_text()
    watch()
    second.write_text(older)
    assert start() == []


def test_silence_before_a_start_is_asked_about_where_calls_wait(
    watch: Callable[[], bool], start: Any, desk: Provider
) -> None:
    make_provider(vendor="bitel", name="Idle desk")
    for _time in range(3):
        watch()
    DatabaseMark.objects.update(watched_at=timezone.now() - 30 * MINUTE)
    assert start() == ["Bitel desk"]
    assert "off for 30 minutes" in Provider.objects.get(pk=desk.pk).frozen_reason


def test_an_orderly_end_is_no_silence(watch: Callable[[], bool], start: Any, desk: Provider) -> None:
    for _time in range(3):
        watch()
    restore_guard.worker_ends()
    DatabaseMark.objects.update(watched_at=timezone.now() - 600 * MINUTE)
    assert start() == []
    assert DatabaseMark.objects.get().ended_at is None


def test_an_end_beside_a_living_host_is_not_the_end(watch: Callable[[], bool]) -> None:
    watch()
    now = timezone.now()
    WorkerHost.objects.create(name="another", started_at=now, beat_at=now)
    restore_guard.worker_ends()
    assert DatabaseMark.objects.get().ended_at is None


def test_silence_beside_a_living_host_asks_nobody(watch: Callable[[], bool], start: Any, desk: Provider) -> None:
    watch()
    assert start(is_alone=False) == []
    assert Provider.objects.filter(uncompared_since__isnull=False).count() == 0


def test_a_machine_that_stood_still_asks_too(watch: Callable[[], bool], desk: Provider) -> None:
    make_provider(name="Listed")
    watch()
    DatabaseMark.objects.update(watched_at=timezone.now() - 5 * MINUTE)
    watch()
    assert frozen() == []  # a busy worker may be late
    DatabaseMark.objects.update(watched_at=timezone.now() - 11 * MINUTE)
    watch()
    assert frozen() == ["Bitel desk"]
    assert Provider.objects.get(name="Listed").uncompared_since is not None


def test_the_dispatcher_looks_at_once_where_the_clock_jumped(
    sandbox: Sandbox, dial: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    monkeypatch.setattr(restore_guard, "watch", lambda: looks.append(time.time()))
    running = dispatcher.DispatchSlice(5.0, lambda: None)
    running.round()
    running.round()
    assert len(looks) == 1
    running.seen_at -= 3600
    running.round()
    assert len(looks) == 2
    running.errands.close()
