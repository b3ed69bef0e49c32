"""Moments in words: on the clock of the person who is called, which is named, and on the viewer's beside it."""

from __future__ import annotations

import datetime
import zoneinfo

from django.utils.translation import gettext

from callcenter.formats.calendars import whole_day, whole_moment
from callcenter.formats.zones import city_of, clock_time


def callback_at(at: datetime.datetime, zone: str) -> str:
    """Return the sentence for a call that waits for the time asked for: on the person's clock and on the viewer's."""
    return gettext("Waiting for the requested time: %(when)s.") % {"when": on_both_clocks(at, zone)}


def planned_already(at: datetime.datetime, zone: str) -> str:
    """Return the sentence for a person to whom a callback is planned."""
    return gettext("A callback to this contact is scheduled: %(when)s.") % {"when": on_both_clocks(at, zone)}


def choose_from(opens: datetime.datetime, zone: str) -> str:
    """Return the next step for a time that was asked for outside calling hours."""
    return gettext("Choose %(when)s or later.") % {"when": on_both_clocks(opens, zone)}


def on_both_clocks(at: datetime.datetime, zone: str) -> str:
    """Return a moment on the clock of a person's zone, which is named, and on that of the viewer."""
    there = at.astimezone(zoneinfo.ZoneInfo(zone))
    return gettext("%(day)s, %(time)s in %(city)s (%(here)s your time)") % {
        "day": whole_day(there.date()),
        "time": clock_time(there),
        "city": city_of(zone),
        "here": whole_moment(at),
    }
