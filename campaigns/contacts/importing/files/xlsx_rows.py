"""XLSX reading: the rows of visible sheets as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from campaigns.contacts.importing.files.cell_values import text_of
from campaigns.contacts.importing.files.csv_rows import Row
from campaigns.contacts.importing.files.limits import MAX_COLUMNS, FileRefused
from campaigns.contacts.importing.files.limits import english as _
from campaigns.contacts.importing.files.xlsx_marks import SheetMarks, read_marks


def sheet_names(path: Path) -> list[str]:
    """Return the names of the visible sheets in order; of all where none is visible. Raises FileRefused."""
    with _opened(path) as workbook:
        return _names(workbook)


def read_rows(path: Path, sheet: str, marked: frozenset[str], *, skip_hidden: bool = False) -> Iterator[Row]:
    """Yield the rows of a sheet, without blank ones; with "" those of the first visible sheet that has any.

    `marked` is what the check of the package returned. Raises FileRefused, also if there is no such sheet.
    """
    with _opened(path) as workbook:
        names = _names(workbook)
        if sheet and sheet not in names:
            raise FileRefused(_("This workbook has no sheet “%(name)s”."), {"name": sheet})
        for name in [sheet] if sheet else names:
            is_empty = True
            marks = read_marks(path, name, marked)
            for row in _rows(workbook.get_sheet_by_name(name), marks, skip_hidden=skip_hidden):
                is_empty = False
                yield row
            if not is_empty:
                return


def read_sheets(path: Path, marked: frozenset[str]) -> Iterator[tuple[str, SheetMarks, Iterator[Row]]]:
    """Yield each visible sheet as its name, its marks and its rows, hidden ones too. Raises FileRefused."""
    with _opened(path) as workbook:
        for name in _names(workbook):
            marks = read_marks(path, name, marked)
            yield name, marks, _rows(workbook.get_sheet_by_name(name), marks, skip_hidden=False)


@contextmanager
def _opened(path: Path) -> Iterator[CalamineWorkbook]:
    """Open a workbook; what the library cannot read becomes FileRefused."""
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            yield workbook
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX and upload it again.")) from error


def _names(workbook: CalamineWorkbook) -> list[str]:
    sheets = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    visible = [sheet.name for sheet in sheets if sheet.visible == SheetVisibleEnum.Visible]
    return visible or [sheet.name for sheet in sheets]


def _rows(sheet: CalamineSheet, marks: SheetMarks, *, skip_hidden: bool) -> Iterator[Row]:
    without_value = marks.without_value
    # The library begins with the first column that has a value, and ends with the last such row.
    begins = sheet.start[1] if sheet.start else MAX_COLUMNS
    offset = min([begins, *(column for cells in without_value.values() for column in cells)])
    left, last = [""] * (begins - offset), 0
    for number, values in enumerate(sheet.iter_rows(), start=1):
        last = number
        if skip_hidden and marks.is_hidden(number):
            continue
        # A length of time becomes a text on its way to whoever asked.
        cells: list[Any] = [value if type(value) is str else text_of(value) for value in values]
        if left:
            cells = left + cells
        if number in without_value:
            _put(cells, without_value[number], offset)
        if any(cells):
            yield number, cells, ""
    for number in sorted(number for number in without_value if number > last):
        if not (skip_hidden and marks.is_hidden(number)):
            cells = []
            _put(cells, without_value[number], offset)
            yield number, cells, ""


def _put(cells: list[Any], texts: Mapping[int, str], offset: int) -> None:
    """Write what stands for missing values into the cells of a row."""
    for column, text in texts.items():
        cells.extend([""] * (column - offset + 1 - len(cells)))
        cells[column - offset] = text
