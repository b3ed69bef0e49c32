"""Dates and times for people; on Persian pages in the Jalali calendar, with the Gregorian date beside it."""

from __future__ import annotations

import datetime
import re
from typing import Any

import jdatetime
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?(?:Z|[+-]\d\d:\d\d)")
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def is_persian() -> bool:
    """Return whether the active language is Persian."""
    return (get_language() or "").startswith("fa")


def in_digits(text: str) -> str:
    """Return a text with the digits of the page's language."""
    return text.translate(PERSIAN_DIGITS) if is_persian() else text


def on_the_clock(value: datetime.datetime) -> datetime.datetime:
    """Return a datetime in the viewer's time zone."""
    return timezone.localtime(value) if timezone.is_aware(value) else value


def date_of(value: datetime.date | datetime.datetime) -> datetime.date:
    """Return a date as it is, a datetime as its date in the viewer's time zone."""
    return on_the_clock(value).date() if isinstance(value, datetime.datetime) else value


def plain_day(value: datetime.date | datetime.datetime, *, has_year: bool = True) -> str:
    """Return a day in the page's own calendar alone, such as `21 Nov 2026` or `30 Aban 1405` in Persian letters."""
    date = date_of(value)
    if not is_persian():
        return date_format(date, "j M Y" if has_year else "j M")
    jalali = jdatetime.date.fromgregorian(date=date, locale="fa_IR")
    words = f"{jalali.day} {jalali.j_months_fa[jalali.month - 1]}"
    return in_digits(f"{words} {jalali.year}" if has_year else words)


def gregorian_beside(value: datetime.date | datetime.datetime) -> str:
    """Return the Gregorian date to show beside a Jalali one, isolated left to right; empty where not Persian."""
    return in_digits(f"\u2066{date_of(value):%Y-%m-%d}\u2069") if is_persian() else ""


def whole_day(value: datetime.date | datetime.datetime) -> str:
    """Return a day in the page's calendar, in Persian with the Gregorian one in brackets."""
    beside = gregorian_beside(value)
    return f"{plain_day(value)} ({beside})" if beside else plain_day(value)


def with_moments(value: object) -> Any:
    """Return a JSON value in which each moment, an ISO text with an offset, is written in the viewer's time zone."""
    if isinstance(value, dict):
        return {name: with_moments(part) for name, part in value.items()}
    if isinstance(value, list):
        return [with_moments(part) for part in value]
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return value
    try:
        return whole_moment(datetime.datetime.fromisoformat(value))
    except (ValueError, OverflowError):
        return value


def whole_moment(value: datetime.datetime) -> str:
    """Return a datetime's day and time in the viewer's time zone."""
    there = on_the_clock(value)
    return _("%(day)s, %(time)s") % {"day": whole_day(there), "time": in_digits(f"{there:%H:%M}")}
