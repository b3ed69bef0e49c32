"""The `sandbox` command: a real process, one line when ready, a clean end, plain sentences for what cannot be."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from providers.sandbox.journal import read_journal
from providers.sandbox.server import SandboxServer
from tests.providers.sandbox_caller import place
from tests.waiting import A_MINUTE

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    # Port 0: the system picks one, so that two of these tests never want the same.
    command = [sys.executable, "manage.py", "sandbox", "--port", "0", "--speed", "50", "--no-limits"]
    command += ["--journal", str(tmp_path / "journal.jsonl"), "--allow-production"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        yield running
        running.kill()


@pytest.mark.end_to_end
@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_ends(
    process: subprocess.Popen[str], tmp_path: Path, signal_number: signal.Signals
) -> None:
    assert process.stdout is not None
    ready = re.fullmatch(r"Sandbox ready on (http://127\.0\.0\.1:[1-9]\d+)\n", process.stdout.readline())
    assert ready is not None
    assert place(ready[1], "bolna", "9901").status == 200
    assert len(read_journal(tmp_path / "journal.jsonl")) == 1
    process.send_signal(signal_number)
    assert process.wait(timeout=A_MINUTE) == 0


def test_a_taken_port_is_a_plain_sentence() -> None:
    with SandboxServer(port=0) as server, pytest.raises(CommandError, match="The sandbox cannot start on "):
        call_command("sandbox", "--port", str(server.port), "--allow-production")


def test_it_refuses_to_stand_in_for_vendors_in_production() -> None:
    with pytest.raises(CommandError, match="--allow-production"):
        call_command("sandbox")


def test_it_refuses_a_speed_of_nothing() -> None:
    with pytest.raises(CommandError, match="--speed"):
        call_command("sandbox", "--speed", "0", "--allow-production")
