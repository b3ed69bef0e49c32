"""Dates in a file's cells: Gregorian, Jalali or Hijri, year first or last; nothing is guessed between day and month."""

from __future__ import annotations

import datetime
import re
from enum import StrEnum
from typing import NamedTuple

import jdatetime
from django.utils import timezone
from hijridate import Hijri

from campaigns.numbers import text_of_digits

UNREADABLE, UNCLEAR, FUTURE = "unreadable", "unclear", "future"


class DayMonth(StrEnum):
    """Which of day and month a file writes first where the year is last."""

    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


class FoundDate(NamedTuple):
    """The moment that a cell names, or why there is none."""

    moment: datetime.datetime | None = None
    problem: str = ""
    """`UNREADABLE`; `UNCLEAR` where day and month could be either; `FUTURE` where only the past is possible."""
    has_time: bool = False
    shows: DayMonth | None = None
    """The order that this date proves, because one of its numbers is above 12."""


_TIME = (
    r"(?:(?:[T,]|\s)\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<part>\d+))?)?"
    r"(?:\s*(?P<half>[AaPp]\.?[Mm]\.?))?(?:\s*(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2}))?\s*)?"
)
_YEAR_FIRST = re.compile(rf"(?P<year>\d{{4}})(?P<sign>[-/.])(?P<month>\d{{1,2}})(?P=sign)(?P<day>\d{{1,2}}){_TIME}")
_YEAR_LAST = re.compile(rf"(?P<one>\d{{1,2}})(?P<sign>[-/. ])(?P<two>\d{{1,2}})(?P=sign)(?P<year>\d{{4}}){_TIME}")
_DAY_NAME = re.compile(rf"(?P<day>\d{{1,2}})(?:st|nd|rd|th)?[-. ]+(?P<name>[^\W\d]+)\.?,?[- ]+(?P<year>\d{{4}}){_TIME}")
_NAME_DAY = re.compile(rf"(?P<name>[^\W\d]+)\.?[- ]+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?[- ]+(?P<year>\d{{4}}){_TIME}")
_ENGLISH = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_MONTHS = {name: number for number, name in enumerate(_ENGLISH, 1)}
_MONTHS |= {name[:3]: number for name, number in _MONTHS.items()} | {"sept": 9}
_PERSIAN = (
    "فروردین", "اردیبهشت", "خرداد", "تیر", "مرداد", "شهریور", "مهر", "آبان", "آذر", "دی", "بهمن", "اسفند",
)  # fmt: skip
_JALALI_MONTHS = {name: number for number, name in enumerate(_PERSIAN, 1)}
_MARKS = dict.fromkeys([0x200C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
_SAME_LETTERS = str.maketrans("يك", "یک")
FIRST_GREGORIAN_YEAR = 1700
"""Years below are of a Persian or Islamic calendar, which are in the 1400s now."""


def read_date(
    text: str, order: DayMonth | None, now: datetime.datetime, *, is_past: bool, zone: datetime.tzinfo | None = None
) -> FoundDate:
    """Read the date, with an optional time, of a cell; a time without an offset is in `zone` (None: the current one).

    `order` is what the file's user or its other dates say of "03/04/2024"; None makes such a date unclear. With
    `is_past`, a date after `now` is refused. A year below `FIRST_GREGORIAN_YEAR` is Jalali or Hijri, whichever is
    nearer to now: the two are 42 years apart. A day that this calendar does not have is not looked for in the other.
    """
    plain = text_of_digits(text.translate(_MARKS)).translate(_SAME_LETTERS).strip()
    shows = None
    if found := _YEAR_FIRST.fullmatch(plain):
        year, month, day, is_jalali = int(found["year"]), int(found["month"]), int(found["day"]), None
    elif found := _YEAR_LAST.fullmatch(plain):
        one, two = int(found["one"]), int(found["two"])
        if one > 12 or two > 12:
            shows = DayMonth.DAY_FIRST if one > 12 else DayMonth.MONTH_FIRST
        elif one != two and order is None:
            return FoundDate(problem=UNCLEAR)
        day, month = (two, one) if (shows or order) == DayMonth.MONTH_FIRST else (one, two)
        year, is_jalali = int(found["year"]), None
    elif found := _DAY_NAME.fullmatch(plain) or _NAME_DAY.fullmatch(plain):
        name = found["name"].casefold()
        is_jalali = name in _JALALI_MONTHS
        month = _JALALI_MONTHS[name] if is_jalali else _MONTHS.get(name, 0)
        year, day = int(found["year"]), int(found["day"])
    else:
        return FoundDate(problem=UNREADABLE)
    try:
        moment = _moment(found, _day(year, month, day, is_jalali, now), zone or timezone.get_current_timezone())
    except (ValueError, OverflowError):
        return FoundDate(problem=UNREADABLE)
    if is_past and moment > now:
        return FoundDate(problem=FUTURE, shows=shows)
    return FoundDate(moment, has_time=found["hour"] is not None, shows=shows)


def _day(year: int, month: int, day: int, is_jalali: bool | None, now: datetime.datetime) -> datetime.date:
    """Return a day in the Gregorian calendar; `is_jalali` None where only the year tells which one it is written in.

    Raises ValueError or OverflowError for a day that its calendar does not have.
    """
    if year >= FIRST_GREGORIAN_YEAR:
        if is_jalali:
            raise ValueError("no Jalali year")
        return datetime.date(year, month, day)
    if is_jalali is None:
        is_jalali = abs(year + 621 - now.year) <= abs(int(year * 0.97) + 622 - now.year)
    elif not is_jalali:
        raise ValueError("no Gregorian year")
    if is_jalali:
        found: datetime.date = jdatetime.date(year, month, day).togregorian()
        return found
    # The library knows the years 1343 to 1500, which is all that files of today can mean.
    return datetime.date(*Hijri(year, month, day).to_gregorian().datetuple())


def _moment(found: re.Match[str], day: datetime.date, zone: datetime.tzinfo) -> datetime.datetime:
    hour = int(found["hour"] or 0)
    if half := found["half"]:
        if not 1 <= hour <= 12:
            raise ValueError("no hour of a half day")
        hour = hour % 12 + (12 if half[0] in "Pp" else 0)
    millionths = int((found["part"] or "0").ljust(6, "0")[:6])
    time = datetime.time(hour, int(found["minute"] or 0), int(found["second"] or 0), millionths)
    if offset := found["offset"]:
        zone = datetime.UTC
        if offset[0] in "+-":
            minutes = int(offset[1:3]) * 60 + int(offset[-2:])
            zone = datetime.timezone(datetime.timedelta(minutes=-minutes if offset[0] == "-" else minutes))
    return datetime.datetime.combine(day, time, zone)


def order_shown(day_first: int, month_first: int) -> DayMonth | None:
    """Return the order that a file's own dates prove, given how many prove each; None if none or both are proved."""
    if bool(day_first) == bool(month_first):
        return None
    return DayMonth.DAY_FIRST if day_first else DayMonth.MONTH_FIRST
