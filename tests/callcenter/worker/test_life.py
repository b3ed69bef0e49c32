"""A child ends with its supervisor, wakes one that was stopped, and kills one that stays silent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from callcenter.worker import life
from callcenter.worker.board import Board
from callcenter.worker.life import Life
from campaigns.core import hosts
from campaigns.models import WorkerHost
from tests.waiting import wait_until


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process that is taken for this one's supervisor."""
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    monkeypatch.setattr(os, "getppid", lambda: process.pid)
    monkeypatch.setattr(life, "SUPERVISOR_SILENT", 0.3)
    yield process
    process.kill()
    process.wait()


def state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


def wait_for(condition: str, pid: int, one: Life | None = None) -> None:
    def step() -> None:
        if one:
            one.watch_supervisor()
        time.sleep(0.02)

    wait_until(lambda: (state(pid) in "TtZ") is (condition in "TtZ"), lambda: f"still {state(pid)}", step=step)


def test_a_stopped_supervisor_is_continued(supervisor: subprocess.Popen[bytes]) -> None:
    board = Board(1)
    one = Life(board, board.children[0], supervisor.pid)
    supervisor.send_signal(signal.SIGSTOP)
    wait_for("T", supervisor.pid)
    wait_for("S", supervisor.pid, one)
    board.supervisor.tick()
    for _look in range(5):
        one.watch_supervisor()
    assert supervisor.poll() is None


def test_a_supervisor_that_stays_silent_is_killed(supervisor: subprocess.Popen[bytes]) -> None:
    board = Board(1)
    one = Life(board, board.children[0], supervisor.pid)
    began = time.monotonic()

    def watch() -> None:
        one.watch_supervisor()
        time.sleep(0.02)

    wait_until(lambda: supervisor.poll() is not None, step=watch)
    assert supervisor.returncode == -signal.SIGKILL
    assert time.monotonic() - began > 0.5


def test_a_supervisor_that_ticks_is_left_alone(supervisor: subprocess.Popen[bytes]) -> None:
    board = Board(1)
    one = Life(board, board.children[0], supervisor.pid)
    for _look in range(40):
        board.supervisor.tick()
        one.watch_supervisor()
        time.sleep(0.02)
    assert supervisor.poll() is None


@pytest.mark.parametrize("moment", ["begin", "watch_supervisor"])
def test_a_child_whose_supervisor_is_gone_ends(moment: str) -> None:
    board = Board(1)
    pid = os.fork()
    if not pid:
        getattr(Life(board, board.children[0], 1 if os.getppid() != 1 else 2), moment)()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == life.CHILD_DIED


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a child notices at its next round")
def test_a_child_dies_with_its_supervisor_in_mid_task() -> None:
    code = (
        "import os, time\n"
        "from callcenter.worker.board import Board\n"
        "from callcenter.worker.life import Life\n"
        "board, parent = Board(1), os.getpid()\n"
        "pid = os.fork()\n"
        "if not pid:\n"
        "    Life(board, board.children[0], parent).begin()\n"
        "    time.sleep(60)\n"
        "while not board.children[0].ticks: time.sleep(0.01)\n"
        "print(pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    code = f"import django; django.setup()\n{code}"
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment, cwd=settings.BASE_DIR, text=True
    )
    assert parent.stdout
    child = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    wait_until(lambda: not Path(f"/proc/{child}").exists() or state(child) == "Z", "the child lives on")


@pytest.mark.django_db
def test_a_round_is_a_heartbeat_and_hears_of_the_end(supervisor: subprocess.Popen[bytes]) -> None:
    board = Board(1)
    one = Life(board, board.children[0], supervisor.pid)
    assert not one.tell()
    assert [host.name for host in WorkerHost.objects.all()] == [settings.HOST_NAME]
    assert hosts.standing().is_alive
    one.is_asked_to_end = True
    assert one.tell()
