"""Schedules of django-q: every minute dispatch, poll and sweep, in case a nudge was lost; every hour vendors' lists."""

from __future__ import annotations

from django_q.models import Schedule

from campaigns import queue

SCHEDULES: dict[str, tuple[str, int]] = {
    "dispatch every minute": (queue.DISPATCH, 1),
    "poll every minute": (queue.POLL, 1),
    "sweep every minute": (queue.SWEEP, 1),
    "compare lists every hour": (queue.SWEEP_LISTS, 60),
}
"""Schedule name to (task path, interval in minutes)."""


def sync_schedules() -> int:
    """Make the stored schedules equal to `SCHEDULES` and return their number; idempotent."""
    Schedule.objects.exclude(name__in=SCHEDULES).delete()
    for name, (path, minutes) in SCHEDULES.items():
        found, is_new = Schedule.objects.get_or_create(
            name=name, defaults={"func": path, "schedule_type": Schedule.MINUTES, "minutes": minutes, "repeats": -1}
        )
        if not is_new and (found.func, found.minutes, found.repeats) != (path, minutes, -1):
            Schedule.objects.filter(pk=found.pk).update(
                func=path, schedule_type=Schedule.MINUTES, minutes=minutes, repeats=-1
            )
    return len(SCHEDULES)
