"""Values of spreadsheet cells as a person says them: `2026-12-05 09:15`, "0912"; a length of time is not yet words."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

NO_VALUE = "#NO VALUE!"
"""Stands in a cell whose formula was never calculated: a program wrote the file, and no spreadsheet saved it."""
CELL_ERRORS = frozenset(
    {NO_VALUE, "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
     "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#UNKNOWN!"}
)  # fmt: skip
"""What spreadsheets write in a cell that has no value, also in the CSV files that they save."""


@dataclass(frozen=True, slots=True)
class Length:
    """A length of time in a cell; said in words where the language is known, see `cell_texts`."""

    seconds: float

    def __len__(self) -> int:
        """Return about how many letters its words have: more than none, and few."""
        return 20


def text_of(value: Any) -> str | Length:
    """Return a cell's value as text, a length of time as such.

    Dates are year-month-day, with hours and minutes where there are any. A number has at most the 15 digits that a
    spreadsheet shows.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else f"{value:.15g}"
    if isinstance(value, datetime.timedelta):
        return Length(value.total_seconds())
    if isinstance(value, datetime.datetime):
        moment = _whole_second(value)
        if moment.time() == datetime.time():
            return moment.date().isoformat()
        return f"{moment.date().isoformat()} {_time(moment.time())}"
    if isinstance(value, datetime.time):
        return _time(_whole_second(datetime.datetime.combine(datetime.date(2000, 1, 1), value)).time())
    if isinstance(value, datetime.date):
        return value.isoformat()
    return str(value)


def _whole_second(value: datetime.datetime) -> datetime.datetime:
    """Return the nearest second: spreadsheets keep times as a fraction of a day, which comes back a little less."""
    return (value + datetime.timedelta(milliseconds=500)).replace(microsecond=0)


def _time(value: datetime.time) -> str:
    return value.isoformat("auto" if value.second else "minutes")
