"""Lines of CSV whose cells no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence

BOM = "\ufeff"
"""Makes spreadsheets read UTF-8."""

E164 = re.compile(r"\+[1-9]\d{6,14}")

RISKY = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"


def safe_cell(value: object) -> str:
    """Return a value that no spreadsheet takes for a formula; phone numbers in E.164 stay as they are."""
    text = "" if value is None else str(value)
    risky = text and not E164.fullmatch(text) and (text[0] in RISKY or text.lstrip()[:1] in tuple("=+-@"))
    return "'" + text if risky else text


def csv_header(titles: Sequence[str]) -> str:
    """Return the mark of UTF-8 and the line of titles."""
    return BOM + csv_lines([titles])


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of cells as lines."""
    writer = csv.writer(PassingFile())
    return "".join(writer.writerow(row) for row in rows)


class PassingFile:
    """A file that hands each written line straight back."""

    def write(self, line: str) -> str:
        return line
