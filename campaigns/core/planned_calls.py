"""Callbacks among the waiting calls: they hold up no change of a person, and follow the number that is called."""

from __future__ import annotations

import datetime

from django.db.models import Q

from campaigns.core.call_events import step, write_steps
from campaigns.models import Call
from providers.types import LIVE, CallStatus


def is_planned() -> Q:
    """Return the condition of calls that wait for a time which a person asked for."""
    return Q(status=CallStatus.PENDING, callback__isnull=False)


def holds_up_changes() -> Q:
    """Return the condition of calls while which a person's number stays: waiting or live, but for callbacks."""
    return Q(status__in=LIVE) | Q(status=CallStatus.PENDING, callback__isnull=True)


def follow_number(contact_id: int, old: str, new: str, now: datetime.datetime) -> int:
    """Let a person's callbacks to their old number ring the new one; returns how many.

    The caller has closed the gate of all commit points, so that none of them leaves meanwhile.
    """
    theirs = Call.objects.filter(is_planned(), contact=contact_id, to_number=old)
    ids = [call.pk for call in theirs.select_for_update(of=("self",)).only("pk")]
    if ids:
        # Whoever reserved it read the old number.
        Call.objects.filter(pk__in=ids).update(to_number=new, lease=None, lease_until=None, changed_at=now)
        write_steps(step(pk, "callback_number", at=now) for pk in ids)
    return len(ids)
