"""Form fields for days without calls: one or several dates a line, in either calendar and the digits of any script."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Mapping
from typing import Any

import jdatetime
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.formats.calendars import in_digits, is_persian
from campaigns.core.hours.closed_days import OwnDay
from campaigns.core.hours.dates import DateSpan
from campaigns.core.hours.holiday_calendars import known_countries
from campaigns.numbers import text_of_digits

MOST_LINES = 100
MOST_DAYS = 366
"""Days from the first to the last date of a line."""
MOST_NAME = 80
JALALI_YEARS = range(1300, 1600)
_DATE = r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})"
_LINE = re.compile(rf"{_DATE}(?:\s*(?:[-–—/]|تا|to)\s*{_DATE})?(?:\s(.*))?")
_COUNTRY = re.compile(r"([A-Z]{2})(?:\s(.*))?")
EXAMPLES = gettext_lazy(
    "One date per line, such as 2026-12-24, or a first and last date: 2026-12-24 – 2027-01-02. Persian "
    "calendar dates work too: 1405/10/03."
)


def written(dates: DateSpan) -> str:
    """Return dates as they are typed: in the page's own calendar."""
    first, last = _written(dates.first), _written(dates.last)
    return first if first == last else f"{first} – {last}"


def _written(day: datetime.date) -> str:
    if not is_persian():
        return day.isoformat()
    there = jdatetime.date.fromgregorian(date=day)
    return in_digits(f"{there.year}/{there.month:02}/{there.day:02}")


def _day(year: str, month: str, day: str) -> datetime.date:
    if int(year) in JALALI_YEARS:
        there: datetime.date = jdatetime.date(int(year), int(month), int(day)).togregorian()
        return there
    found = datetime.date(int(year), int(month), int(day))
    if not 2000 <= found.year <= 2200:
        raise ValueError(year)
    return found


def _read(line: str) -> tuple[DateSpan, str]:
    """Return the dates at the beginning of a line, and what follows them. Raises ValidationError."""
    found = _LINE.fullmatch(text_of_digits(line).strip())
    try:
        if found is None:
            raise ValueError(line)
        first = _day(*found.group(1, 2, 3))
        last = _day(*found.group(4, 5, 6)) if found[4] else first
    except ValueError:
        raise ValidationError(_("“%(line)s” does not start with a date.") % {"line": line}, code="date") from None
    if not 0 <= (last - first).days < MOST_DAYS:
        raise ValidationError(
            _("“%(line)s”: the last date must be after the first, within a year.") % {"line": line}, code="order"
        )
    return DateSpan(first, last), (found[7] or "").strip()


class _LinesField(forms.CharField):
    def __init__(self, **options: Any) -> None:
        widget = forms.Textarea({"rows": 4, "dir": "auto", "autocomplete": "off"})
        super().__init__(widget=widget, required=False, max_length=12_000, **options)

    def lines(self, value: Any) -> list[str]:
        """Return the lines that hold something. Raises ValidationError for too many."""
        found = [line.strip() for line in (super().to_python(value) or "").splitlines() if line.strip()]
        if len(found) > MOST_LINES:
            raise ValidationError(_("At most %(most)s lines.") % {"most": MOST_LINES}, code="many")
        return found


class DatesField(_LinesField):
    """Dates without calls, as they are stored in a campaign."""

    @staticmethod
    def text_of(stored: Iterable[str]) -> str:
        """Return stored dates as they are typed."""
        return "\n".join(written(DateSpan.of(one)) for one in stored)

    def to_python(self, value: Any) -> Any:
        """Return the dates in their order, each once. Raises ValidationError."""
        found = set()
        for line in self.lines(value):
            dates, rest = _read(line)
            if rest:
                raise ValidationError(_("“%(line)s”: enter only the date.") % {"line": line}, code="rest")
            found.add(dates)
        return [str(dates) for dates in sorted(found)]


class OwnDaysField(_LinesField):
    """Days that an installation adds to the calendars of holidays, or takes away: dates, country, name."""

    @staticmethod
    def text_of(stored: Iterable[Mapping[str, str]]) -> str:
        """Return stored days as they are typed."""
        days = map(OwnDay.of, stored)
        return "\n".join(" ".join(filter(None, (written(day.dates), day.country, day.name))) for day in days)

    def to_python(self, value: Any) -> Any:
        """Return the days in their order, each once. Raises ValidationError."""
        found = set()
        for line in self.lines(value):
            dates, rest = _read(line)
            named = _COUNTRY.fullmatch(rest)
            country = named[1] if named is not None and named[1] in known_countries() else ""
            name = (named[2] or "").strip() if named is not None and country else rest
            if len(name) > MOST_NAME:
                raise ValidationError(_("“%(line)s”: the name is too long.") % {"line": line}, code="name")
            found.add(OwnDay(dates, country, name))
        return [day.as_stored() for day in sorted(found, key=lambda day: (day.dates, day.country, day.name))]
