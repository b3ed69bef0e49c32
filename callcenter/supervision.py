"""Supervision of child processes (web server, worker, simulator), which start and end together.

A program that is kept, the worker, is started anew where it ends by itself.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

STOP_SECONDS = 40.0
"""Seconds that a process gets to end after SIGTERM; longer than the longest request to a vendor."""
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds before a kept program is started anew: doubled each time that it ends soon, up to the longest."""
WELL_AFTER = 60.0
"""A program that ran so many seconds was well: the waits begin anew."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

BOUND = Path(__file__).with_name("bound.py")
"""What lets a program end with us, where we are killed: the next start would find its port taken, its calls made."""

Say = Callable[[str], object]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A program to run: a name for its log lines, the command, and additions to the environment."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    is_kept: bool = False
    """Whether it is started anew where it ends by itself."""


def manage(*arguments: str) -> list[str]:
    """Return the command line of `manage.py` with these arguments, run by this Python."""
    return [sys.executable, "manage.py", *arguments]


def web_server(host: str, port: int) -> Program:
    """Return the web server's program: one process, so that there is one in-memory cache, with eight threads."""
    return Program(
        "web",
        [
            *(sys.executable, "-m", "gunicorn", "callcenter.wsgi", "--bind", f"{host}:{port}"),
            *("--workers", "1"),
            *("--graceful-timeout", "20", "--timeout", "60", "--log-level", "warning"),
        ],
    )


def port_is_taken(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether another process listens on the port now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return True
    return False


def wait_for_port(port: int, host: str = "127.0.0.1", *, seconds: float, child: Child | None = None) -> bool:
    """Wait until a process listens on the port; returns False when the time is up or `child` has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and (child is None or child.is_alive):
        with suppress(OSError), socket.create_connection((host, port), timeout=1):
            return True
        time.sleep(0.05)
    return False


class Child:
    """One running program, in a session of its own, so that a Ctrl-C in the terminal reaches only the parent."""

    def __init__(self, program: Program, directory: str | os.PathLike[str], say: Say) -> None:
        self.name, self.program = program.name, program
        self.began_at = time.monotonic()
        self.process = subprocess.Popen(  # noqa: S603 - the commands are our own
            [sys.executable, str(BOUND), str(os.getpid()), *program.command],
            cwd=directory,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(program.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self._lines = threading.Thread(target=self._copy, args=(self.process.stdout, say), daemon=True)
        self._lines.start()

    @property
    def is_alive(self) -> bool:
        """Return whether it still runs; where it does not, the rest of its session is killed."""
        if self.process.returncode is not None:
            return False
        if self._has_ended():
            self._kill_session()
            return False
        return True

    def ask_to_end(self) -> None:
        """Send SIGTERM to the main process only, which ends its own children in order."""
        if self.is_alive:
            self.process.terminate()

    def end(self, until: float) -> bool:
        """Wait until `until` (in seconds of `time.monotonic()`), then kill its session; returns False if it had to."""
        while (is_late := self.is_alive) and time.monotonic() < until:
            time.sleep(0.05)
        if is_late:
            self._kill_session()
        self._lines.join(2)
        return not is_late

    def _has_ended(self) -> bool:
        if hasattr(os, "waitid"):
            # WNOWAIT leaves the dead process unreaped, so that its pid cannot be reused before its session is killed.
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None
        return self.process.poll() is not None

    def _kill_session(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def _copy(self, stream: IO[bytes] | None, say: Say) -> None:
        if stream is None:
            return
        with stream:
            for line in stream:
                say(f"{self.name:<8}| {line.decode(errors='replace').rstrip()}")


class ProcessGroup:
    """A group of programs that are started, watched and ended together."""

    def __init__(self, directory: str | os.PathLike[str], say: Say) -> None:
        self._directory = directory
        self._say = say
        self._children: list[Child] = []
        self._absent: dict[Program, float] = {}
        """Kept programs that ended, and when each is to start again, in seconds of `time.monotonic()`."""
        self._waits: dict[str, float] = {}
        self.asked_to_end = False

    def start(self, program: Program) -> Child:
        """Start one more program."""
        child = Child(program, self._directory, self._say)
        self._children.append(child)
        return child

    def watch(self) -> Child | None:
        """Block until a signal comes (returns None) or a program that is not kept ends by itself (returns that one)."""
        while not self.asked_to_end:
            if gone := self.look():
                return gone
            time.sleep(0.2)
        return None

    def look(self) -> Child | None:
        """Start kept programs that ended anew, each at its time; returns a program that ended and is not kept."""
        for child in list(self._children):
            if child.is_alive:
                continue
            if not child.program.is_kept:
                return child
            self._children.remove(child)
            self._absent[child.program] = time.monotonic() + self._wait_after(child)
        for program, starts_at in list(self._absent.items()):
            if time.monotonic() >= starts_at:
                del self._absent[program]
                self.start(program)
        return None

    def _wait_after(self, child: Child) -> float:
        was_well = time.monotonic() - child.began_at >= WELL_AFTER
        wait = FIRST_WAIT if was_well else min(self._waits.get(child.name, FIRST_WAIT / 2) * 2, LONGEST_WAIT)
        self._waits[child.name] = wait
        self._say(f"{child.name} ended by itself (code {child.process.returncode}): it starts again in {wait:.0f} s.")
        return wait

    def end(self) -> list[str]:
        """End every program; returns the names of those that had to be killed."""
        for child in reversed(self._children):
            child.ask_to_end()
        until = time.monotonic() + STOP_SECONDS
        killed = [child.name for child in self._children if not child.end(until)]
        self._children.clear()
        self._absent.clear()
        return killed

    @contextmanager
    def ending_with_us(self) -> Iterator[ProcessGroup]:
        """Context manager: ends every program on exit; inside it, SIGTERM and SIGINT set `asked_to_end`."""

        def ask(_number: int, _frame: object) -> None:
            self.asked_to_end = True

        before = {number: signal.signal(number, ask) for number in SIGNALS}
        try:
            yield self
        finally:
            for name in self.end():
                self._say(f"{name} did not end within {STOP_SECONDS:.0f} s and was killed.")
            for number, former in before.items():
                signal.signal(number, former)
