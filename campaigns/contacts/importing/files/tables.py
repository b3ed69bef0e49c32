"""Opening of uploaded files: the format is found from the content, not the name, and the limits are checked.

Runs in the process that parses (`parsing.py`), which knows neither Django nor the database.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from campaigns.contacts.importing.files import csv_rows
from campaigns.contacts.importing.files.csv_rows import Row
from campaigns.contacts.importing.files.encodings import find_encoding
from campaigns.contacts.importing.files.limits import MAX_CELL, MAX_COLUMNS, FileLimits, FileRefused
from campaigns.contacts.importing.files.limits import english as _

if TYPE_CHECKING:
    from campaigns.contacts.importing.files.xlsx_marks import SheetMarks

FIRST_ROWS = 60
_WORKBOOK = b"PK\x03\x04"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_WEB_PAGES = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<script")


@dataclass(frozen=True, slots=True)
class FileTable:
    """A file whose rows can be read repeatedly."""

    path: Path
    encoding: str = ""
    separator: str = ""
    has_broken_letters: bool = False
    marked: frozenset[str] = frozenset()
    """Parts of a workbook that may have hidden rows or cells without a value."""

    @property
    def is_workbook(self) -> bool:
        """Tell whether it is an XLSX file."""
        return not self.encoding

    def rows(self, sheet: str = "", *, skip_hidden: bool = False) -> Iterator[Row]:
        """Yield each row of a sheet that is not blank, as (row number, cells, problem code).

        With "" those of the first visible sheet that holds rows; a CSV file has no other. Raises FileRefused.
        """
        if self.is_workbook:
            # Half of the files are none, and would wait for what only workbooks need.
            from campaigns.contacts.importing.files import xlsx_rows

            return xlsx_rows.read_rows(self.path, sheet, self.marked, skip_hidden=skip_hidden)
        return csv_rows.read_rows(self.path, self.encoding, self.separator)


@dataclass(frozen=True, slots=True)
class MeasuredSheet:
    """The result of reading a whole sheet once."""

    name: str
    """Empty for a CSV file."""
    rows: int
    """Rows that are not blank."""
    columns: int
    first_rows: list[tuple[int, list[str]]]
    """Row numbers and cells of the first rows that are not blank, hidden ones too."""
    hidden: tuple[int, ...]
    """Row numbers of the first hidden rows, as many as can stand above the titles."""
    hidden_rows: int
    """How many of the rows the spreadsheet hides."""


def open_file(path: Path, limits: FileLimits) -> FileTable:
    """Return the table for a file, chosen by its size and first bytes. Raises FileRefused."""
    size = path.stat().st_size
    most = limits.max_bytes
    if size == 0:
        raise FileRefused(_("This file is empty."))
    if size > most:
        raise FileRefused(
            _("This file is larger than %(megabytes)s MB. Split it into smaller files."),
            {"megabytes": most // (1024 * 1024) or 1},
        )
    with path.open("rb") as file:
        start = file.read(512)
    if start.startswith(_WORKBOOK):
        from campaigns.contacts.importing.files import xlsx_package

        return FileTable(path, marked=xlsx_package.check_package(path, limits))
    if start.startswith(_OLD_WORKBOOK):
        raise FileRefused(_("This is an old or locked Excel file. Save it as XLSX without a password, or as CSV."))
    if start.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"Rar!", b"7z\xbc")):
        raise FileRefused(_("This file is not a table. Save it as CSV (UTF-8) or XLSX and upload it again."))
    if start.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(_WEB_PAGES):
        raise FileRefused(_("This is a web page, not a table. Open it in Excel and save it as XLSX or CSV."))
    encoding, has_broken_letters = find_encoding(path)
    return FileTable(path, encoding, csv_rows.find_separator(path, encoding), has_broken_letters)


def measure_file(table: FileTable, limits: FileLimits) -> list[MeasuredSheet]:
    """Read the whole file once to check the limits; returns its visible sheets, blank ones too. Raises FileRefused."""
    if table.is_workbook:
        from campaigns.contacts.importing.files import xlsx_rows

        read = xlsx_rows.read_sheets(table.path, table.marked)
        sheets = [_measure(name, marks, rows, limits) for name, marks, rows in read]
    else:
        sheets = [_measure("", None, table.rows(), limits)]
    if not any(sheet.rows for sheet in sheets):
        raise FileRefused(_("This file has no rows."))
    return sheets


def _measure(name: str, marks: SheetMarks | None, found: Iterator[Row], limits: FileLimits) -> MeasuredSheet:
    most = limits.max_rows
    rows = columns = hidden = 0
    first: list[tuple[int, list[str]]] = []
    for number, cells, _problem in found:
        rows += 1
        # Plus one for the title row.
        if rows > most + 1:
            raise FileRefused(_("This file has more than %(rows)s rows. Split it into smaller files."), {"rows": most})
        width = len(cells)
        if width > columns:
            columns = width
            if width > MAX_COLUMNS:
                raise FileRefused(
                    _("Row %(row)s has more than %(columns)s columns. Leave only the columns about contacts."),
                    {"row": number, "columns": MAX_COLUMNS},
                )
        if marks and any(len(cell) > MAX_CELL for cell in cells):
            raise FileRefused(
                _("A cell has more than %(limit)s characters, so this is not a list of contacts."),
                {"limit": MAX_CELL},
            )
        if marks and marks.hidden:
            hidden += marks.is_hidden(number)
        if rows <= FIRST_ROWS:
            first.append((number, cells))
    first_hidden = tuple(number for number, _cells in first if marks and marks.is_hidden(number))
    return MeasuredSheet(name, rows, columns, first, first_hidden, hidden)
