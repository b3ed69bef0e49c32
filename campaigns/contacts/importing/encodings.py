"""Finds the encoding of a text file, and refuses what is not text."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import BinaryIO

from charset_normalizer import from_bytes
from django.utils.translation import gettext as _

from campaigns.contacts.importing.limits import MAX_LINE, FileRefused

CHUNK = 256 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Code pages of the places that we call, and what western spreadsheets write.
_CODE_PAGES = ["cp1256", "cp1252", "iso8859_6", "cp1251"]
_LETTERS_BEYOND_ASCII = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_HIGH = re.compile(rb"[\x80-\xff]+")


def find_encoding(path: Path) -> tuple[str, bool]:
    """Return the encoding of a text file (by its mark, as UTF-8, or by its letters) and whether letters are broken.

    Reads the whole file once, in pieces; raises FileRefused where it is no text or a line has no end.
    """
    with path.open("rb") as file:
        start = file.read(CHUNK)
        encoding = next((name for mark, name in _MARKS if start.startswith(mark)), "") or _by_zeros(start)
        if not encoding:
            if len(_CONTROLS.findall(start)) * 50 > len(start) + 100:
                raise _no_text()
            encoding = "utf-8" if _is_utf8(file) else _by_letters(start, file)
        has_broken_letters = _check_lines(file, encoding)
    return encoding, has_broken_letters


def _no_text() -> FileRefused:
    return FileRefused(_("This is not a table of text. Save it as CSV (UTF-8) or XLSX and upload that."))


def _by_zeros(start: bytes) -> str:
    """Tell UTF-16 without a mark by its zero bytes; a few zeros elsewhere are dropped cell by cell."""
    zeros = start.count(0)
    if zeros * 4 < len(start):
        return ""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if odd > even * 4:
        return "utf-16-le"
    if even > odd * 4:
        return "utf-16-be"
    raise _no_text()


def _is_utf8(file: BinaryIO) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    file.seek(0)
    try:
        while chunk := file.read(CHUNK):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _by_letters(start: bytes, file: BinaryIO) -> str:
    sample = start
    # The first letter beyond ASCII may stand further down.
    file.seek(len(start))
    while not _HIGH.search(sample) and (more := file.read(CHUNK)):
        sample = more
    whole = sum(map(len, _LETTERS_BEYOND_ASCII.findall(sample)))
    high = sum(map(len, _HIGH.findall(sample)))
    if whole and whole * 10 >= high * 9:
        # UTF-8 with a few broken letters: those rows are reported one by one.
        return "utf-8"
    # Only lines with such letters tell one code page from another.
    lines = b"\n".join([line for line in sample.splitlines() if _HIGH.search(line)][:500])
    best = from_bytes(lines, cp_isolation=_CODE_PAGES).best()
    return best.encoding if best is not None else "cp1256"


def _check_lines(file: BinaryIO, encoding: str) -> bool:
    """Refuse a line that would not fit into memory, before any reader tries; tells whether letters are broken."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    file.seek(0)
    open_line = zeros = broken = total = 0
    while chunk := file.read(CHUNK):
        text = decoder.decode(chunk)
        end = max(text.rfind("\n"), text.rfind("\r"))
        open_line = open_line + len(text) if end < 0 else len(text) - end
        total += len(text)
        zeros += text.count("\x00")
        broken += text.count("\ufffd")
        if open_line > MAX_LINE:
            raise FileRefused(_("A line of this file has no end, so it is not a table. Save it as CSV or XLSX again."))
    if (zeros + broken) * 20 > total:
        raise _no_text()
    return broken > 0
