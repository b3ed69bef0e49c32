"""Detection of a text file's encoding; refuses files that are not text."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import BinaryIO

from campaigns.contacts.importing.files.limits import MAX_LINE, FileRefused
from campaigns.contacts.importing.files.limits import english as _

CHUNK = 256 * 1024
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Code pages that are common where we call, and those of western spreadsheets.
_CODE_PAGES = ["cp1256", "cp1252", "iso8859_6", "cp1251"]
_LETTERS_BEYOND_ASCII = re.compile(rb"[\xc2-\xf4][\x80-\xbf]+")
_CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_HIGH = re.compile(rb"[\x80-\xff]+")


def find_encoding(path: Path) -> tuple[str, bool]:
    """Return the encoding of a text file (by byte order mark, valid UTF-8, or letters), and whether letters are broken.

    Reads the whole file once, in pieces. Raises FileRefused if it is not text, or has a line longer than MAX_LINE.
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
    return FileRefused(_("This file is not a table. Save it as CSV (UTF-8) or XLSX and upload it again."))


def _by_zeros(start: bytes) -> str:
    """Return UTF-16's name if the zero bytes show it, else an empty text; a few zero bytes alone do not."""
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
    # The first non-ASCII letter may come later in the file.
    file.seek(len(start))
    while not _HIGH.search(sample) and (more := file.read(CHUNK)):
        sample = more
    whole = sum(map(len, _LETTERS_BEYOND_ASCII.findall(sample)))
    high = sum(map(len, _HIGH.findall(sample)))
    if whole and whole * 10 >= high * 9:
        # UTF-8 with a few invalid bytes: those rows are reported one by one.
        return "utf-8"
    # Seldom needed, and slow to load.
    from charset_normalizer import from_bytes

    # Only lines with non-ASCII bytes distinguish code pages.
    lines = b"\n".join([line for line in sample.splitlines() if _HIGH.search(line)][:500])
    best = from_bytes(lines, cp_isolation=_CODE_PAGES).best()
    return best.encoding if best is not None else "cp1256"


def _check_lines(file: BinaryIO, encoding: str) -> bool:
    """Raise FileRefused for a line that is too long; returns whether some bytes are invalid in this encoding."""
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
            raise FileRefused(
                _("A line in this file does not end, so it is not a table. Save it as CSV or XLSX and upload it again.")
            )
    if (zeros + broken) * 20 > total:
        raise _no_text()
    return broken > 0
