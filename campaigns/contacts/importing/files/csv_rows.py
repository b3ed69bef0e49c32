"""CSV reading with any separator; an unclosed quotation mark spoils its own row only."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from campaigns.contacts.importing.files.limits import MAX_CELL, MAX_OPEN_QUOTES, FileRefused
from campaigns.contacts.importing.files.limits import english as _

OPEN_QUOTE = "open_quote"
SEPARATORS = ",;\t|؛،^~"
SAMPLE_LINES, MAX_SAMPLE = 30, 2000
MAX_LINES_A_ROW = 1000

Row = tuple[int, list[str], str]
"""Row number as a spreadsheet shows it, cells, and the code of a problem or an empty text."""


class _Lines:
    """An iterator of lines that keeps those of the current record, so that they can be read again."""

    def __init__(self, source: io.TextIOBase) -> None:
        self._source = source
        self._again: list[str] = []
        self.held: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if len(self.held) >= MAX_LINES_A_ROW:
            raise csv.Error("a row without end")
        line = self._again.pop() if self._again else next(self._source)
        self.held.append(line)
        return line

    def read_again(self, lines: list[str]) -> None:
        """Push lines back to be returned next."""
        self._again.extend(reversed(lines))


def find_separator(path: Path, encoding: str) -> str:
    """Return the separator that splits most of the first lines into the same number of columns."""
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = [line[:MAX_SAMPLE] for _number, line in zip(range(SAMPLE_LINES), file, strict=False)]
    if lines and lines[0].lower().startswith("sep=") and len(lines[0].strip()) == 5:
        return lines[0].strip()[4]
    scores: list[tuple[float, str]] = []
    for separator in SEPARATORS:
        found = [len(cells) for cells in csv.reader(lines, delimiter=separator) if any(cells)]
        width, rows = Counter(found).most_common(1)[0] if found else (1, 0)
        # It must also occur in the title line, unlike a comma that occurs in addresses only.
        weight = 1.0 if found and found[0] == width else 0.5
        scores.append((weight * rows * (width - 1) / max(len(lines), 1), separator))
    best, separator = max(scores, key=lambda score: score[0])
    return separator if best > 0 else ","


def read_rows(path: Path, encoding: str, separator: str) -> Iterator[Row]:
    """Yield the rows of a CSV file, without blank ones. Raises FileRefused for a cell that is too long."""
    csv.field_size_limit(MAX_CELL)
    with path.open(encoding=encoding, errors="replace", newline="") as file:
        lines = _Lines(file)
        held = lines.held
        reader = csv.reader(lines, delimiter=separator, strict=True)
        number, broken, problem = 1, 0, ""
        while True:
            try:
                cells = next(reader)
                length = len(held)
            except StopIteration:
                return
            except csv.Error:
                record = held.copy()
                cells, problem = _first_line(record, separator)
                length = 1
                broken += 1
                if broken > MAX_OPEN_QUOTES and len(record) > 1:
                    raise FileRefused(
                        _(
                            "Too many quotation marks are not closed, the last in row %(row)s. Save the file "
                            "as CSV again."
                        ),
                        {"row": number},
                    ) from None
                lines.read_again(record[1:])
                reader = csv.reader(lines, delimiter=separator, strict=True)
            if number > 1 or not _is_separator_line(cells, held, separator):
                if any(cells):
                    yield number, cells, problem
                problem = ""
            number += length
            held.clear()


def _is_separator_line(cells: list[str], held: list[str], separator: str) -> bool:
    return bool(held) and held[0].strip().lower() == f"sep={separator}" and len(cells) <= 2


def _first_line(record: list[str], separator: str) -> tuple[list[str], str]:
    """Parse the first line of a broken record alone, leniently; returns its cells and the code of the problem."""
    try:
        cells = next(csv.reader(record[:1], delimiter=separator))
    except csv.Error:
        raise FileRefused(
            _("A cell has more than %(limit)s characters, so this is not a list of contacts."),
            {"limit": MAX_CELL},
        ) from None
    # In a record of one line the mark may be part of a name; in a longer one it was never closed.
    is_open = len(record) > 1 or record[0].count('"') % 2 == 1
    return cells, OPEN_QUOTE if is_open else ""
