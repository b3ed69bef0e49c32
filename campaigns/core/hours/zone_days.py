"""The days of a time zone cut into parts of one offset, so that wall-clock times become moments by a subtraction."""

from __future__ import annotations

import datetime
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from campaigns.time_zones import zone_named

_HOURS = (0, 6, 12, 18, 24)
"""Hours of a day at which the offset is looked at; no zone changes it twice between two of them."""
_SECOND = datetime.timedelta(seconds=1)


class Part(NamedTuple):
    """A part of a day of UTC throughout which a zone has one offset; the times are of UTC, without a zone."""

    begins: datetime.datetime
    ends: datetime.datetime
    offset: datetime.timedelta


@lru_cache(maxsize=16_384)
def parts_of(zone: str, day: datetime.date) -> tuple[Part, ...]:
    """Return the parts of a day of UTC in a zone: one, or two where its clocks change; none for an unknown zone."""
    if zone_named(zone) is None:
        return ()
    midnight = datetime.datetime.combine(day, datetime.time())
    found: list[Part] = []
    looks = [midnight + datetime.timedelta(hours=hours) for hours in _HOURS]
    for begins, ends in pairwise(looks):
        for part in _cut(zone, begins, ends):
            if found and found[-1].offset == part.offset:
                found[-1] = Part(found[-1].begins, part.ends, part.offset)
            else:
                found.append(part)
    return tuple(found)


def _offset(zone: str, at: datetime.datetime) -> datetime.timedelta:
    offset = at.replace(tzinfo=datetime.UTC).astimezone(zone_named(zone)).utcoffset()
    return offset if offset is not None else datetime.timedelta()


def _cut(zone: str, begins: datetime.datetime, ends: datetime.datetime) -> list[Part]:
    first, last = _offset(zone, begins), _offset(zone, ends - _SECOND)
    if first == last:
        return [Part(begins, ends, first)]
    before, after = begins, ends - _SECOND
    while after - before > _SECOND:
        middle = before + datetime.timedelta(seconds=int((after - before).total_seconds()) // 2)
        if _offset(zone, middle) == first:
            before = middle
        else:
            after = middle
    return [Part(begins, after, first), Part(after, ends, last)]
