"""XLSX reading, with a check of the unpacked size and of dangerous content before the library opens the file."""

from __future__ import annotations

import datetime
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from campaigns.contacts.importing.csv_rows import Row
from campaigns.contacts.importing.limits import MAX_COLUMNS, MAX_ENTRIES, UNPACKED_TIMES, FileRefused, limits

CHUNK = 256 * 1024
OVERLAP = 64
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
# The library allocates memory up to the furthest cell, so that one far cell could exhaust it.
_FAR_COLUMN = re.compile(rb"""\br\s*=\s*["']\s*(?:[A-Za-z]{3}|[D-Zd-z][A-Za-z]|[Cc][W-Zw-z])""")
_WIDE = re.compile(rb"""\br\s*=\s*["']\s*[A-Za-z]{2}""")
_FAR_ROW = re.compile(rb"""\br\s*=\s*["']\s*[A-Za-z]*(\d{5,})""")
NARROW, MOST_CELLS = 26, 5_200_000
_DECLARES = re.compile(rb"<!DOCTYPE|<!ENTITY|encoding\s*=\s*[\"'](?!utf-8|us-ascii)", re.IGNORECASE)


def check_package(path: Path) -> None:
    """Raise FileRefused for a package that unpacks to too much, has far cells or macros, or is not a spreadsheet."""
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
        names = {entry.filename for entry in entries}
        if not any(name.lower() == "xl/workbook.xml" for name in names):
            raise FileRefused(_("This is not an Excel workbook (.xlsx). Save it as XLSX or CSV and upload that."))
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise FileRefused(_("This workbook carries macros. Save it as XLSX without macros, or as CSV."))
        if any(".." in name.split("/") or name.startswith(("/", "\\")) for name in names):
            raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX again and upload that."))
        most = limits().max_bytes * UNPACKED_TIMES
        if (
            len(entries) > MAX_ENTRIES
            or sum(entry.file_size for entry in entries) > most
            or sum(entry.compress_size for entry in entries) > path.stat().st_size
        ):
            raise _too_much()
        with path.open("rb") as file:
            for entry in entries:
                _check_entry(file, entry)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError) as error:
        raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX again and upload that.")) from error


def _too_much() -> FileRefused:
    return FileRefused(_("This workbook unpacks to far too much. Keep only the sheet with people, or save it as CSV."))


def _check_entry(file: BinaryIO, entry: zipfile.ZipInfo) -> None:
    """Unpack one entry piece by piece, because its declared size may be false. Raises FileRefused."""
    if entry.flag_bits & 1:
        raise FileRefused(_("This workbook is locked with a password. Save it without one and upload that."))
    is_sheet = "worksheets/" in entry.filename.lower()
    is_xml = entry.filename.lower().endswith((".xml", ".rels"))
    size, tail, is_first = 0, b"", True
    columns, rows = NARROW, 0
    for piece in _pieces(file, entry):
        size += len(piece)
        if size > entry.file_size:
            raise _too_much()
        if not is_xml and not is_sheet:
            continue
        text = tail + piece
        if is_first and (text[:1] not in b"<\xef \r\n\t" or _DECLARES.search(text[:1024])):
            raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX again and upload that."))
        if is_sheet:
            rows = max(rows, _furthest_row(text))
            if columns == NARROW and _WIDE.search(text):
                columns = MAX_COLUMNS
            if rows * columns > MOST_CELLS:
                raise FileRefused(_("The sheet has too many cells to read as XLSX. Save it as CSV and upload that."))
        tail, is_first = text[-OVERLAP:], False


def _pieces(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    file.seek(entry.header_offset)
    header = _LOCAL_HEADER.unpack(file.read(_LOCAL_HEADER.size))
    file.seek(header[9] + header[10], 1)
    left = entry.compress_size
    if entry.compress_type == zipfile.ZIP_STORED:
        while left > 0 and (packed := file.read(min(CHUNK, left))):
            left -= len(packed)
            yield packed
        return
    if entry.compress_type != zipfile.ZIP_DEFLATED:
        raise zipfile.BadZipFile("unknown packing")
    unpacker = zlib.decompressobj(-15)
    while left > 0 and not unpacker.eof:
        packed = file.read(min(CHUNK, left))
        if not packed:
            raise EOFError
        left -= len(packed)
        while packed or unpacker.unconsumed_tail:
            piece = unpacker.decompress(packed or unpacker.unconsumed_tail, CHUNK)
            packed = b""
            if piece:
                yield piece
            elif not unpacker.unconsumed_tail:
                break


def _furthest_row(text: bytes) -> int:
    """Return the highest row number in a piece of a sheet's XML. Raises FileRefused beyond the limits."""
    if _FAR_COLUMN.search(text):
        raise FileRefused(
            _("The sheet has more than %(columns)s columns. Keep only the columns about people.")
            % {"columns": MAX_COLUMNS}
        )
    most = limits().max_rows + 1
    row = max(map(int, _FAR_ROW.findall(text)), default=0)
    if row > most:
        raise FileRefused(_("The sheet has more than %(rows)s rows. Split it into smaller files.") % {"rows": most - 1})
    return row


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the rows of the first visible sheet as text, without blank ones. Raises FileRefused."""
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            visible = [
                number
                for number, sheet in enumerate(workbook.sheets_metadata)
                if sheet.visible == SheetVisibleEnum.Visible
            ]
            sheet = workbook.get_sheet_by_index(visible[0] if visible else 0)
            for number, values in enumerate(sheet.iter_rows(), start=1):
                cells = [value if type(value) is str else _text(value) for value in values]
                if any(cells):
                    yield number, cells, ""
    except (CalamineError, OSError, ValueError, IndexError) as error:
        raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX again and upload that.")) from error


def sheet_names(path: Path) -> list[str]:
    """Return the names of all sheets; only the first visible one is read."""
    with CalamineWorkbook.from_path(path) as workbook:
        return list(workbook.sheet_names)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date().isoformat()
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
