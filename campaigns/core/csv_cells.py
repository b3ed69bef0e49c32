"""CSV cells that no spreadsheet takes for formulas, and their way back when such a file is imported."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

BOM = "\ufeff"
"""Byte order mark; makes spreadsheets read the file as UTF-8."""

E164 = re.compile(r"\+[1-9]\d{6,14}")

GUARD = "'"
_START = r"(?<![\s\S])"
_PART = rf"(?:{_START}|(?<=[;|,\t\r\n]))"
"""Where a cell of some spreadsheet may begin: whatever its list separator is, and where a line breaks within a cell."""
_BREAK = re.compile(r"[;|,\t\r\n]")
_FIRST = r"'*[\t\r\n]"
_ANY = r"'*(?:[^\S\t\r\n]|\")*[=+\-@\uff1d\uff0b\uff0d\uff20]"
_RISKY = re.compile(rf"{_START}(?={_FIRST})|{_PART}(?={_ANY})")
_QUOTED = re.compile(rf"{_START}(?='{_FIRST})|{_PART}(?='{_ANY})")
_GUARDED = re.compile(rf"{_START}'(?={_FIRST})|{_PART}'(?={_ANY})")


def safe_cell(value: object) -> str:
    """Return a value as text of which no spreadsheet evaluates a part as a formula; a phone number in E.164 stays.

    A spreadsheet whose list separator is another than the file's begins a cell wherever that stands in the text, so the
    guard stands before every part that would be a formula. `unguarded` returns the same text again.
    """
    text = "" if value is None else str(value)
    if text[:1].isalnum() and _BREAK.search(text) is None:
        # Nothing that begins with a letter or a digit is a formula, unless another cell may begin within it.
        return text
    return text if _is_number(text) else _RISKY.sub(GUARD, text)


def text_cell(text: str) -> str:
    """Return a text for a cell that is no formula anyhow, as in a workbook, so that `unguarded` returns it again."""
    return text if _is_number(text) else _QUOTED.sub(GUARD, text)


def unguarded(text: str) -> str:
    """Return a cell without the guards that `safe_cell` put into it; any other text as it is."""
    return text if _is_number(text) else _GUARDED.sub("", text)


def _is_number(text: str) -> bool:
    return E164.fullmatch(text.lstrip(GUARD)) is not None


def csv_header(titles: Sequence[str]) -> str:
    """Return the byte order mark and the line of column titles."""
    return BOM + csv_lines([titles])


def csv_lines(rows: Iterable[Sequence[str]]) -> str:
    """Return rows of cells as CSV lines."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


class PassingFile:
    """A file object for `csv.writer` whose `write` returns the line instead of storing it."""

    def write(self, line: str) -> str:
        return line
