"""Dates without calls as they are stored: single ones and first to last. No database."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple


class DateSpan(NamedTuple):
    """Dates from the first to the last, both included."""

    first: datetime.date
    last: datetime.date

    @classmethod
    def of(cls, stored: str) -> DateSpan:
        """Return stored dates: `2026-12-24`, or `2026-12-24/2027-01-01` as ISO 8601 writes an interval."""
        first, _slash, last = stored.partition("/")
        begins = datetime.date.fromisoformat(first)
        return cls(begins, datetime.date.fromisoformat(last) if last else begins)

    @property
    def days(self) -> int:
        """How many dates they are."""
        return (self.last - self.first).days + 1

    def __contains__(self, day: object) -> bool:
        return isinstance(day, datetime.date) and self.first <= day <= self.last

    def __str__(self) -> str:
        return f"{self.first}" if self.first == self.last else f"{self.first}/{self.last}"


def read_dates(stored: Iterable[str]) -> tuple[DateSpan, ...]:
    """Return the dates of a column."""
    return tuple(DateSpan.of(one) for one in stored)
