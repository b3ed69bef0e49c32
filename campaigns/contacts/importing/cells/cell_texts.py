"""Values of spreadsheet cells as a person says them: `2026-12-05 09:15`, "26 hours"."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

NO_VALUE = "#NO VALUE!"
"""Stands in a cell whose formula was never calculated: a program wrote the file, and no spreadsheet saved it."""
CELL_ERRORS = frozenset(
    {NO_VALUE, "#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!", "#CALC!",
     "#GETTING_DATA", "#FIELD!", "#BLOCKED!", "#UNKNOWN!"}
)  # fmt: skip
"""What spreadsheets write in a cell that has no value, also in the CSV files that they save."""


def text_of(value: Any, language: str = "") -> str:
    """Return a cell's value as text; lengths of time in a language, by default the active one.

    Dates are year-month-day, with hours and minutes where there are any. A number has at most the 15 digits that a
    spreadsheet shows.
    """
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else f"{value:.15g}"
    if isinstance(value, datetime.timedelta):
        with translation.override(language or translation.get_language()):
            return length_in_words(value)
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


def length_in_words(length: datetime.timedelta) -> str:
    """Return a length of time in hours, minutes and seconds, such as "26 hours" or "1 hour 30 minutes"."""
    seconds = round(abs(length.total_seconds()))
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours})
    if minutes:
        parts.append(ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes})
    if seconds or not parts:
        parts.append(ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds})
    text = parts[0]
    for part in parts[1:]:
        text = _("%(length)s %(rest)s") % {"length": text, "rest": part}
    return _("minus %(length)s") % {"length": text} if length < datetime.timedelta() else text


def _whole_second(value: datetime.datetime) -> datetime.datetime:
    """Return the nearest second: spreadsheets keep times as a fraction of a day, which comes back a little less."""
    return (value + datetime.timedelta(milliseconds=500)).replace(microsecond=0)


def _time(value: datetime.time) -> str:
    return value.isoformat("auto" if value.second else "minutes")
