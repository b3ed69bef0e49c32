"""Limits of uploaded files, and the exception for a file beyond them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

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
"""How many times the largest upload a spreadsheet may unpack to."""
BATCH = 2_000
"""Rows that are judged or saved in one transaction."""


class FileRefused(Refusal):
    """Raised for a file that cannot be accepted; the message tells the user why and what to do.

    The process that parses knows no languages: it says an English sentence and its values, see `english`.
    """

    def __init__(self, sentence: str, values: Mapping[str, str | int] | None = None) -> None:
        super().__init__(sentence % values if values else sentence)
        self.sentence, self.values = sentence, dict(values or {})


def english(sentence: str) -> str:
    """Return a sentence as it is; imported as `_`, it marks one that is translated in the process that asked."""
    return sentence


@dataclass(frozen=True, slots=True)
class FileLimits:
    """The limits that the settings of this installation set."""

    max_bytes: int
    max_rows: int


def limits() -> FileLimits:
    """Return the current limits."""
    # The process that parses has neither settings nor database: it is told the limits.
    from campaigns.core.installation import current

    now = current()
    return FileLimits(now.import_max_bytes, now.import_max_rows)
