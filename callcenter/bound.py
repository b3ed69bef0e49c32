"""Runs a command that ends in order when the process that started it dies, even by SIGKILL (Linux only).

As a script: `bound.py PARENT COMMAND...`; the command takes this process's place, so that its number stays the same.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""Of prctl(2): which signal comes when the parent ends; it stays through exec."""


def bind(parent: int, number: signal.Signals) -> bool:
    """Have this process sent a signal when its parent ends; returns False where that has happened already."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    return os.getppid() == parent


def main() -> None:
    """Bind this process and become the command."""
    if not bind(int(sys.argv[1]), signal.SIGTERM):
        sys.exit(1)
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - the commands are our own


if __name__ == "__main__":
    main()
