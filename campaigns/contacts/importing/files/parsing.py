"""The process that parses one file: `parser.py` starts it, tells it what to read, and ends it.

It bounds its own memory and time before it opens the file, writes no file, knows no secret, and imports nothing of
Django. It answers in frames: the length in four bytes, most significant first, and as many bytes of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from typing import Any

from campaigns.contacts.importing.files.cell_values import Length
from campaigns.contacts.importing.files.csv_rows import Row
from campaigns.contacts.importing.files.limits import FileLimits, FileRefused
from campaigns.contacts.importing.files.tables import FileTable, measure_file, open_file

FEW_ROWS, MANY_ROWS = 64, 500
"""Rows of the first answer, for whoever wants a glance, and of the others."""
MOST_LETTERS = 256 * 1024
"""Letters after which an answer is sent with fewer rows."""
CELL_END, ROW_END = "\x1f", "\x1e"
"""Signs for the end of a cell and of a row, which no file has: texts that are joined by them are split in no time."""
_OPEN_FILES = 32


def main() -> None:
    """Read what is asked from standard input, and answer on standard output."""
    asked = json.load(sys.stdin.buffer)
    be_bounded(asked["memory"])
    _work(asked)
    end: dict[str, Any] = {"end": True}
    try:
        for answer in answers(asked):
            _send(answer)
            _work(asked)
    except FileRefused as refusal:
        end = {"refused": [refusal.sentence, refusal.values]}
    except MemoryError:
        end = {"failed": "memory"}
    except Exception as error:
        # Where, never what: the message of an error may hold a cell.
        place = traceback.extract_tb(error.__traceback__)[-1]
        end = {"failed": f"{type(error).__name__} at {Path(place.filename).name}:{place.lineno}"}
    _send(end)


def answers(asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield what is asked of a file; see `as_text`. Raises FileRefused."""
    return _ACTIONS[asked["action"]](Path(asked["path"]), FileLimits(**asked["limits"]), asked)


def as_text(answer: dict[str, Any]) -> bytes:
    """Return an answer as JSON; a length of time is an object with its `seconds`."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), default=_length).encode("utf-8", "replace")


def be_bounded(memory: int) -> None:
    """Limit this process: bytes of memory, no file written, no core dumped; where memory runs out it goes first."""
    with suppress(OSError):
        # Linux alone has it, see proc_pid_oom_score_adj(5).
        Path("/proc/self/oom_score_adj").write_text("1000")
    limits = (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    )
    for kind, most in limits:
        _soft, hard = resource.getrlimit(kind)
        if hard == resource.RLIM_INFINITY or most <= hard:
            resource.setrlimit(kind, (most, most))
    # Whoever stops the product stops us through the one that asked, once that has written down where it was.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _work(asked: dict[str, Any]) -> None:
    """Have this process ended unless it answers in time, even where nobody is left who would end it."""
    signal.setitimer(signal.ITIMER_PROF, asked["work"])
    signal.setitimer(signal.ITIMER_REAL, asked["silence"])


def _send(answer: dict[str, Any]) -> None:
    """Write one frame; while it waits to be read no time counts."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    text = as_text(answer)
    left = memoryview(len(text).to_bytes(4, "big") + text)
    try:
        while left:
            left = left[os.write(sys.stdout.fileno(), left) :]
    except BrokenPipeError:
        # Nobody listens any more.
        os._exit(0)


def _length(value: Any) -> dict[str, float]:
    if isinstance(value, Length):
        return {"seconds": value.seconds}
    raise TypeError(type(value).__name__)


def _open(path: Path, limits: FileLimits, _asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    table = open_file(path, limits)
    yield {"table": {
        "encoding": table.encoding, "separator": table.separator, "has_broken_letters": table.has_broken_letters,
        "marked": sorted(table.marked),
    }}  # fmt: skip


def _measure(path: Path, limits: FileLimits, _asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    sheets = measure_file(open_file(path, limits), limits)
    yield {"sheets": [
        [sheet.name, sheet.rows, sheet.columns, sheet.first_rows, sheet.hidden, sheet.hidden_rows] for sheet in sheets
    ]}  # fmt: skip


def _rows(path: Path, _limits: FileLimits, asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    of = asked["table"]
    table = FileTable(path, **(of | {"marked": frozenset(of["marked"])}))
    for rows in _batches(table.rows(asked["sheet"], skip_hidden=asked["skip_hidden"])):
        yield rows_as_answer(rows)


def rows_as_answer(rows: list[Row]) -> dict[str, Any]:
    """Return an answer that holds rows: the cells as one text if they are plain texts, else as they are."""
    try:
        text = ROW_END.join([CELL_END.join(cells) for _number, cells, _problem in rows])
    except TypeError:
        # A length of time is no text yet.
        return {"rows": rows}
    if text.count(ROW_END) != len(rows) - 1 or text.count(CELL_END) != sum(len(row[1]) - 1 for row in rows):
        return {"rows": rows}
    numbers, _cells, problems = zip(*rows, strict=True)
    return {"numbers": numbers, "text": text, "problems": problems if any(problems) else None}


def rows_of_answer(answer: dict[str, Any]) -> Iterator[Row]:
    """Yield the rows of an answer."""
    if "rows" in answer:
        for number, cells, problem in answer["rows"]:
            yield number, cells, problem
        return
    texts = answer["text"].split(ROW_END)
    for number, text, problem in zip(answer["numbers"], texts, answer["problems"] or repeat(""), strict=False):
        yield number, text.split(CELL_END), problem


def _batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    batch: list[Row] = []
    most, letters = FEW_ROWS, 0
    for row in rows:
        batch.append(row)
        letters += sum(map(len, row[1]))
        if len(batch) >= most or letters > MOST_LETTERS:
            yield batch
            batch, letters, most = [], 0, MANY_ROWS
    if batch:
        yield batch


_ACTIONS: dict[str, Callable[[Path, FileLimits, dict[str, Any]], Iterator[dict[str, Any]]]] = {
    "open": _open,
    "measure": _measure,
    "rows": _rows,
}
