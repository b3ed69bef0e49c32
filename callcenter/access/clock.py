"""In which time zone a user sees and enters times: the one they chose, else their browser's, else `TIME_ZONE`."""

from __future__ import annotations

import datetime
import zoneinfo
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from callcenter.access.models import PersonalClock
from callcenter.formats.zones import zone_named

COOKIE = "timezone"
"""Name of the cookie in which the pages' script tells the browser's time zone."""


@dataclass(frozen=True, slots=True)
class ViewerClock:
    """The time zone of one request."""

    zone: datetime.tzinfo
    browser: str = ""
    """Name of the browser's time zone; empty where it is not known."""
    is_confirmed: bool = False
    """Whether the user chose the zone."""

    @property
    def name(self) -> str:
        """Name of the zone, such as `Asia/Tehran`."""
        return str(self.zone)

    @property
    def is_offered(self) -> bool:
        """Whether to offer the browser's zone: nobody chose yet, and it is not the installation's."""
        return not self.is_confirmed and bool(self.browser) and self.browser != timezone.get_default_timezone_name()


def clock_of(request: HttpRequest) -> ViewerClock:
    """Return the clock of a request: the user's setting, else the browser's zone, else the installation's."""
    browser = zone_of_browser(request)
    kept = _kept_of(request.user.pk) if request.user.is_authenticated and request.user.pk else None
    chosen = kept if kept is not None and kept.is_confirmed else None
    zone = zone_named(chosen.time_zone) if chosen else browser or (zone_named(kept.time_zone) if kept else None)
    return ViewerClock(
        zone or timezone.get_default_timezone(), str(browser) if browser else "", is_confirmed=chosen is not None
    )


def zone_of(user: User | None) -> datetime.tzinfo:
    """Return the zone of a user outside their requests, as in jobs and mails; the installation's where unknown."""
    kept = _kept_of(user.pk) if user is not None else None
    return (zone_named(kept.time_zone) if kept else None) or timezone.get_default_timezone()


def on_the_clock_of(user: User | None) -> AbstractContextManager[Any]:
    """Return a context in which times are read and written in the zone of a user."""
    return timezone.override(zone_of(user))


def choose_zone(user: User, name: str) -> None:
    """Keep the zone that a user chose. Raises ValueError for a name that the zone database does not have."""
    if zone_named(name) is None:
        raise ValueError(name)
    PersonalClock.objects.update_or_create(user=user, defaults={"time_zone": name, "is_confirmed": True})


def zone_of_browser(request: HttpRequest) -> zoneinfo.ZoneInfo | None:
    """Return the time zone that the browser told; None where it told none that exists."""
    return zone_named(request.COOKIES.get(COOKIE, ""))


def note_browser_zone(sender: object, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Keep the browser's zone at a log-in, for jobs and mails, unless the user chose one."""
    zone = zone_of_browser(request) if request is not None else None
    if zone is None:
        return
    kept, is_new = PersonalClock.objects.get_or_create(user=user, defaults={"time_zone": str(zone)})
    if not is_new and not kept.is_confirmed and kept.time_zone != str(zone):
        PersonalClock.objects.filter(pk=kept.pk, is_confirmed=False).update(time_zone=str(zone))


def _kept_of(user_id: int) -> PersonalClock | None:
    return PersonalClock.objects.filter(user_id=user_id).first()
