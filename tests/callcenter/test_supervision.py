"""Child processes start, are kept, and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from callcenter import supervision
from callcenter.supervision import ProcessGroup, Program
from tests.waiting import wait_until

ROOT = Path(settings.BASE_DIR)


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


@pytest.fixture
def lines() -> list[str]:
    return []


def test_lines_carry_the_name_of_who_said_them(lines: list[str]) -> None:
    group = ProcessGroup(ROOT, lines.append)
    with group.ending_with_us():
        group.start(Program("one", python("print('hello')")))
        child = group.watch()
    assert child is not None
    assert lines == ["one     | hello"]


def test_a_child_that_dies_ends_the_others(lines: list[str]) -> None:
    group = ProcessGroup(ROOT, lines.append)
    with group.ending_with_us():
        stays = group.start(Program("stays", python("import time; time.sleep(60)")))
        group.start(Program("dies", python("raise SystemExit(7)")))
        died = group.watch()
        assert died is not None
        assert (died.name, died.process.returncode) == ("dies", 7)
        assert stays.is_alive
    assert not stays.is_alive


def test_a_kept_program_is_started_anew_after_waits_that_grow(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "FIRST_WAIT", 0.1)
    monkeypatch.setattr(supervision, "LONGEST_WAIT", 0.3)
    group = ProcessGroup(ROOT, lines.append)
    starts: list[float] = []

    def starts_so_far() -> int:
        assert group.look() is None
        while len(starts) < lines.count("kept    | here"):
            starts.append(time.monotonic())
        return len(starts)

    with group.ending_with_us():
        group.start(Program("kept", python("print('here'); raise SystemExit(3)"), is_kept=True))
        stays = group.start(Program("stays", python("import time; time.sleep(60)")))
        wait_until(lambda: starts_so_far() >= 5)
        assert stays.is_alive
    said = [line for line in lines if line.startswith("kept ended by itself (code 3)")]
    assert len(said) >= 4
    assert group._waits["kept"] == 0.3


def test_a_kept_program_that_was_well_waits_no_longer_than_at_first(
    lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervision, "WELL_AFTER", 0.0)
    monkeypatch.setattr(supervision, "FIRST_WAIT", 0.1)
    group = ProcessGroup(ROOT, lines.append)
    group._waits["kept"] = 20.0
    with group.ending_with_us():
        group.start(Program("kept", python("pass"), is_kept=True))
        wait_until(lambda: group.look() is None and sum("starts again" in line for line in lines) >= 2)
    assert group._waits["kept"] == 0.1


def test_a_signal_ends_all_and_leaves_no_grandchild(lines: list[str]) -> None:
    code = "import subprocess, sys, time; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
    group = ProcessGroup(ROOT, lines.append)
    with group.ending_with_us():
        group.start(Program("parent", python(code + "print(p.pid, flush=True); time.sleep(60)")))
        wait_until(lambda: bool(lines))
        os.kill(os.getpid(), signal.SIGINT)
        assert group.watch() is None
    grandchild = int(lines[0].split("|")[1])
    wait_until(lambda: not is_running(grandchild))


def is_running(pid: int) -> bool:
    """Tell whether a process works on: one that only waits to be buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the next start says that the port is taken")
def test_programs_end_with_a_group_that_is_killed() -> None:
    code = (
        "import sys, time\n"
        "from callcenter.supervision import ProcessGroup, Program\n"
        "sleeper = Program('sleeper', [sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(ProcessGroup('.', print).start(sleeper).process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    keeper = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert keeper.stdout
    sleeper = int(keeper.stdout.readline())
    assert is_running(sleeper)
    keeper.kill()
    keeper.wait()
    wait_until(lambda: not is_running(sleeper))


def test_a_child_that_does_not_listen_is_killed(lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "STOP_SECONDS", 0.3)
    group = ProcessGroup(ROOT, lines.append)
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    with group.ending_with_us():
        child = group.start(Program("deaf", python(code)))
        wait_until(lambda: bool(lines))
    assert child.process.returncode == -signal.SIGKILL
    assert "was killed" in lines[-1]
