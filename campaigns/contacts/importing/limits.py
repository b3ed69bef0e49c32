"""What a file may be, and the refusal of one that is more."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from campaigns.core.refusals import Refusal

MAX_COLUMNS = 100
MAX_CELL = 64 * 1024
MAX_LINE = 1024 * 1024
MAX_ENTRIES = 1000
MAX_OPEN_QUOTES = 50
UNPACKED_TIMES = 5
"""How many times IMPORT_MAX_BYTES a spreadsheet may unpack to."""
BATCH = 2_000


class FileRefused(Refusal):
    """A file that is not read at all; the message says why and what to do, for people."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The limits that the settings hold."""

    max_bytes: int
    max_rows: int


def limits() -> FileLimits:
    """Return the limits in force."""
    return FileLimits(settings.IMPORT_MAX_BYTES, settings.IMPORT_MAX_ROWS)
