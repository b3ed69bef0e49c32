"""Calls back: who called us after we had called them, newest first, until somebody marks it as handled."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone

from callcenter.access.roles import Person
from callcenter.audit.models import record
from campaigns.core.call_events import Source, step, write_steps
from campaigns.core.scope import seen_by
from campaigns.models import Call, InboundCall
from campaigns.models.calls import CallQuerySet

SHOWN = 5
"""Calls back that Today shows."""
MOST_COUNTED = 1000
"""More open ones are not counted one by one."""


@dataclass(frozen=True, slots=True)
class CalledBack:
    """The open calls back that a user may see: the newest, and how many there are (at most `MOST_COUNTED`)."""

    shown: list[Call] = field(default_factory=list)
    count: int = 0


def open_ones(person: Person) -> CallQuerySet:
    """Return the calls back that nobody has handled and that this user may see, newest first."""
    waiting = InboundCall.objects.filter(answers__isnull=False, handled_at__isnull=True)
    return seen_by(person, Call.objects.all()).inbound().filter(pk__in=waiting.values("pk")).order_by("-pk")


def open_to(person: Person) -> CalledBack:
    """Return what Today shows of the open calls back."""
    found = open_ones(person)
    count = found[:MOST_COUNTED].count()
    if not count:
        return CalledBack()
    return CalledBack(
        list(found.select_related("contact", "campaign", "provider", "inbound__answers__campaign")[:SHOWN]), count
    )


def may_handle(call: Call) -> bool:
    """Tell whether a call that a user sees can be marked as handled: it is a call back that nobody handled yet."""
    return call.is_inbound and call.inbound.answers_id is not None and call.inbound.handled_at is None


def mark_handled(call: Call, person: Person) -> bool:
    """Mark a call back that the user sees as handled; returns whether it was still open."""
    if not may_handle(call):
        return False
    now = timezone.now()
    with transaction.atomic():
        went = InboundCall.objects.filter(pk=call.pk, handled_at__isnull=True).update(
            handled_at=now, handled_by=person.pk
        )
        if went:
            write_steps([step(call.pk, "called_back_handled", at=now, source=Source.PERSON, actor_id=person.pk)])
            record(person, "call.handled", call)
    return bool(went)
