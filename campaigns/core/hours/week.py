"""The hours of a week: on each weekday any number of spans, on the clock of whoever is called. No database."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from campaigns.numbers import text_of_digits

MOST_SPANS = 4
"""Spans of one weekday."""
LEAST_MINUTES = 30
"""A shorter span may never come for somebody whose number may be in several zones."""
_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d\d))?")


class Span(NamedTuple):
    """A span of hours. An end before the start is on the next day; an end like the start is all day."""

    start: datetime.time
    end: datetime.time

    @property
    def is_all_day(self) -> bool:
        """Whether it is a whole calendar day."""
        return self.start == self.end

    @property
    def minutes(self) -> int:
        """How long it is by the clock."""
        return (self.end.hour * 60 + self.end.minute - self.start.hour * 60 - self.start.minute) % 1440 or 1440

    def __str__(self) -> str:
        return f"{self.start:%H:%M}-{self.end:%H:%M}"


class Week(NamedTuple):
    """The spans of each weekday, from Monday; a span over midnight belongs to the day on which it begins."""

    days: tuple[tuple[Span, ...], ...]

    @classmethod
    def same_on(cls, days: Collection[int], start: datetime.time, end: datetime.time) -> Week:
        """Return the week with one span on each of these weekdays (Monday 0)."""
        span = (Span(start, end),)
        return cls(tuple(span if day in days else () for day in range(7)))

    @classmethod
    def of(cls, stored: Mapping[str, Iterable[str]]) -> Week:
        """Return a stored week: `{"0": ["09:00-13:00", "16:00-20:00"]}`; a day that is not named has no hours."""
        return cls(tuple(tuple(map(_stored_span, stored.get(str(day), ()))) for day in range(7)))

    def as_stored(self) -> dict[str, list[str]]:
        """Return it as a column holds it."""
        return {str(day): [str(span) for span in spans] for day, spans in enumerate(self.days) if spans}

    @property
    def minutes_a_day(self) -> int:
        """How long its days are open by the clock, on the average of those that are; a whole day where none is."""
        minutes = [sum(span.minutes for span in spans) for spans in self.days if spans]
        return sum(minutes) // len(minutes) if minutes else 1440

    @property
    def open_days(self) -> list[int]:
        """The weekdays that have hours."""
        return [day for day, spans in enumerate(self.days) if spans]


def _stored_span(text: str) -> Span:
    start, _dash, end = text.partition("-")
    return Span(datetime.time.fromisoformat(start), datetime.time.fromisoformat(end))


class SpansRefused(Exception):
    """Raised for hours that cannot be read or kept; `code` is "unreadable", "short", "overlap" or "many"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_spans(text: str) -> list[Span]:
    """Return the spans that a person typed for one weekday, such as `9-13, 16:00-20:00`, in their order.

    Digits may be of any script; 24:00 is midnight. Raises SpansRefused.
    """
    plain = text_of_digits(text).replace("،", ",").replace(";", ",").replace("؛", ",")
    found = sorted(_typed_span(part) for part in plain.split(",") if part.strip())
    if len(found) > MOST_SPANS:
        raise SpansRefused("many")
    if any(span.minutes < LEAST_MINUTES for span in found):
        raise SpansRefused("short")
    if _overlap(found):
        raise SpansRefused("overlap")
    return found


def _typed_span(text: str) -> Span:
    found = _SPAN.fullmatch(text.strip())
    if found is None:
        raise SpansRefused("unreadable")
    try:
        until = 0 if int(found[3]) == 24 and not int(found[4] or 0) else int(found[3])
        return Span(datetime.time(int(found[1]), int(found[2] or 0)), datetime.time(until, int(found[4] or 0)))
    except ValueError:
        raise SpansRefused("unreadable") from None


def _overlap(spans: Sequence[Span]) -> bool:
    """Tell whether spans of one day meet, in their order."""
    if any(span.is_all_day for span in spans):
        return len(spans) > 1
    return any(before.end <= before.start or after.start < before.end for before, after in pairwise(spans))
