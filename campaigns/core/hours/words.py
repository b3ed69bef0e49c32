"""Calling hours in words: why nobody is rung now, and what the hours of a campaign are."""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Collection, Iterable, Sequence

from django.utils.dates import WEEKDAYS
from django.utils.formats import get_format
from django.utils.functional import lazy
from django.utils.translation import gettext as _

from callcenter.formats.calendars import in_digits, plain_day
from callcenter.formats.isolation import isolated
from callcenter.formats.zones import clock_time
from campaigns.core import explanations
from campaigns.core.hours.calling_hours import CallingHours
from campaigns.core.hours.closed_days import Why
from campaigns.core.hours.dates import DateSpan
from campaigns.core.hours.week import Span, Week
from campaigns.countries import country_name

WEEKDAY_TELLS = datetime.timedelta(days=6)
"""A moment that is further ahead is told by its date."""
MOST_DATES = 6
"""Dates that are named in a sentence."""


def why_closed(hours: CallingHours, now: datetime.datetime, zones: Sequence[str]) -> str:
    """Return the sentence for a moment that is now and outside the hours in some of the zones."""
    if (day := hours.closed_day(now, zones)) is not None:
        if day.why == Why.BLACKOUT:
            return _("This campaign makes no calls on today's date (local time).")
        if not day.name:
            return _("Today is a holiday there.")
        return _("Today is a holiday there: %(name)s.") % {"name": isolated(day.name)}
    kept = {spans for spans in hours.week.days if spans}
    if len(kept) == 1 and len(spans := next(iter(kept))) == 1:
        return explanations.outside_hours(*spans[0])
    today = hours.week.days[now.astimezone(zoneinfo.ZoneInfo(zones[0])).weekday()]
    if not today:
        return _("No calls on this weekday (local time).")
    return _("Outside local calling hours (today %(hours)s).") % {"hours": spans_in_words(today)}


def why_closed_then(hours: CallingHours, at: datetime.datetime, zones: Sequence[str]) -> str:
    """Return the sentence for a later moment that falls on a holiday in one of the zones; empty for any other."""
    day = hours.closed_day(at, zones)
    if day is None:
        return ""
    named = {"day": plain_day(day.day), "name": isolated(day.name)}
    if not day.name:
        return _("%(day)s is a holiday there.") % named
    return _("%(day)s is a holiday there: %(name)s.") % named


def next_try(opening: datetime.datetime, zone: str) -> str:
    """Return the next step for a call that waits until its hours open, by the clock of a zone of the number."""
    there = opening.astimezone(zoneinfo.ZoneInfo(zone))
    named = {"day": plain_day(there.date(), has_year=False), "time": clock_time(there)}
    return _("No action needed. It will be called on %(day)s at %(time)s local time.") % named


next_try_lazy = lazy(next_try, str)


def span_in_words(span: Span) -> str:
    """Return a span of hours in words."""
    return _("all day") if span.is_all_day else f"{span.start:%H:%M} – {span.end:%H:%M}"


def spans_in_words(spans: Iterable[Span]) -> str:
    """Return the hours of one weekday in words; empty for none."""
    return in_digits(_(", ").join(span_in_words(span) for span in spans))


def week_in_words(week: Week) -> str:
    """Return the hours of a week in words, weekdays with the same hours together, in the order of the reader's week."""
    first = int(get_format("FIRST_DAY_OF_WEEK")) - 1
    by_spans: dict[tuple[Span, ...], list[str]] = {}
    for day in (day % 7 for day in range(first, first + 7)):
        if week.days[day]:
            by_spans.setdefault(week.days[day], []).append(str(WEEKDAYS[day]))
    return "; ".join(f"{_(', ').join(days)} {spans_in_words(spans)}" for spans, days in by_spans.items())


def dates_in_words(dates: Collection[DateSpan]) -> str:
    """Return dates in words, the first few and how many others there are; empty for none."""
    named = [date_in_words(one) for one in sorted(dates)]
    rest = len(named) - MOST_DATES
    shown = _(", ").join(named[:MOST_DATES])
    return _("%(dates)s and %(count)s others") % {"dates": shown, "count": rest} if rest > 1 else _(", ").join(named)


def date_in_words(dates: DateSpan) -> str:
    """Return one date, or the first and last, in the calendar of the page."""
    if dates.days == 1:
        return plain_day(dates.first)
    return f"{plain_day(dates.first, has_year=dates.first.year != dates.last.year)} – {plain_day(dates.last)}"


def countries_in_words(countries: Collection[str] | None) -> str:
    """Return whose holidays a campaign keeps: None as the installation says, none, or those of these countries."""
    if countries is None:
        return _("same as for all campaigns")
    return _(", ").join(sorted(map(country_name, countries))) or _("calls on holidays")
