"""Numbers of a row: several in one cell, and further columns where the first has none. No database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from campaigns.models.imports import TwoNumbers
from campaigns.numbers import EMPTY, SEVERAL, UnderstoodNumber, understand_number

MOST_IN_A_CELL = 6
"""More numbers than this in one cell are no person's numbers."""
_LONGEST_CELL = 200
"""Characters; a longer cell is not searched for numbers."""
_SHORTEST = 7
"""Digits that each of several numbers has at least: fewer are an extension or the end of a series."""
# What stands between two numbers and never inside one; a dash or a blank may be either, so they are tried after these.
_BETWEEN = re.compile(
    r":::|[/,،;؛|&\n\r\t]|\\|\b(?:or|and)\b|(?:(?<=[\d\s۰-۹٠-٩])(?:و|یا|أو|او)(?=[\s\d+۰-۹٠-٩]))", re.IGNORECASE
)
_DASHES = re.compile(r"[-–—−]|\s+")


class RowNumbers(NamedTuple):
    """The numbers of one row."""

    phone: UnderstoodNumber
    """The number to call, or the problem."""
    raw: str
    """The cell that it stands in."""
    others: tuple[str, ...] = ()
    """Further numbers of the person, E.164, each once."""
    is_fallback: bool = False
    """Whether a further column was used because the first one holds no number that can be called."""
    is_several: bool = False
    """Whether the cell holds several numbers."""


def numbers_in_cell(raw: str, region: str) -> list[UnderstoodNumber]:
    """Return the numbers of a cell that holds two or more, whatever stands between them; empty for any other cell.

    Every part must be a number by itself, so that no digit of the cell is dropped.
    """
    if len(raw) > _LONGEST_CELL:
        return []
    parts = [part for part in _BETWEEN.split(raw) if part.strip()]
    found = _all_understood(parts, region) if len(parts) > 1 else []
    return found or next((both for both in _by_dash(raw, region)), [])


def _by_dash(raw: str, region: str) -> Iterator[list[UnderstoodNumber]]:
    """Yield the readings of a cell as two numbers with a dash or a blank between."""
    for found in _DASHES.finditer(raw):
        both = _all_understood([raw[: found.start()], raw[found.end() :]], region)
        if both:
            yield both


def _all_understood(parts: Sequence[str], region: str) -> list[UnderstoodNumber]:
    if len(parts) > MOST_IN_A_CELL:
        return []
    found: dict[str, UnderstoodNumber] = {}
    for part in parts:
        number = understand_number(part, region)
        if not number.e164 or sum(map(str.isdigit, part)) < _SHORTEST:
            return []
        found.setdefault(number.e164, number)
    return list(found.values())


def numbers_of(cells: Sequence[str], columns: Sequence[int], region: str, which: str) -> RowNumbers:
    """Return the numbers of a row; `columns` are the phone column and those of further numbers, in this order.

    `which` is a value of `TwoNumbers`: what counts where a cell holds several; while nobody has said, the row has the
    problem `SEVERAL`.
    """
    width = len(cells)
    found: dict[str, UnderstoodNumber] = {}
    first: tuple[UnderstoodNumber, str] | None = None
    raw, is_several, is_fallback = "", False, False
    for place, column in enumerate(columns):
        cell = cells[column] if 0 <= column < width else ""
        number = understand_number(cell, region)
        if number.code == EMPTY:
            continue
        numbers = [number] if number.e164 else numbers_in_cell(cell, region)
        if len(numbers) > 1 and not found:
            is_several = True
            if which == TwoNumbers.ASK:
                return RowNumbers(UnderstoodNumber(code=SEVERAL), cell, is_several=True)
            if which == TwoNumbers.FIRST:
                numbers = numbers[:1]
            elif which == TwoNumbers.SECOND:
                numbers = numbers[1:2]
        first = first or (number, cell)
        if numbers and not found:
            raw, is_fallback = cell, place > 0
        for one in numbers:
            found.setdefault(one.e164, one)
    if not found:
        return RowNumbers(*(first or (UnderstoodNumber(code=EMPTY), "")))
    phone, *others = found.values()
    if is_fallback or is_several:
        phone = phone._replace(was_fixed=True)
    return RowNumbers(phone, raw, tuple(other.e164 for other in others), is_fallback, is_several)
