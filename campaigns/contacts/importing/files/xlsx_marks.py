"""What the reading library does not tell of a sheet: hidden rows, and formulas and errors that have no value."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from campaigns.contacts.importing.files.cell_values import CELL_ERRORS, NO_VALUE
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.files.limits import english as _

CHUNK = 256 * 1024
MAX_ROW = 8 * 1024 * 1024
"""Bytes that one row of a sheet may take in the package."""
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_STRICT = "{http://purl.oclc.org/ooxml/spreadsheetml/main}"
_ROW = re.compile(rb"<(?:\w+:)?row\b([^<>]*)>")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>")
_HIDDEN = re.compile(rb"""\bhidden\s*=\s*["'](?:1|true)["']""")
_NUMBER = re.compile(rb"""\br\s*=\s*["'](\d+)["']""")
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]+)\d+["']""")
_IS_ERROR = re.compile(rb"""\bt\s*=\s*["']e["']""")
_IS_TEXT = re.compile(rb"""\bt\s*=\s*["']str["']""")
_ERROR = re.compile(rb"<(?:\w+:)?v\b[^<>]*>([^<]*)<")
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_MAY_LACK = re.compile(rb"""[<:]f|\bt\s*=\s*["']e""")
_ANY_VALUE = re.compile(rb"<(?:\w+:)?v\b")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|t)\b[^<>]*>[^<]")


class SheetMarks(NamedTuple):
    """Marks of a sheet's rows, by row number as a spreadsheet counts."""

    hidden: bytearray
    """1 for a hidden row; shorter than the sheet where no further row is hidden."""
    without_value: dict[int, dict[int, str]]
    """Row to the columns (A is 0) whose formula was never calculated or ended in an error: `NO_VALUE` or the error."""

    def is_hidden(self, number: int) -> bool:
        """Tell whether the spreadsheet hides a row."""
        return number < len(self.hidden) and bool(self.hidden[number])


def no_marks() -> SheetMarks:
    """Return the marks of a sheet that has none."""
    return SheetMarks(bytearray(), {})


def read_marks(path: Path, sheet: str, marked: frozenset[str]) -> SheetMarks:
    """Return the marks of a sheet; `marked` are the parts of the package that may have any. Raises FileRefused."""
    if not marked:
        return no_marks()
    try:
        with zipfile.ZipFile(path) as package:
            part = _part_of(package, sheet)
            return _scan(package, part) if part in marked else no_marks()
    except (zipfile.BadZipFile, ElementTree.ParseError, KeyError, OSError, ValueError) as error:
        raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX and upload it again.")) from error


def _part_of(package: zipfile.ZipFile, sheet: str) -> str:
    """Return the path within the package of the sheet with this name; "" if it cannot be found."""
    names = {name.lower(): name for name in package.namelist()}
    # The package was checked: it declares no document type and no entity.
    book = ElementTree.fromstring(package.read(names["xl/workbook.xml"]))  # noqa: S314
    link = next(
        (
            value
            for element in book.iter()
            if element.tag in {f"{_MAIN}sheet", f"{_STRICT}sheet"} and element.get("name") == sheet
            for key, value in element.attrib.items()
            if key.endswith("}id")
        ),
        "",
    )
    links = ElementTree.fromstring(package.read(names["xl/_rels/workbook.xml.rels"]))  # noqa: S314
    target = next((one.get("Target", "") for one in links if one.get("Id") == link), "")
    whole = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return names.get(whole.lower(), "")


def _scan(package: zipfile.ZipFile, part: str) -> SheetMarks:
    hidden, number = bytearray(), 0
    without_value: dict[int, dict[int, str]] = {}
    for head, body in _rows(package, part):
        found = _NUMBER.search(head)
        number = int(found[1]) if found else number + 1
        if _HIDDEN.search(head):
            hidden.extend(bytes(number + 1 - len(hidden)))
            hidden[number] = 1
        if _MAY_LACK.search(body):
            cells = dict(_without_value(body))
            if cells:
                without_value[number] = cells
    return SheetMarks(hidden, without_value)


def _rows(package: zipfile.ZipFile, part: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the attributes and the content of every row of a sheet's XML, piece by piece."""
    with package.open(part) as stream:
        text = b""
        while True:
            piece = stream.read(CHUNK)
            text += piece
            starts = list(_ROW.finditer(text))
            # The last row may go on in the next piece.
            whole = starts[:-1] if piece else starts
            for place, found in enumerate(whole):
                end = starts[place + 1].start() if place + 1 < len(starts) else len(text)
                yield found[1], text[found.end() : end]
            if not piece:
                return
            text = text[starts[-1].start() :] if starts else text[-CHUNK:]
            if len(text) > MAX_ROW:
                raise ValueError("a row without end")


def _without_value(body: bytes) -> Iterator[tuple[int, str]]:
    column = -1
    cells = list(_CELL.finditer(body))
    ends = [*(cell.start() for cell in cells[1:]), len(body)]
    for cell, end in zip(cells, ends, strict=True):
        place = _PLACE.search(cell[1])
        column = _column(place[1]) if place else column + 1
        content = b"" if cell[1].endswith(b"/") else body[cell.end() : end]
        if _IS_ERROR.search(cell[1]):
            error = _ERROR.search(content)
            name = error[1].decode(errors="replace") if error else NO_VALUE
            yield column, name if name in CELL_ERRORS else NO_VALUE
        elif _FORMULA.search(content) and not _VALUE.search(content) and not _is_empty_text(cell[1], content):
            yield column, NO_VALUE


def _is_empty_text(attributes: bytes, content: bytes) -> bool:
    """Tell whether a formula ended in an empty text, which is a value."""
    return bool(_IS_TEXT.search(attributes) and _ANY_VALUE.search(content))


def _column(letters: bytes) -> int:
    found = 0
    for letter in letters.upper():
        found = found * 26 + letter - 64
    return found - 1
