"""Time zones of people who look at pages: zones by name, and times of a zone's clock as moments.

The active zone is the viewer's: a middleware activates it for each request, a job for the person it works for.
"""

from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterable
from functools import lru_cache

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.formats.calendars import in_digits
from callcenter.formats.isolation import isolated

MAX_ZONE_NAME = 64
_NO_PLACES = ("Etc/", "SystemV/")


@lru_cache(maxsize=1024)
def zone_named(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone of a name such as `Asia/Tehran` or `UTC`; None where the zone database has no such name."""
    if name not in _known_names():
        return None
    return zoneinfo.ZoneInfo(name)


@lru_cache(maxsize=1)
def _known_names() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


@lru_cache(maxsize=1)
def zone_choices() -> tuple[str, ...]:
    """Return the names that a person may choose from: `Area/City`, and UTC; sorted."""
    places = (name for name in _known_names() if "/" in name and not name.startswith(_NO_PLACES))
    return (*sorted(places), "UTC")


def zone_name() -> str:
    """Return the name of the active time zone, such as `Asia/Tehran`."""
    return timezone.get_current_timezone_name()


def titled(label: str) -> str:
    """Return the title of a file's column of times, such as `Sent (Asia/Tehran)`."""
    return f"{label} ({zone_name()})"


def city_of(zone: str) -> str:
    """Return the city of a zone's name, such as `New York`, isolated within text of another direction."""
    return isolated(zone.rpartition("/")[2].replace("_", " "))


def clock_time(moment: datetime.datetime | datetime.time) -> str:
    """Return the time of day of a value as it is, such as `14:05`, in the digits of the page's language."""
    return in_digits(f"{moment:%H:%M}")


def moment_at(wall: datetime.datetime, zone: datetime.tzinfo | None = None) -> datetime.datetime:
    """Return the moment in UTC at which the clock of a zone (by default the active one) shows a time.

    Raises ValidationError with a sentence where a change of the clocks skips that time or shows it twice, and where
    it lies outside the calendar.
    """
    zone = zone or timezone.get_current_timezone()
    first, second = (wall.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    try:
        at, later = first.astimezone(datetime.UTC), second.astimezone(datetime.UTC)
    except OverflowError:
        raise ValidationError(_("Choose another day."), code="overflow") from None
    if at == later:
        return at
    names = {"zone": isolated(str(zone)), "time": clock_time(wall)}
    if at > later:
        shifted = at.astimezone(zone)
        raise ValidationError(
            _("Clocks in %(zone)s go forward then, so %(time)s does not exist. Choose %(next)s.")
            % {**names, "next": clock_time(shifted)},
            code="skipped",
        )
    length = later - at
    raise ValidationError(
        _("Clocks in %(zone)s go back then, so %(time)s happens twice. Choose %(before)s or %(after)s.")
        % {**names, "before": clock_time(wall - length), "after": clock_time(wall + length)},
        code="twice",
    )


def start_of(day: datetime.date, zone: datetime.tzinfo | None = None) -> datetime.datetime:
    """Return when a day begins in a zone, by default the active one.

    Where the clocks skip midnight it is the first moment after it; where midnight comes twice, the first of both.
    """
    midnight = datetime.datetime.combine(day, datetime.time.min)
    return midnight.replace(tzinfo=zone or timezone.get_current_timezone())


def end_of(day: datetime.date, zone: datetime.tzinfo | None = None) -> datetime.datetime:
    """Return when a day ends in a zone: the start of the next day."""
    return start_of(day + datetime.timedelta(days=1), zone)


def earliest_local(at: datetime.datetime, zones: Iterable[str]) -> tuple[str, datetime.datetime] | None:
    """Return the zone whose clock shows the earliest time at a moment, and that time; None without a known zone."""
    found = [(at.astimezone(zone), name) for name in sorted(set(zones)) if (zone := zone_named(name)) is not None]
    if not found:
        return None
    there, name = min(found, key=lambda pair: pair[0].replace(tzinfo=None))
    return name, there
