"""CSV cells that no spreadsheet takes for formulas, and their way back when such a file is imported."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

BOM = "\ufeff"
"""Byte order mark; makes spreadsheets read the file as UTF-8."""

E164 = re.compile(r"\+[1-9]\d{6,14}")

RISKY = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


GUARD = "'"
_GUARDED = re.compile(r"'+\s*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def safe_cell(value: object) -> str:
    """Return a value as text that no spreadsheet evaluates as a formula; phone numbers in E.164 are not changed.

    `unguarded` returns the same text again.
    """
    text = "" if value is None else str(value)
    risky = text and not E164.fullmatch(text) and (text[0] in RISKY or text.lstrip()[:1] in tuple("=+-@"))
    return GUARD + text if risky or _is_guarded(text) else text


def unguarded(text: str) -> str:
    """Return a cell without the guard that `safe_cell` put before it; any other text as it is."""
    return text[1:] if _is_guarded(text) else text


def _is_guarded(text: str) -> bool:
    return text[:1] == GUARD and _GUARDED.match(text) is not None and not E164.fullmatch(text.lstrip(GUARD))


def csv_header(titles: Sequence[str]) -> str:
    """Return the byte order mark and the line of column titles."""
    return BOM + csv_lines([titles])


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of cells as CSV lines."""
    writer = csv.writer(PassingFile())
    return "".join(writer.writerow(row) for row in rows)


class PassingFile:
    """A file object for `csv.writer` whose `write` returns the line instead of storing it."""

    def write(self, line: str) -> str:
        return line
