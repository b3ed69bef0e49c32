"""The supervisor replaces children that die or are stuck, wakes those that were stopped, and ends all in order."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from callcenter.worker import clock, orphans, supervisor
from callcenter.worker.life import Life
from callcenter.worker.supervisor import Place, Supervisor
from tests.waiting import A_MINUTE, wait_until

Started = Callable[[Callable[[Life], int | None]], Supervisor]


def work_well(life: Life) -> None:
    """Tick until asked to end."""
    while not life.is_asked_to_end:
        life.slot.tick()
        time.sleep(0.02)


def hang(life: Life) -> None:
    """Be silent for longer than allowed, and deaf to SIGTERM."""
    life.slot.tick(0.3)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(60)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def started(said: list[str], tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Started]:
    """Hand out a starter of a supervisor of one clock and one child that do this work."""
    settings.VAR_DIR = tmp_path
    monkeypatch.setattr(supervisor, "STOPPED_SECONDS", 0.2)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 10.0)
    monkeypatch.setattr(supervisor, "FORK_SECONDS", 0.1)
    made: list[Supervisor] = []

    def start(work: Callable[[Life], int | None]) -> Supervisor:
        one = Supervisor(1, said.append)
        one.places[0].work = work_well
        one.places[1].work = work
        made.append(one)
        one.look()
        return one

    yield start
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    for one in made:
        one.end()
        assert not any(place.pid for place in one.places)


def look_until(one: Supervisor, condition: Callable[[], bool]) -> None:
    def step() -> None:
        one.look()
        time.sleep(0.02)

    wait_until(condition, step=step)


def state(place: Place) -> str:
    """Return the one-letter state of a process, as proc(5) names it."""
    return Path(f"/proc/{place.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@pytest.mark.parametrize("position", [0, 1])
def test_a_child_that_dies_is_replaced_and_the_other_is_not(started: Started, said: list[str], position: int) -> None:
    one = started(work_well)
    before = [place.pid for place in one.places]
    os.kill(before[position], signal.SIGKILL)
    look_until(one, lambda: one.places[position].pid not in {0, before[position]})
    assert one.places[1 - position].pid == before[1 - position]
    assert said == [f"The worker's {one.places[position].name} died (-9): another takes its place."]


def test_who_follows_a_death_knows_it_and_who_follows_an_end_does_not(started: Started, tmp_path: Path) -> None:
    def work(life: Life) -> None:
        (tmp_path / f"{os.getpid()} {life.follows_a_death}").touch()
        work_well(life)

    def births(number: int) -> list[str]:
        look_until(one, lambda: len(list(tmp_path.glob("[0-9]*"))) == number)
        return sorted(path.name.split()[1] for path in tmp_path.glob("[0-9]*"))

    one = started(work)
    assert births(1) == ["False"]
    os.kill(one.places[1].pid, signal.SIGTERM)
    assert births(2) == ["False", "False"]
    os.kill(one.places[1].pid, signal.SIGKILL)
    assert births(3) == ["False", "False", "True"]


def test_one_that_ends_in_order_is_replaced_without_a_word(started: Started, said: list[str]) -> None:
    one = started(lambda _life: None)
    before = one.places[1].pid
    look_until(one, lambda: one.places[1].pid not in {0, before})
    assert said == []


def test_a_child_without_progress_is_replaced(started: Started, said: list[str]) -> None:
    one = started(hang)
    before = one.places[1].pid
    look_until(one, lambda: one.places[1].pid not in {0, before})
    assert "made no progress" in said[0]


def test_a_child_that_is_born_slowly_is_not_stuck(
    started: Started, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = Life.begin

    def be_late(life: Life) -> None:
        time.sleep(1.0)
        begin(life)

    one = started(hang)
    before = one.places[1].pid
    monkeypatch.setattr(Life, "begin", be_late)
    one.places[1].work = work_well
    look_until(one, lambda: one.places[1].pid not in {0, before})
    late, ticks = one.places[1].pid, one.places[1].slot.ticks
    look_until(one, lambda: one.places[1].slot.ticks > ticks + 5)
    assert one.places[1].pid == late


def test_a_stopped_child_is_continued_and_one_that_is_stopped_again_is_replaced(
    started: Started, said: list[str]
) -> None:
    one = started(work_well)
    before = one.places[1].pid
    os.kill(before, signal.SIGSTOP)
    look_until(one, lambda: bool(said))
    look_until(one, lambda: state(one.places[1]) != "T")
    assert one.places[1].pid == before
    os.kill(before, signal.SIGSTOP)
    look_until(one, lambda: one.places[1].pid not in {0, before})
    assert ["continued" in said[0], "stopped again" in said[1]] == [True, True]


def test_where_the_work_stands_still_it_ends_to_be_started_anew(started: Started, said: list[str]) -> None:
    one = started(work_well)
    one.places[0].work = lambda _life: clock.STANDS_STILL
    os.kill(one.places[0].pid, signal.SIGKILL)
    look_until(one, lambda: one.stands_still)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        assert not one.run()
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    assert not any(place.pid for place in one.places)
    assert "none comes out of the queue" in said[-1]


def test_a_task_ends_before_its_child_does(started: Started, tmp_path: Path) -> None:
    def finish(life: Life) -> None:
        work_well(life)
        (tmp_path / "finished").touch()

    one = started(finish)
    look_until(one, lambda: one.places[1].slot.ticks > 2)
    # Stopped, it would not hear that it is to end.
    os.kill(one.places[1].pid, signal.SIGSTOP)
    one.end()
    assert (tmp_path / "finished").exists()


def test_a_child_that_does_not_end_in_time_is_killed(started: Started, monkeypatch: pytest.MonkeyPatch) -> None:
    one = started(hang)
    monkeypatch.setattr(supervisor, "STOP_SECONDS", 0.5)
    look_until(one, lambda: one.places[1].slot.ticks > 1)
    began = time.monotonic()
    one.end()
    assert 0.4 < time.monotonic() - began < A_MINUTE


def test_the_list_of_its_processes_is_kept_until_the_end(started: Started, tmp_path: Path) -> None:
    one = started(work_well)
    orphans.remember(place.pid for place in one.places)
    assert orphans.end_orphans() == 0
    one.end()
    assert list((tmp_path / "workers").iterdir()) == []
