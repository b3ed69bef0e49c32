"""Number check of Quick call: how a number was parsed, and what prevents or delays calling it now.

The rules are in `eligibility`; this module turns its answers into what a user of the form can do. It is a forecast: the
commit point checks everything again.
"""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from callcenter.access.roles import Person
from campaigns import time_zones
from campaigns.core import moment_words
from campaigns.core.call_caps import counted_since
from campaigns.core.eligibility import Eligibility, Judge, stops_of
from campaigns.core.eligibility_facts import Facts, numbers_now
from campaigns.core.planned_calls import is_planned
from campaigns.core.scope import may_see
from campaigns.countries import country_name
from campaigns.models import Call, Contact
from campaigns.reasons import StopReason, WaitReason
from providers.models import Provider
from providers.types import CallStatus

CITIES = {
    "Calcutta": "Kolkata",
    "Katmandu": "Kathmandu",
    "Kiev": "Kyiv",
    "Rangoon": "Yangon",
    "Saigon": "Ho Chi Minh City",
    "Dacca": "Dhaka",
}
"""Zones whose names are older than their cities'."""
PASSING = (StopReason.PROVIDER_PAUSED, StopReason.PROVIDER_COMPARING, WaitReason.QUIET_PERIOD)
"""What forbids no call: an open breaker closes by itself, and only while a call waits for it; the quiet period guards
those who do not know of the last call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """One obstacle to a call now: a sentence, the next step, and whether the user may override it."""

    code: str
    sentence: str
    next_step: str = ""
    forbids: bool = True
    """False if the call can be queued nevertheless."""
    needs_confirmation: bool = False
    """True if the call can be queued only after the user confirms."""


@dataclass(frozen=True, slots=True)
class NumberClock:
    """The local time in one zone that the number may be in."""

    zone: str
    at: datetime.datetime

    @property
    def clock(self) -> str:
        """Weekday and time there, as text, because a template would convert a datetime to the viewer's zone."""
        return date_format(self.at, "D H:i")

    @property
    def place(self) -> str:
        """The city in the zone's name."""
        city = self.zone.rpartition("/")[2].replace("_", " ")
        return CITIES.get(city, city)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prospect:
    """The result of checking one number."""

    e164: str
    region: str
    contact: Contact | None
    times: list[NumberClock]
    """Local times of the zones it may be in, equal times once; empty if no zone is known."""
    obstacles: list[Obstacle] = field(default_factory=list)

    @property
    def country(self) -> str:
        """The country's name."""
        return country_name(self.region)

    @property
    def blockers(self) -> list[Obstacle]:
        """The obstacles that forbid the call."""
        return [found for found in self.obstacles if found.forbids]

    @property
    def may_be_called(self) -> bool:
        """Tell whether no obstacle forbids the call."""
        return not self.blockers

    @property
    def needs_confirmation(self) -> bool:
        """Tell whether the user must confirm the call."""
        return any(found.needs_confirmation for found in self.obstacles)


def judge_number(
    e164: str,
    region: str = "",
    provider: Provider | None = None,
    now: datetime.datetime | None = None,
    *,
    is_test: bool = False,
    viewer: Person | None = None,
) -> Prospect:
    """Check a number in E.164 for one call now, through `provider` if one is chosen; changes nothing.

    `viewer`: who is shown the result, which names the contact only if they may see it. `is_test`: it is the asker's own
    phone, on which a message is tried; no cap of calls holds for it.
    """
    now = now or timezone.now()
    contact = Contact.objects.filter(phone=e164).first()
    zones = time_zones.zones_of(e164, contact.time_zone if contact else "")
    judge = Judge(now, provider, stops=stops_of(provider))
    numbers = numbers_now([e164], now, now - judge.quiet, counted_since=counted_since(now, [None], judge.installation))
    facts = Facts(
        is_forbidden=e164 in numbers.forbidden,
        is_held=e164 in numbers.held,
        is_live=e164 in numbers.live,
        last_rung=numbers.last_rung(e164),
        caps=() if is_test else numbers.caps(e164, judge.caps),
        lacks_consent=judge.requires_consent and not is_test and not (contact is not None and contact.has_consent),
        is_allowed=e164 in numbers.allowed,
    )
    obstacles = [_obstacle(found) for found in judge.against(e164, zones, facts)]
    if e164 not in numbers.live:
        obstacles += _waiting_call(e164)
    if any(found.forbids for found in obstacles):
        # If something forbids the call, there is nothing to confirm.
        obstacles = [found for found in obstacles if not found.needs_confirmation]
    return Prospect(
        e164=e164,
        region=region or (contact.region if contact else ""),
        contact=contact if contact is None or viewer is None or may_see(viewer, contact) else None,
        times=_local_times(zones, now),
        obstacles=obstacles,
    )


def refusal_of(prospect: Prospect, *, is_deliberate: bool) -> str:
    """Return why a call is refused now, with the next step; empty if not. `is_deliberate`: the user confirmed it."""
    against = [
        found for found in prospect.obstacles if found.forbids or (found.needs_confirmation and not is_deliberate)
    ]
    return " ".join(f"{found.sentence} {found.next_step}".strip() for found in against)


def _local_times(zones: tuple[str, ...], now: datetime.datetime) -> list[NumberClock]:
    by_clock: dict[datetime.timedelta, NumberClock] = {}
    for zone in zones:
        try:
            there = now.astimezone(zoneinfo.ZoneInfo(zone))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            continue
        by_clock.setdefault(there.utcoffset() or datetime.timedelta(0), NumberClock(zone, there))
    return [by_clock[offset] for offset in sorted(by_clock)]


def _obstacle(found: Eligibility) -> Obstacle:
    return Obstacle(
        code=found.reason,
        sentence=found.sentence,
        next_step=found.next_step(is_queued=False),
        forbids=found.reason not in PASSING,
        needs_confirmation=found.reason == WaitReason.QUIET_PERIOD,
    )


def _waiting_call(e164: str) -> list[Obstacle]:
    waiting = Call.objects.filter(to_number=e164, status=CallStatus.PENDING, campaign__isnull=True)
    planned = waiting.filter(is_planned()).select_related("callback").order_by("due_at").first()
    if planned is not None:
        return [
            Obstacle(
                code="planned",
                sentence=moment_words.planned_already(planned.due_at, planned.callback.zone),
                next_step=_("It is cancelled if somebody talks to the contact before then."),
                forbids=False,
            )
        ]
    if not waiting.exists():
        return []
    return [
        Obstacle(
            code="waits",
            sentence=_("A call to this number is already waiting."),
            next_step=_("Find it in the call log."),
        )
    ]
