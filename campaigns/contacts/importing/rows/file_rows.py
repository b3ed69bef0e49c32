"""A row of a file, parsed: its cells, its number and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from campaigns.numbers import UnderstoodNumber


class FileRow(NamedTuple):
    """One parsed row of a file."""

    number: int
    """Row number as a spreadsheet counts, titles included."""
    cells: list[str]
    raw: str
    phone: UnderstoodNumber
    same_as: int
    """Number of the earlier row with the same phone number, or 0."""
    problem: str
    """Key of `NOTES` if the row cannot become a person; else empty."""
    note: str = ""
    """Key of `NOTES` if the row can, but a person should look at it; else empty."""
    others: tuple[str, ...] = ()
    """Further numbers of the person, E.164."""
    sheet: str = ""
    """Name of its sheet if the file is a workbook; row numbers count within it."""
    is_left_out: bool = False
    """Whether a user left the row out."""
    original: Sequence[str] | None = None
    """The cells as they stand in the file, if a user corrected the row."""

    same_as_sheet: str = ""
    """Sheet of the row `same_as`."""

    @property
    def key(self) -> tuple[str, int]:
        """The name of the row within its file: sheet and row number."""
        return self.sheet, self.number
