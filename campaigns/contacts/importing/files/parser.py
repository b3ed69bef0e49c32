"""A process of its own for each reading of an uploaded file: bounded in memory and time, and ended whatever happens.

The libraries that unpack and parse foreign files may take any amount of memory, hang, or end the process they run in:
here that is a process with nothing else to do. It is a plain new one, not a copy of ours: a web server and a worker
have threads, connections and secrets, and a copy takes them along. It begins in about 40 ms.
"""

from __future__ import annotations

import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from campaigns.contacts.importing.cells.cell_texts import length_in_words
from campaigns.contacts.importing.files.limits import FileRefused, limits
from campaigns.contacts.importing.files.tables import FileTable

logger = logging.getLogger(__name__)

WORK_SECONDS = 60
"""Seconds of the processor that one answer may take; the largest workbook takes about 10."""
SILENCE_SECONDS = 75
"""Seconds without an answer, on a machine however busy, after which a process is ended; the proxy waits for 90."""
MEMORY_LEAST, MEMORY_TIMES, MEMORY_MOST = 132 << 20, 20, 768 << 20
"""Bytes that a process may take: at least, for each byte of the file, and at most.

A sheet of people takes about 28 bytes for each byte of its file beside what every process takes (measured: 200,000
rows of 10 columns, 7.6 MB, 215 MB in all), so that what grows far more was made to.
"""
MAX_ANSWER = 64 << 20
"""Bytes of one answer."""
AT_ONCE = 4
"""Files that are opened or measured at the same time in one of our processes."""
_BEGIN = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from campaigns.contacts.importing.files.parsing import main; main()"
)
_places = threading.BoundedSemaphore(AT_ONCE)


class ReadingStopped(FileRefused):
    """Raised where the process that read a file was ended from outside: the file may be read another time."""


def as_json(table: FileTable) -> dict[str, Any]:
    """Return what a process must know of a table to read its rows."""
    of = asdict(table)
    return {
        "marked": sorted(table.marked),
        **{name: of[name] for name in ("encoding", "separator", "has_broken_letters")},
    }


def parse(
    action: str, path: Path, details: dict[str, Any] | None = None, *, language: str = ""
) -> Iterator[dict[str, Any]]:
    """Yield the answers of a process that reads a file; it has ended when this is over, or left off.

    Lengths of time are in a language, by default the active one. Raises FileRefused for what the file is, and where
    the process took too much memory or too long; ReadingStopped where it was ended from outside; FileNotFoundError.
    """
    asked = question(action, path, details)
    # Rows are taken one by one, perhaps beside those of another sheet: they wait for no place.
    with _place() if action != "rows" else nullcontext(), _process(asked) as process:
        while True:
            frame = _frame(process)
            if frame is None:
                raise _ended(process)
            answer = understood(frame, language)
            if "end" in answer:
                return
            if "refused" in answer:
                sentence, values = answer["refused"]
                raise FileRefused(_(sentence), values)
            if "failed" in answer:
                raise _failed(answer["failed"])
            yield answer


def question(action: str, path: Path, details: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return what a process is asked, and its bounds. Raises FileNotFoundError."""
    return {
        **(details or {}),
        "action": action,
        "path": str(path.resolve()),
        "limits": asdict(limits()),
        "memory": min(MEMORY_LEAST + MEMORY_TIMES * path.stat().st_size, MEMORY_MOST),
        "work": WORK_SECONDS,
        "silence": SILENCE_SECONDS + 15,
    }


def understood(text: bytes, language: str) -> dict[str, Any]:
    """Return an answer, with lengths of time in the words of a language."""
    found: dict[str, Any] = json.loads(text, object_hook=partial(_in_words, language=language))
    return found


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=SILENCE_SECONDS / 3):
        raise ReadingStopped(_("Other files are being read. Wait a minute, then upload this one again."))
    try:
        yield
    finally:
        _places.release()


@contextmanager
def _process(asked: dict[str, Any]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a process and tell it what to read; it is ended, and waited for, at the end of the block."""
    # What it may import, and nothing of our environment, which holds keys.
    paths = json.dumps([os.path.abspath(path) for path in sys.path])
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-I", "-S", "-B", "-c", _BEGIN, paths],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/",
        env={"LC_ALL": "C.UTF-8", "MALLOC_ARENA_MAX": "1"}, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdin is not None
        # Where it ended already, that is told by its first answer, which is none.
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps(asked).encode())
        with suppress(BrokenPipeError):
            process.stdin.close()
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _frame(process: subprocess.Popen[bytes]) -> bytes | None:
    """Return the next answer; None where the process ended without one. Raises FileRefused."""
    assert process.stdout is not None
    until = time.monotonic() + SILENCE_SECONDS
    head = _bytes(process.stdout.fileno(), 4, until)
    if len(head) < 4:
        return None
    length = int.from_bytes(head, "big")
    if length > MAX_ANSWER:
        raise _too_much()
    text = _bytes(process.stdout.fileno(), length, until)
    return text if len(text) == length else None


def _bytes(pipe: int, count: int, until: float) -> bytes:
    """Return so many bytes, or fewer where the other side ended. Raises ReadingStopped after the time."""
    found = bytearray()
    asked = select.poll()
    asked.register(pipe, select.POLLIN | select.POLLHUP)
    while len(found) < count:
        left = until - time.monotonic()
        if left <= 0 or not asked.poll(left * 1000):
            raise _silent()
        piece = os.read(pipe, count - len(found))
        if not piece:
            break
        found += piece
    return bytes(found)


def _ended(process: subprocess.Popen[bytes]) -> FileRefused:
    """Return what is said of a process that ended without a word."""
    code = process.wait()
    if code == -signal.SIGPROF:
        logger.warning("a file was refused: reading it took more than %s s of the processor", WORK_SECONDS)
        return _too_long()
    if code == -signal.SIGALRM:
        return _silent()
    if code == -signal.SIGABRT:
        # So ends a library that gets no more memory.
        logger.warning("a file was refused: reading it took too much memory")
        return _too_much()
    if code in (-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT):
        logger.warning("reading a file was stopped by signal %s", -code)
        return ReadingStopped(_("Reading was interrupted, perhaps because the server ran out of memory. Try again."))
    return _failed(f"code {code}")


def _failed(what: str) -> FileRefused:
    if what == "memory":
        logger.warning("a file was refused: reading it took too much memory")
        return _too_much()
    logger.error("a file was refused: reading it failed with %s", what)
    return FileRefused(
        _("This file cannot be read. Open it in a spreadsheet program, save it as CSV (UTF-8) and upload it again.")
    )


def _too_much() -> FileRefused:
    return FileRefused(
        _("This file needs too much memory. Leave only the sheet with contacts, or save it as CSV (UTF-8).")
    )


def _silent() -> ReadingStopped:
    logger.warning("reading a file was ended: nothing came of it for %s s", SILENCE_SECONDS)
    return ReadingStopped(
        _(
            "Reading took more than a minute and was stopped. The server may be busy, or the file unusual. Try "
            "again, or save it as CSV (UTF-8)."
        )
    )


def _too_long() -> FileRefused:
    return FileRefused(
        _("This file takes too long to read. Leave only the sheet with contacts, or save it as CSV (UTF-8).")
    )


def _in_words(value: dict[str, Any], *, language: str) -> Any:
    """Return an object of an answer, a length of time as text."""
    return length_in_words(value["seconds"], language) if value.keys() == {"seconds"} else value
