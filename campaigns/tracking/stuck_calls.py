"""Repairs stuck calls: orders of dead workers, calls without news for a day, times from before a clock change."""

from __future__ import annotations

import datetime

from django.db import transaction
from django.db.models import DateTimeField, ExpressionWrapper, F, Q, Value
from django.db.models.functions import Least

from campaigns import rules
from campaigns.core import transitions
from campaigns.core.call_events import step, write_steps
from campaigns.core.clock import APART, has_passed, span
from campaigns.core.transitions import Why
from campaigns.models import Call
from campaigns.models.status_conditions import StatusIsOneOf
from campaigns.reasons import WaitReason
from providers.types import CallStatus

LONGEST_ORDER = datetime.timedelta(seconds=rules.HTTP_DEADLINE + rules.PRESEND + rules.GRACE)
"""From a commit point to the deadline of its order."""
SHORT_WAITS = (WaitReason.LIVE_ELSEWHERE, WaitReason.OPT_OUT_UNCLEAR, WaitReason.BUDGET, WaitReason.NOT_SENT)
LONGEST_SHORT_WAIT = datetime.timedelta(seconds=300)
"""The longest of these waits: the back-off of an order that could not be sent."""
LONGEST_LOOK = datetime.timedelta(hours=1)
"""The longest time until an open call is asked about again."""
CALLS_A_RUN = 500
"""Most calls that one run of a repair handles."""


def free_the_stuck(now: datetime.datetime) -> int:
    """Mark orders whose worker died as unknown; returns how many.

    They may have been dialled, so they are never sent again.
    """
    with transaction.atomic():
        lost = list(
            Call.objects.select_for_update(skip_locked=True)
            .filter(has_passed("deadline_at", now, LONGEST_ORDER), status=CallStatus.PLACING)
            .values_list("pk", flat=True)[:CALLS_A_RUN]
        )
        if not lost:
            return 0
        these = Call.objects.filter(pk__in=lost)
        return len(transitions.change(transitions.LOSE, these, now, Why("worker_lost"), next_poll_at=now))


def undo_clock_change(now: datetime.datetime) -> int:
    """Move up what waits for a time stored before the clock was put back; returns how many calls.

    A time further ahead than it can mean is past. The commit point judges hours and quiet period again, so such a wait
    may end early; a further attempt keeps its wait, which is counted from when it was planned.
    """
    ahead = Q(changed_at__gt=now + APART)
    if not Call.objects.filter(ahead).exists():
        return 0
    waits = Call.objects.filter(status=CallStatus.PENDING)
    short = Q(wait_reason__in=SHORT_WAITS, due_at__gt=now + LONGEST_SHORT_WAIT + APART)
    planned = ExpressionWrapper(F("due_at") - F("changed_at") + Value(now), output_field=DateTimeField())
    moved = waits.filter(ahead, wait_reason=WaitReason.RETRY).update(due_at=planned, changed_at=now)
    # What a person asked for is a time of the calendar, whatever the clock said when they did.
    others = waits.filter(ahead | short, callback__isnull=True).exclude(wait_reason=WaitReason.RETRY)
    moved += others.update(due_at=Least(F("due_at"), Value(now)), changed_at=now)
    # Orders on their way, and what is asked of the vendor: its answers are merged by rank, whatever the clock says.
    deadline = now + LONGEST_ORDER
    out = Call.objects.filter(StatusIsOneOf({CallStatus.PLACING, CallStatus.UNKNOWN}))
    moved += out.filter(deadline_at__gt=deadline + APART).update(deadline_at=deadline)
    late = Q(next_poll_at__gt=now + LONGEST_LOOK + APART) & ~Q(status=CallStatus.UNKNOWN)
    return moved + Call.objects.open().filter(ahead | late, next_poll_at__gt=now).update(next_poll_at=now)


def flag_the_unknown(now: datetime.datetime) -> int:
    """Flag calls that are unknown for a day for a person; returns how many. No timer ever closes one."""
    old = now - span(rules.PERSON_AFTER)
    unknown = Call.objects.unknown().filter(placing_at__lt=old, needs_person_at__isnull=True)
    ids = list(unknown.values_list("pk", flat=True)[:CALLS_A_RUN])
    if ids:
        Call.objects.filter(pk__in=ids).update(needs_person_at=now)
        write_steps(step(pk, "needs_person", at=now) for pk in ids)
    return len(ids)
