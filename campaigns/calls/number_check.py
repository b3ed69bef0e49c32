"""Says before a call is asked for how a number was understood, and whether it may be called now and why not.

What is said here is a forecast for a person at a form; the commit point judges everything again.
"""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass, field

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaigns import rules
from campaigns.core import stop_all
from campaigns.core.hours import hours_of
from campaigns.countries import country_name
from campaigns.models import Call, Contact, DoNotCall
from providers.models import Provider, ProviderState
from providers.types import CallStatus, FailureReason

CITIES = {
    "Calcutta": "Kolkata",
    "Katmandu": "Kathmandu",
    "Kiev": "Kyiv",
    "Rangoon": "Yangon",
    "Saigon": "Ho Chi Minh City",
    "Dacca": "Dhaka",
}
"""Zones whose names are older than their cities'."""
NOBODY_RUNG = (FailureReason.PLACE_REJECTED, FailureReason.INVALID_NUMBER, FailureReason.NOT_PLACED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One thing that stands against a call now: a sentence, the next step, and whether a person may override it."""

    code: str
    sentence: str
    next_step: str = ""
    forbids: bool = True
    """False where the call may be asked for all the same."""
    needs_confirmation: bool = False
    """True where it may be called only if the person says so on purpose."""


@dataclass(frozen=True, slots=True)
class LocalTime:
    """The clock where the number may be."""

    zone: str
    at: datetime.datetime

    @property
    def clock(self) -> str:
        """Day and time as a clock there shows them; a template would turn the moment into the viewer's zone."""
        return date_format(self.at, "D H:i")

    @property
    def place(self) -> str:
        """The city that the zone is named after."""
        city = self.zone.rpartition("/")[2].replace("_", " ")
        return CITIES.get(city, city)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """A number that somebody thinks of calling."""

    e164: str
    region: str
    contact: Contact | None
    times: list[LocalTime]
    """Local times of the zones it may be in, those with equal clocks once; empty where no zone is known."""
    obstacles: list[Obstacle] = field(default_factory=list)

    @property
    def country(self) -> str:
        """The country's name."""
        return country_name(self.region)

    @property
    def blockers(self) -> list[Obstacle]:
        """What forbids the call."""
        return [found for found in self.obstacles if found.forbids]

    @property
    def may_be_called(self) -> bool:
        """Tell whether nothing forbids the call now."""
        return not self.blockers

    @property
    def needs_confirmation(self) -> bool:
        """Tell whether the person must say that the call is meant."""
        return any(found.needs_confirmation for found in self.obstacles)


def judge_number(
    e164: str, region: str = "", provider: Provider | None = None, now: datetime.datetime | None = None
) -> Prospect:
    """Judge a number in E.164 for one call now, through a provider where one is chosen; changes nothing."""
    now = now or timezone.now()
    contact = Contact.objects.filter(phone=e164).first()
    zones = rules.zones_of(e164, contact.time_zone if contact else "")
    obstacles = [
        *_stops(provider),
        *_wish(e164, now),
        *_other_calls(e164),
        *_hours(zones, now),
        *_vendor(e164, provider),
    ]
    if not any(found.forbids for found in obstacles):
        obstacles += _recent_call(e164, now)
    return Prospect(
        e164=e164,
        region=region or (contact.region if contact else ""),
        contact=contact,
        times=_local_times(zones, now),
        obstacles=obstacles,
    )


def refusal_of(prospect: Prospect, *, is_deliberate: bool) -> str:
    """Return why a call is refused now, with the next step; empty where it may be placed."""
    against = [
        found for found in prospect.obstacles if found.forbids or (found.needs_confirmation and not is_deliberate)
    ]
    return " ".join(f"{found.sentence} {found.next_step}".strip() for found in against)


def _local_times(zones: tuple[str, ...], now: datetime.datetime) -> list[LocalTime]:
    by_clock: dict[datetime.timedelta, LocalTime] = {}
    for zone in zones:
        try:
            there = now.astimezone(zoneinfo.ZoneInfo(zone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            continue
        by_clock.setdefault(there.utcoffset() or datetime.timedelta(0), LocalTime(zone, there))
    return [by_clock[offset] for offset in sorted(by_clock)]


def _stops(provider: Provider | None) -> list[Obstacle]:
    found = []
    if stop_all.is_stopped():
        found.append(
            Obstacle(
                code="stop_all",
                sentence=_("All calls are stopped."),
                next_step=_("A manager lets them pass again; then call."),
            )
        )
    if provider is None or not provider.stop_reason:
        return found
    # An open breaker closes by itself, and only while a call waits for it.
    waits = provider.state == ProviderState.PAUSED
    found.append(
        Obstacle(
            code="provider_paused" if waits else "provider_stopped",
            sentence=_("“%(name)s” cannot call now. %(why)s") % {"name": provider, "why": provider.stop_reason},
            next_step=(
                _("The call would wait until the vendor answers again.")
                if waits
                else _("Choose another provider, or ask an admin.")
            ),
            forbids=not waits,
        )
    )
    return found


def _wish(e164: str, now: datetime.datetime) -> list[Obstacle]:
    if not DoNotCall.objects.in_force(now).filter(phone=e164).exists():
        return []
    return [
        Obstacle(
            code="do_not_call",
            sentence=_("This number is on the do-not-call list."),
            next_step=_("Nobody may call it; only a manager takes a number off the list, with a reason."),
        )
    ]


def _other_calls(e164: str) -> list[Obstacle]:
    calls = Call.objects.filter(to_number=e164)
    if calls.live().exists():
        return [
            Obstacle(
                code="live",
                sentence=_("Another call to this number is not over."),
                next_step=_("Wait until its end is known: one person is never rung twice at a time."),
            )
        ]
    if calls.filter(status=CallStatus.PENDING, campaign__isnull=True).exists():
        return [
            Obstacle(
                code="waits",
                sentence=_("A call to this number waits its turn already."),
                next_step=_("Look for it in the call log."),
            )
        ]
    return []


def _hours(zones: tuple[str, ...], now: datetime.datetime) -> list[Obstacle]:
    start, end, days = hours_of(None)
    if not zones:
        return [
            Obstacle(
                code="no_zone",
                sentence=_("The local time of this number is not known, so nobody knows whether it is night there."),
                next_step=_("Set the time zone on the person's page, then call."),
            )
        ]
    if rules.is_open(now, zones, start, end, days):
        return []
    opens = rules.next_opening(now, zones, start, end, days)
    next_step = ""
    if opens is not None:
        there = opens.astimezone(zoneinfo.ZoneInfo(zones[0]))
        next_step = _("Call again from %(when)s there, which is %(here)s for you.") % {
            "when": date_format(there, "D H:i"),
            "here": date_format(timezone.localtime(opens), "D H:i"),
        }
    sentence = _("It is outside calling hours there (%(start)s to %(end)s).") % {
        "start": f"{start:%H:%M}",
        "end": f"{end:%H:%M}",
    }
    return [Obstacle(code="outside_hours", sentence=sentence, next_step=next_step)]


def _vendor(e164: str, provider: Provider | None) -> list[Obstacle]:
    if provider is None:
        return []
    sentence = provider.backend_class.refuses_number(e164, provider.options_with_defaults())
    if not sentence:
        return []
    return [Obstacle(code="number_refused", sentence=str(sentence), next_step=_("Choose another provider."))]


def _recent_call(e164: str, now: datetime.datetime) -> list[Obstacle]:
    hours = int(settings.QUIET_PERIOD_HOURS)
    rung = Call.objects.filter(to_number=e164, placing_at__gt=now - datetime.timedelta(hours=hours)).exclude(
        failure_reason__in=NOBODY_RUNG
    )
    last = rung.order_by("-placing_at").values_list("placing_at", flat=True).first()
    if last is None:
        return []
    minutes = max(1, int((now - last).total_seconds()) // 60)
    if minutes < 120:
        ago = ngettext("%(n)d minute ago", "%(n)d minutes ago", minutes) % {"n": minutes}
    else:
        ago = ngettext("%(n)d hour ago", "%(n)d hours ago", minutes // 60) % {"n": minutes // 60}
    return [
        Obstacle(
            code="quiet_period",
            sentence=_("This number was called %(ago)s, within the quiet period of %(hours)d hours.")
            % {"ago": ago, "hours": hours},
            next_step=_("If you mean to call it again, tick the box."),
            forbids=False,
            needs_confirmation=True,
        )
    ]
