"""Orphans: children whose supervisor died without taking them along, found and ended by the next one on this machine.

Linux ends them with their supervisor, and elsewhere they notice it themselves; this is for those that could not. Each
supervisor keeps a file of its own in VAR_DIR/workers with process ids and the times at which these processes began:
a number alone may be a stranger's by now.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from callcenter.child_environment import plain_environment

logger = logging.getLogger(__name__)


def began(pid: int) -> str:
    """Return when a process began, in whatever unit the system counts; empty where it does not run any more."""
    try:
        state, *rest = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except FileNotFoundError:
        if Path("/proc/self").exists():
            return ""
        asked = ["ps", "-o", "lstart=", "-p", str(pid)]
        done = subprocess.run(asked, env=plain_environment(), capture_output=True, text=True, check=False)  # noqa: S603 - a number
        return done.stdout.strip()
    except OSError:
        return ""
    # proc(5): the state is field 3, the start field 22; a zombie works no more.
    return "" if state == "Z" else rest[18]


def machine() -> str:
    """Return what tells apart whose process ids are meant: the host's name and, on Linux, the namespace."""
    with contextlib.suppress(OSError):
        return f"{settings.HOST_NAME} {os.readlink('/proc/self/ns/pid')}"
    return settings.HOST_NAME


def _folder() -> Path:
    return Path(settings.VAR_DIR) / "workers"


def _own_file() -> Path:
    return _folder() / f"{os.getpid()}.json"


def remember(children: Iterable[int]) -> None:
    """Write down which children this supervisor has now; a folder that cannot be written stops no work."""
    pids = [os.getpid(), *children]
    words = json.dumps({"machine": machine(), "processes": [[pid, began(pid)] for pid in pids]})
    fresh = _own_file().with_suffix(".new")
    try:
        fresh.parent.mkdir(exist_ok=True)
        fresh.write_text(words)
        fresh.replace(_own_file())
    except OSError as error:
        logger.warning("the list of this worker's processes cannot be written: %s", error)


def forget() -> None:
    """Remove this supervisor's file, when all its children have ended."""
    with contextlib.suppress(OSError):
        _own_file().unlink()


def end_orphans() -> int:
    """Kill the children of supervisors that died on this machine; returns how many there were."""
    ended = 0
    for path in _folder().glob("*.json"):
        try:
            found = json.loads(path.read_text())
            is_ours = found["machine"] == machine()
            (supervisor, its_start), *children = found["processes"]
        except (OSError, ValueError, KeyError):
            logger.warning("a list of processes cannot be read: %s", path)
            continue
        if not is_ours or began(supervisor) == its_start:
            continue
        for pid, start in children:
            if start and began(pid) == start:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)
                    ended += 1
        with contextlib.suppress(OSError):
            path.unlink()
    return ended
