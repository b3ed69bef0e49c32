"""Repairs of stuck rows: orders whose worker died, calls nobody heard of for a day."""

from __future__ import annotations

import datetime

from django.db import transaction

from campaigns import rules
from campaigns.core import transitions
from campaigns.core.call_events import step, write_steps
from campaigns.core.clock import span
from campaigns.core.transitions import Why
from campaigns.models import Call
from providers.types import AT_VENDOR, CallStatus


def free_the_stuck(now: datetime.datetime) -> int:
    """Turn orders whose worker died into unknown calls: they may have been dialled, so nothing re-sends them."""
    with transaction.atomic():
        lost = list(
            Call.objects.select_for_update(skip_locked=True)
            .filter(status=CallStatus.PLACING, deadline_at__lt=now)
            .values_list("pk", flat=True)[:500]
        )
        if not lost:
            return 0
        these = Call.objects.filter(pk__in=lost)
        return len(transitions.change(transitions.LOSE, these, now, Why("worker_lost"), next_poll_at=now))


def flag_the_silent(now: datetime.datetime) -> int:
    """Show calls without an end for a day to a person; a timer never closes them."""
    old = now - span(rules.PERSON_AFTER)
    silent = Call.objects.filter(
        status__in=[*AT_VENDOR, CallStatus.UNKNOWN], placing_at__lt=old, needs_person_at__isnull=True
    )
    ids = list(silent.values_list("pk", flat=True)[:500])
    if ids:
        Call.objects.filter(pk__in=ids).update(needs_person_at=now)
        write_steps(step(pk, "needs_person", at=now) for pk in ids)
    return len(ids)
