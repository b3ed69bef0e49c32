"""Orphans of a dead supervisor are ended by the next one; strangers and living workers are left alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from callcenter.worker import orphans
from tests.waiting import A_MINUTE


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, settings: Settings) -> None:
    settings.VAR_DIR = tmp_path


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    yield process
    process.kill()
    process.wait()


def write(tmp_path: Path, supervisor: tuple[int, str], child: tuple[int, str], machine: str | None = None) -> Path:
    (tmp_path / "workers").mkdir(exist_ok=True)
    path = tmp_path / "workers" / "1.json"
    machine = orphans.machine() if machine is None else machine
    path.write_text(json.dumps({"machine": machine, "processes": [supervisor, child]}))
    return path


def test_an_orphan_is_ended_and_forgotten(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    path = write(tmp_path, (os.getpid(), "another start"), (child.pid, orphans.began(child.pid)))
    assert orphans.end_orphans() == 1
    assert child.wait(A_MINUTE) == -9
    assert not path.exists()


def test_a_stranger_with_the_number_of_an_orphan_lives_on(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    write(tmp_path, (os.getpid(), "another start"), (child.pid, "another start"))
    assert orphans.end_orphans() == 0
    assert child.poll() is None


def test_the_children_of_a_living_supervisor_are_left_alone(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    path = write(tmp_path, (os.getpid(), orphans.began(os.getpid())), (child.pid, orphans.began(child.pid)))
    assert orphans.end_orphans() == 0
    assert path.exists()


def test_another_machine_means_other_processes(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    path = write(tmp_path, (1, "another start"), (child.pid, orphans.began(child.pid)), machine="elsewhere")
    assert orphans.end_orphans() == 0
    assert path.exists()


def test_what_is_remembered_is_found_and_forgotten(tmp_path: Path, child: subprocess.Popen[bytes]) -> None:
    orphans.remember([child.pid])
    (path,) = (tmp_path / "workers").iterdir()
    found = json.loads(path.read_text())["processes"]
    assert found == [[pid, orphans.began(pid)] for pid in (os.getpid(), child.pid)]
    orphans.forget()
    assert not path.exists()


def test_neither_a_broken_file_nor_a_full_disk_stops_the_work(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "workers").mkdir()
    (tmp_path / "workers" / "1.json").write_text("{")
    assert orphans.end_orphans() == 0
    settings.VAR_DIR = tmp_path / "nowhere"
    orphans.remember([1])
    assert "cannot be read" in caplog.text
    assert "cannot be written" in caplog.text


def test_a_dead_process_never_began() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    assert orphans.began(process.pid) == ""
    assert orphans.began(os.getpid())
