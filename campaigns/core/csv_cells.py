"""CSV output that is safe from formula injection in spreadsheets."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

BOM = "\ufeff"
"""Byte order mark; makes spreadsheets read the file as UTF-8."""

E164 = re.compile(r"\+[1-9]\d{6,14}")

RISKY = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def safe_cell(value: object) -> str:
    """Return a value as text that no spreadsheet evaluates as a formula; phone numbers in E.164 are not changed."""
    text = "" if value is None else str(value)
    risky = text and not E164.fullmatch(text) and (text[0] in RISKY or text.lstrip()[:1] in tuple("=+-@"))
    return "'" + text if risky else text


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
