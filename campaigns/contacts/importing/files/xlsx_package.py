"""Check of an XLSX package before the library opens it: its unpacked size, far cells, dangerous content."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from campaigns.contacts.importing.files.limits import MAX_COLUMNS, MAX_ENTRIES, UNPACKED_TIMES, FileLimits, FileRefused
from campaigns.contacts.importing.files.limits import english as _

CHUNK = 256 * 1024
MAX_TAG = 2 * 1024 * 1024
"""Bytes from the beginning of one tag to that of the next: the longest cell, with each letter written as an entity."""
_LOCAL_HEADER = struct.Struct("<4sHHHHHIIIHH")
# All are looked for in whole tags, see `_whole_tags`. The library allocates memory up to the furthest cell, so that
# one far cell could exhaust it.
_FAR_COLUMN = rb"(?:[A-Za-z]{3}|[D-Zd-z][A-Za-z]|[Cc][W-Zw-z])"
_WIDE = rb"[A-Za-z]{2}"
_FAR_ROW = rb"[A-Za-z]*(\d{5,})"


def _of_places(pattern: bytes) -> tuple[re.Pattern[bytes], re.Pattern[bytes]]:
    """Return a pattern of what the attribute `r` begins with: as every spreadsheet writes it, and in any way.

    The first is four times as fast, because it begins with letters that stand in few places.
    """
    return re.compile(rb'r="(?<=\br=")\s*' + pattern), re.compile(rb"""\br\s*=\s*["']\s*""" + pattern)


_FAR_COLUMNS, _WIDES, _FAR_ROWS = map(_of_places, (_FAR_COLUMN, _WIDE, _FAR_ROW))
_NO_QUOTE_NEXT = re.compile(rb'=[^"]')
_BEFORE_EQUAL = (b" =", b"\t=", b"\n=", b"\r=")
# Beginnings of a hidden row, a formula and an error; more than these may have them, and `xlsx_marks` looks closer.
_MARKS = (b"hidden", b"<f", b":f>", b":f ", b't="e"', b"t='e'")
# As many as the most people have in a narrow sheet, with titles and a heading above them.
NARROW, MOST_CELLS = 26, 26 * 200_100
_DECLARES = re.compile(rb"<!DOCTYPE|<!ENTITY|encoding\s*=\s*[\"'](?!utf-8|us-ascii)", re.IGNORECASE)


def check_package(path: Path, limits: FileLimits) -> frozenset[str]:
    """Raise FileRefused for a package that unpacks to too much, has far cells or macros, or is not a spreadsheet.

    Returns the package's sheets, by path, that may have hidden rows or cells without a value: see `xlsx_marks`.
    """
    try:
        with zipfile.ZipFile(path) as package:
            entries = package.infolist()
        names = {entry.filename for entry in entries}
        if not any(name.lower() == "xl/workbook.xml" for name in names):
            raise FileRefused(_("This is not an Excel workbook (.xlsx). Save it as XLSX or CSV and upload it again."))
        if any(name.lower().endswith("vbaproject.bin") for name in names):
            raise FileRefused(_("This workbook contains macros. Save it as XLSX without macros, or as CSV."))
        if any(".." in name.split("/") or name.startswith(("/", "\\")) for name in names):
            raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX and upload it again."))
        most = limits.max_bytes * UNPACKED_TIMES
        if (
            len(entries) > MAX_ENTRIES
            or sum(entry.file_size for entry in entries) > most
            or sum(entry.compress_size for entry in entries) > path.stat().st_size
        ):
            raise _too_much()
        with path.open("rb") as file:
            return frozenset(entry.filename for entry in entries if _check_entry(file, entry, limits))
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, NotImplementedError) as error:
        raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX and upload it again.")) from error


def _too_much() -> FileRefused:
    return FileRefused(
        _("This workbook is too large when unpacked. Leave only the sheet with contacts, or save it as CSV.")
    )


def _check_entry(file: BinaryIO, entry: zipfile.ZipInfo, limits: FileLimits) -> bool:
    """Unpack one entry piece by piece, because its declared size may be false; True if it may have marks.

    Raises FileRefused.
    """
    if entry.flag_bits & 1:
        raise FileRefused(_("This workbook has a password. Save it without a password and upload it again."))
    is_sheet = "worksheets/" in entry.filename.lower()
    is_xml = entry.filename.lower().endswith((".xml", ".rels"))
    is_first = True
    columns, rows, may_have_marks = NARROW, 0, False
    for text in _whole_tags(_within_size(file, entry)):
        if not is_xml and not is_sheet:
            continue
        if is_first and (text[:1] not in b"<\xef \r\n\t" or _DECLARES.search(text[:1024])):
            raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX and upload it again."))
        if is_sheet:
            is_odd = _is_odd(text)
            rows = max(rows, _furthest_row(text, limits, is_odd=is_odd))
            if columns == NARROW and _WIDES[is_odd].search(text):
                columns = MAX_COLUMNS
            if rows * columns > MOST_CELLS:
                raise FileRefused(
                    _("The sheet has too many cells to read as XLSX. Save it as CSV and upload it again.")
                )
            may_have_marks = may_have_marks or any(sign in text for sign in _MARKS)
        is_first = False
    return may_have_marks


def _within_size(file: BinaryIO, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield an entry's pieces. Raises FileRefused where they are more than the entry says."""
    size = 0
    for piece in _pieces(file, entry):
        size += len(piece)
        if size > entry.file_size:
            raise _too_much()
        yield piece


def _whole_tags(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes cut before a tag, so that no tag stands in two pieces: XML has no `<` within one.

    Raises FileRefused for a tag without end.
    """
    begun = b""
    for piece in pieces:
        end = piece.rfind(b"<")
        if end < 0:
            begun += piece
            if len(begun) > MAX_TAG:
                raise FileRefused(_("This workbook is damaged. Open it, save it as XLSX and upload it again."))
            continue
        if text := begun + piece[:end]:
            yield text
        begun = piece[end:]
    if begun:
        yield begun


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


def _is_odd(text: bytes) -> bool:
    """Tell whether an attribute may be written in another way than `name="value"`."""
    return bool(_NO_QUOTE_NEXT.search(text)) or any(sign in text for sign in _BEFORE_EQUAL)


def _furthest_row(text: bytes, limits: FileLimits, *, is_odd: bool) -> int:
    """Return the highest row number in a piece of a sheet's XML. Raises FileRefused beyond the limits."""
    if _FAR_COLUMNS[is_odd].search(text):
        raise FileRefused(
            _("The sheet has more than %(columns)s columns. Leave only the columns about contacts."),
            {"columns": MAX_COLUMNS},
        )
    most = limits.max_rows + 1
    # Of a number too long to be one the beginning is enough.
    row = max((int(digits[:9]) for digits in _FAR_ROWS[is_odd].findall(text)), default=0)
    if row > most:
        raise FileRefused(_("The sheet has more than %(rows)s rows. Split it into smaller files."), {"rows": most - 1})
    return row
