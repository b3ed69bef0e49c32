"""Writes workbooks as spreadsheets and programs leave them: several sheets, hidden rows, formulas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl


def workbook(
    path: Path,
    sheets: Mapping[str, Sequence[Sequence[Any]]],
    *,
    hidden: Mapping[str, Sequence[int]] | None = None,
    hidden_sheets: Sequence[str] = (),
    formats: Mapping[str, str] | None = None,
) -> Path:
    """Write sheets of rows; `hidden` names row numbers by sheet, `formats` the number format of cells of the first."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
        for number in (hidden or {}).get(name, ()):
            sheet.row_dimensions[number].hidden = True
        if name in hidden_sheets:
            sheet.sheet_state = "hidden"
    for cell, kind in (formats or {}).items():
        book.worksheets[0][cell].number_format = kind
    book.save(path)
    return path
