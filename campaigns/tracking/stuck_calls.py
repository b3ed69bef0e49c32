"""Repairs stuck calls: orders whose worker died, and calls whose end was not reported for a day."""

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

CALLS_A_RUN = 500
"""Most calls that one run of a repair handles."""


def free_the_stuck(now: datetime.datetime) -> int:
    """Mark orders whose worker died as unknown; returns how many.

    They may have been dialled, so they are never sent again.
    """
    with transaction.atomic():
        lost = list(
            Call.objects.select_for_update(skip_locked=True)
            .filter(status=CallStatus.PLACING, deadline_at__lt=now)
            .values_list("pk", flat=True)[:CALLS_A_RUN]
        )
        if not lost:
            return 0
        these = Call.objects.filter(pk__in=lost)
        return len(transitions.change(transitions.LOSE, these, now, Why("worker_lost"), next_poll_at=now))


def flag_the_silent(now: datetime.datetime) -> int:
    """Flag calls without an end after a day for a person; returns how many. No timer ever closes a call."""
    old = now - span(rules.PERSON_AFTER)
    silent = Call.objects.filter(
        status__in=[*AT_VENDOR, CallStatus.UNKNOWN], placing_at__lt=old, needs_person_at__isnull=True
    )
    ids = list(silent.values_list("pk", flat=True)[:CALLS_A_RUN])
    if ids:
        Call.objects.filter(pk__in=ids).update(needs_person_at=now)
        write_steps(step(pk, "needs_person", at=now) for pk in ids)
    return len(ids)
