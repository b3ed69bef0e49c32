"""Cells that do not hold what a person wrote: our own guard, letters that were lost, formulas without a value."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from campaigns.contacts.importing.files.cell_values import CELL_ERRORS
from campaigns.contacts.importing.rows.notes import UNREADABLE, WITHOUT_VALUE
from campaigns.core.csv_cells import GUARD, unguarded

LOST_LETTER = "\ufffd"


def may_be_spoilt(cells: Sequence[str]) -> bool:
    """Tell at little cost whether the functions below may change anything about a row."""
    text = "".join(cells)
    return "#" in text or GUARD in text or LOST_LETTER in text


def without_guards(cells: Sequence[str]) -> list[str]:
    """Return a row's cells as they were before they left in a file of ours."""
    return [unguarded(cell) for cell in cells]


def lost_letters(cells: Sequence[str]) -> str:
    """Return the key of the note for a row some of whose letters were lost; empty for any other."""
    return UNREADABLE if any(LOST_LETTER in cell for cell in cells) else ""


def without_errors(cells: list[str], phone: int, used: Collection[int]) -> tuple[list[str], str, str]:
    """Return a row's cells without those that hold an error instead of a value, the problem and the note of the row.

    It is a problem in the column `phone`, and worth a note in the other columns that are `used`.
    """
    if CELL_ERRORS.isdisjoint(cells):
        return cells, "", ""
    lost = {column for column, cell in enumerate(cells) if cell in CELL_ERRORS}
    problem = WITHOUT_VALUE if phone in lost else ""
    note = WITHOUT_VALUE if not problem and not lost.isdisjoint(used) else ""
    return ["" if column in lost else cell for column, cell in enumerate(cells)], problem, note
