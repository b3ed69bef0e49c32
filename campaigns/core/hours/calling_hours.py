"""When may it ring: asked with a moment and the zones that a number may be in, all of which must be in hours.

Pure arithmetic. Whether it is open is read off the wall clock; when it opens, and for how long, is reckoned in the
spans that are open in every zone, day by day.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterator, Sequence

from campaigns.core.hours.closed_days import NO_CLOSED_DAYS, ClosedDay, ClosedDays
from campaigns.core.hours.week import Week
from campaigns.core.hours.zone_days import parts_of
from campaigns.rules import LONGEST_FORECAST, RING_GUARD
from campaigns.time_zones import zone_named

Moments = tuple[datetime.datetime, datetime.datetime]
"""From the first moment on, until before the second; of UTC, without a zone."""
_GUARD = datetime.timedelta(seconds=RING_GUARD)
_INSTANT = datetime.timedelta(microseconds=1)
_DAY = datetime.timedelta(days=1)
WEEK_AHEAD = 9
"""Days within which any hours by weekday come again, whatever the zone."""
YEAR_AHEAD = 400
"""Days within which it is looked for the next opening past holidays and dates without calls."""


class CallingHours:
    """The hours of a week without its closed days; what was reckoned once for a zone and a day is kept."""

    __slots__ = ("_begun", "closed", "week")

    def __init__(self, week: Week, closed: ClosedDays = NO_CLOSED_DAYS) -> None:
        self.week, self.closed = week, closed
        self._begun: dict[tuple[str, datetime.date], tuple[Moments, ...]] = {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CallingHours) and (self.week, self.closed) == (other.week, other.closed)

    def __hash__(self) -> int:
        return hash(self.week)

    def is_open(self, instant: datetime.datetime, zones: Collection[str]) -> bool:
        """Tell whether an instant is within the hours in every one of the zones; False if there is no zone.

        The start of a span is included; the last `RING_GUARD` seconds are not, so that a call has time to ring.
        """
        return bool(zones) and all(self._is_open_in(instant, zone) for zone in zones)

    def _is_open_in(self, instant: datetime.datetime, zone: str) -> bool:
        found = zone_named(zone)
        if found is None:
            return False
        wall = instant.astimezone(found).replace(tzinfo=None)
        today = wall.date()
        return any(
            opens <= wall < shuts for begun in (today - _DAY, today) for opens, shuts in self._spans(zone, begun)
        )

    def next_opening(self, instant: datetime.datetime, zones: Collection[str]) -> datetime.datetime | None:
        """Return the first moment from an instant on at which every zone is open; None if there is none.

        It is looked for within nine days, and where closed days take those, within 400. Used for scheduling only: the
        commit point asks again whether it is open.
        """
        opening = next(self._open(instant, zones, WEEK_AHEAD), None)
        # Zones whose hours never meet are not looked for through a year of holidays.
        if opening is None and self.closed and CallingHours(self.week).next_opening(instant, zones) is not None:
            opening = next(self._open(instant, zones, YEAR_AHEAD), None)
        return None if opening is None else opening[0].replace(tzinfo=datetime.UTC)

    def after_calling(
        self, instant: datetime.datetime, minutes: float, zones: Collection[str]
    ) -> datetime.datetime | None:
        """Return when this many minutes within the hours have passed; None if months away or never."""
        if minutes > LONGEST_FORECAST:
            return None
        left = datetime.timedelta(minutes=minutes)
        found = instant
        for opens, shuts in self._open(instant, zones, YEAR_AHEAD):
            if left <= shuts - opens:
                return (opens + left).replace(tzinfo=datetime.UTC)
            left -= shuts - opens
            found = shuts.replace(tzinfo=datetime.UTC)
        return found if not left else None

    def closed_day(self, instant: datetime.datetime, zones: Collection[str]) -> ClosedDay | None:
        """Return the holiday, or the date without calls, that an instant falls on in one of the zones."""
        if not self.closed:
            return None
        for zone in zones:
            if (found := zone_named(zone)) is not None:
                day = self.closed.on(zone, instant.astimezone(found).date())
                if day is not None:
                    return day
        return None

    # Spans

    def _spans(self, zone: str, day: datetime.date) -> tuple[Moments, ...]:
        """Return the spans that begin on a day, as times of the wall clock: from the first on, until before the second.

        A closed day has none, and those of the day before end at its midnight.
        """
        key = (zone, day)
        found = self._begun.get(key)
        if found is None:
            found = self._begun[key] = tuple(self._reckon(zone, day))
        return found

    def _reckon(self, zone: str, day: datetime.date) -> Iterator[Moments]:
        spans = self.week.days[day.weekday()]
        if not spans or (self.closed and self.closed.on(zone, day) is not None):
            return
        midnight = datetime.datetime.combine(day + _DAY, datetime.time())
        for span in spans:
            if span.is_all_day:
                yield midnight - _DAY, midnight
                continue
            opens = datetime.datetime.combine(day, span.start)
            closes = datetime.datetime.combine(day if span.end > span.start else day + _DAY, span.end)
            if closes > midnight and self.closed and self.closed.on(zone, day + _DAY) is not None:
                closes = midnight
            # The guard is taken off the wall-clock time, so that a daylight-saving change cannot lengthen the hours.
            shuts = closes - _GUARD + _INSTANT
            if shuts > opens:
                yield opens, shuts

    def _open(self, instant: datetime.datetime, zones: Collection[str], days: int) -> Iterator[Moments]:
        """Yield the spans from an instant on that are open in every zone, in their order."""
        if not zones or not any(self.week.days):
            return
        begins = instant.astimezone(datetime.UTC).replace(tzinfo=None)
        for ahead in range(days + 1):
            day = begins.date() + ahead * _DAY
            together: Sequence[Moments] | None = None
            for zone in zones:
                there = self._open_in(zone, day)
                together = there if together is None else _both(together, there)
                if not together:
                    break
            for opens, shuts in together or ():
                if shuts > begins:
                    yield max(opens, begins), shuts

    def _open_in(self, zone: str, day: datetime.date) -> list[Moments]:
        """Return the spans of a day of UTC that are open in a zone, none of which meet."""
        found: list[Moments] = []
        for part in parts_of(zone, day):
            first, last = part.begins + part.offset, part.ends + part.offset
            begun = first.date() - _DAY
            while begun <= last.date():
                for opens, shuts in self._spans(zone, begun):
                    if opens < last and shuts > first:
                        found.append((max(opens, first) - part.offset, min(shuts, last) - part.offset))
                begun += _DAY
        found.sort()
        merged: list[Moments] = []
        for opens, shuts in found:
            if merged and opens <= merged[-1][1]:
                merged[-1] = merged[-1][0], max(merged[-1][1], shuts)
            else:
                merged.append((opens, shuts))
        return merged


def _both(some: Sequence[Moments], others: Sequence[Moments]) -> list[Moments]:
    """Return what two lists of spans have in common."""
    found, one, other = [], 0, 0
    while one < len(some) and other < len(others):
        opens, shuts = max(some[one][0], others[other][0]), min(some[one][1], others[other][1])
        if opens < shuts:
            found.append((opens, shuts))
        if some[one][1] < others[other][1]:
            one += 1
        else:
            other += 1
    return found
