"""Limits of uploaded files, and the exception for a file beyond them."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings

from campaigns.core.refusals import Refusal

MAX_COLUMNS = 100
MAX_CELL = 64 * 1024
"""Characters."""
MAX_LINE = 1024 * 1024
"""Bytes."""
MAX_ENTRIES = 1000
"""Files within an XLSX package."""
MAX_OPEN_QUOTES = 50
UNPACKED_TIMES = 5
"""How many times IMPORT_MAX_BYTES a spreadsheet may unpack to."""
BATCH = 2_000
"""Rows that are judged or saved in one transaction."""


class FileRefused(Refusal):
    """Raised for a file that cannot be accepted; the message tells the user why and what to do."""


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The limits that are set in the settings."""

    max_bytes: int
    max_rows: int


def limits() -> FileLimits:
    """Return the current limits."""
    return FileLimits(settings.IMPORT_MAX_BYTES, settings.IMPORT_MAX_ROWS)
