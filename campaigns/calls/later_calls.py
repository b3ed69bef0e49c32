"""Single calls at a time that a person asked for: whether the call may be then, and what is kept of it."""

from __future__ import annotations

import datetime
import zoneinfo
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _

from callcenter.formats.zones import moment_at
from campaigns import time_zones
from campaigns.core import moment_words
from campaigns.core.all_numbers import numbers_of
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.eligibility import Judge
from campaigns.core.eligibility_facts import Facts, asked_columns, numbers_now
from campaigns.core.hours.words import why_closed_then
from campaigns.core.planned_calls import is_planned
from campaigns.core.refusals import Refusal
from campaigns.models import Call, Callback, Contact
from campaigns.reasons import MAX_REASON, WaitReason
from providers.models import Provider

FARTHEST_DAYS = 90
"""How far ahead a call can be planned; details of calls are kept for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Later:
    """When a person asked to be called, on the clock of a zone, and why."""

    local_day: datetime.date
    local_time: datetime.time
    zone: str
    reason: str = ""
    from_call: Call | None = None
    """The call in which they asked."""

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of a callback that say when."""
        return {"local_day": self.local_day, "local_time": self.local_time, "zone": self.zone}

    def moment(self, now: datetime.datetime) -> datetime.datetime:
        """Return the moment that is meant, in UTC. Raises Refusal for a time that is over, too far ahead or no time."""
        zone = time_zones.zone_named(self.zone)
        if zone is None:
            raise Refusal(_("Choose the time zone for this time."))
        try:
            at = moment_at(datetime.datetime.combine(self.local_day, self.local_time), zone)
        except ValidationError as error:
            raise Refusal(" ".join(error.messages)) from None
        if at <= now:
            raise Refusal(_("This local time has passed. Choose a later time, or call now."))
        if at > now + datetime.timedelta(days=FARTHEST_DAYS):
            raise Refusal(_("Choose a time within %(days)d days.") % {"days": FARTHEST_DAYS})
        return at


def zones_to_choose(number: str, contact: Contact | None) -> tuple[str, ...]:
    """Return the zones on whose clock a time for this number can be meant, the person's own first."""
    return time_zones.zones_of(number, contact.time_zone if contact is not None else "")


def later_at(when: datetime.datetime, zone: str, reason: str = "", from_call: Call | None = None) -> Later:
    """Return the same for a moment, or for a time without a zone, which is one on the zone's clock."""
    found = time_zones.zone_named(zone)
    there = when.astimezone(found) if when.tzinfo is not None and isinstance(found, zoneinfo.ZoneInfo) else when
    return Later(
        local_day=there.date(), local_time=there.time().replace(second=0, microsecond=0), zone=zone, reason=reason,
        from_call=from_call,
    )  # fmt: skip


def refuse_then(
    number: str, provider: Provider, contact: Contact | None, at: datetime.datetime, *, besides: int = 0
) -> None:
    """Raise Refusal where a number may not be called at a moment, as far as that is known today.

    `besides` is the call that is moved there. What passes with time, as a halted provider or the quiet period, speaks
    against no call later; the commit point judges all of it again.
    """
    judge = Judge(at, provider)
    numbers = numbers_now([number], at, None)
    facts = Facts(
        is_forbidden=number in numbers.forbidden,
        is_held=number in numbers.held,
        lacks_consent=judge.requires_consent and not (contact is not None and contact.has_consent),
        is_allowed=number in numbers.allowed,
    )
    for found in judge.against(number, zones_to_choose(number, contact), facts):
        if found.reason == WaitReason.OUTSIDE_HOURS and found.until is not None:
            why = why_closed_then(judge.calling_hours, at, zones_to_choose(number, contact)) or found.sentence
            raise Refusal(f"{why} {moment_words.choose_from(found.until, found.zone)}")
        raise Refusal(found.words(is_queued=False))
    theirs = Q(to_number=number)
    if contact is not None:
        theirs |= Q(contact=contact) | Q(to_number__in=numbers_of([contact.pk]))
    planned = Call.objects.filter(theirs, is_planned()).exclude(pk=besides).select_related("callback").first()
    if planned is not None:
        words = moment_words.planned_already(planned.due_at, planned.callback.zone)
        raise Refusal(" ".join([words, _("Reschedule that call, or cancel it first.")]))


def columns_of(now: datetime.datetime, at: datetime.datetime) -> dict[str, Any]:
    """Return the columns of a call that waits for a moment.

    It is confirmed by whoever asked for it: the quiet period does not hold it up, a conversation since then ends it.
    """
    waits = {"due_at": at, "wait_reason": WaitReason.CALLBACK}
    return asked_columns(now, not_before=at, is_confirmed=True) | waits


def keep(call: Call, later: Later, asked_by_id: int | None, now: datetime.datetime) -> Callback:
    """Keep what was asked for of a call that has just begun to wait."""
    callback = Callback.objects.create(
        call=call,
        reason=later.reason.strip()[:MAX_REASON],
        asked_by_id=asked_by_id,
        from_call=later.from_call,
        **later.columns,
    )
    if later.from_call is not None:
        source = Source.PERSON if asked_by_id else Source.SYSTEM
        write_steps([step(later.from_call.pk, "callback_from_here", at=now, source=source, actor_id=asked_by_id)])
    return callback
