"""Which row of a file repeats the number of an earlier one, and whether it says something else of the person."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

ROW_BITS = 24
"""Bits of a row's number where it is kept together with the place of its sheet."""
_HERE_BITS = ROW_BITS + 16
_ROW, _HERE, _HASH = (1 << ROW_BITS) - 1, (1 << _HERE_BITS) - 1, (1 << 20) - 1


class EarlierRow(NamedTuple):
    """The first row with the same number."""

    number: int
    place: int
    """Position of its sheet among those that are read."""
    differs: bool
    """Whether the later row has values, and other ones."""


class Repeats:
    """Remembers of each number where it stands first and what else that row says.

    Both are one integer, to keep memory small.
    """

    def __init__(self, columns: Sequence[int]) -> None:
        """`columns` are those whose values are compared."""
        self._seen: dict[int, int] = {}
        self._columns = columns
        self._taken: Callable[[Sequence[str]], Any] = itemgetter(*columns) if columns else lambda cells: ""

    def earlier(self, e164: str, place: int, number: int, cells: Sequence[str]) -> EarlierRow | None:
        """Remember a row, and return the earlier one with its number; None for the first."""
        try:
            said = self._taken(cells)
        except IndexError:
            # A row may be shorter than the titles.
            said = self._taken([*cells, *[""] * (max(self._columns) + 1 - len(cells))])
        here = place << ROW_BITS | number
        packed = (hash(said) & _HASH) << _HERE_BITS | here
        first = self._seen.setdefault(int(e164), packed)
        if first is packed or first & _HERE == here:
            return None
        differs = first >> _HERE_BITS != packed >> _HERE_BITS and any(said)
        return EarlierRow(first & _ROW, (first & _HERE) >> ROW_BITS, differs)
