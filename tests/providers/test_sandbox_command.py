"""The `sandbox` command: a real process, one line when ready, a clean end, plain sentences for what cannot be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from providers.sandbox.journal import read_journal
from providers.sandbox.server import SandboxServer
from tests.providers.sandbox_caller import place

ROOT = Path(__file__).resolve().parent.parent.parent


def free_port() -> int:
    """Return a port below the range that the system gives to outgoing connections."""
    for port in range(18300, 18400):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("no free port")


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    port = free_port()
    command = [sys.executable, "manage.py", "sandbox", "--port", str(port), "--speed", "50", "--no-limits"]
    command += ["--journal", str(tmp_path / "journal.jsonl"), "--allow-production"]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as running:
        yield running, port
        running.kill()


@pytest.mark.end_to_end
@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
def test_it_starts_answers_and_ends(
    process: tuple[subprocess.Popen[str], int], tmp_path: Path, signal_number: signal.Signals
) -> None:
    running, port = process
    assert running.stdout is not None
    assert running.stdout.readline() == f"Sandbox ready on http://127.0.0.1:{port}\n"
    assert place(f"http://127.0.0.1:{port}", "bolna", "9901").status == 200
    assert len(read_journal(tmp_path / "journal.jsonl")) == 1
    running.send_signal(signal_number)
    assert running.wait(timeout=5) == 0


def test_a_taken_port_is_a_plain_sentence() -> None:
    with SandboxServer(port=0) as server, pytest.raises(CommandError, match="The sandbox cannot start on "):
        call_command("sandbox", "--port", str(server.port), "--allow-production")


def test_it_refuses_to_stand_in_for_vendors_in_production() -> None:
    with pytest.raises(CommandError, match="--allow-production"):
        call_command("sandbox")


def test_it_refuses_a_speed_of_nothing() -> None:
    with pytest.raises(CommandError, match="--speed"):
        call_command("sandbox", "--speed", "0", "--allow-production")
