"""Events of what happens often: the first one is recorded at once, the rest as one event with a count.

A flood costs one row a minute, and following a live page is one viewing. The count stands in a row of its own, so that
no event is ever changed, and is written every few seconds at most: what a process that dies had counted since is lost.
"""

from __future__ import annotations

import datetime
import hashlib
import threading
import time
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import IntegrityError, models, transaction
from django.db.models import F
from django.utils import timezone

from callcenter.audit import context
from callcenter.audit.models import AuditEvent, AuditTally, event_of, write

A_VIEWING = (600, 3_600)
A_MINUTE = (60, 60)
WRITTEN_EVERY = 15.0
"""Seconds between two writes of one count by one process."""
MOST_KNOWN = 5_000
"""Counts that one process remembers."""
MOST_STRANGE = 60
"""So many different ones of one action a minute; further ones are counted together, without address and thing."""
KEPT = (
    "actor_id", "actor_name", "role", "session", "address", "action", "object_type", "object_id", "object_name",
    "detail",
)  # fmt: skip


@dataclass(slots=True)
class _Counting:
    """What this process has counted and not written yet."""

    until: float
    written: float
    pending: int = 0


_lock = threading.Lock()
_known: dict[str, _Counting] = {}
_strange: dict[str, tuple[int, int]] = {}


def forget() -> None:
    """Remember nothing of what was counted, as a new process does."""
    with _lock:
        _known.clear()
        _strange.clear()


def note(
    actor: AbstractBaseUser | AnonymousUser | None,
    action: str,
    thing: models.Model | None = None,
    *,
    again: str = "",
    window: tuple[int, int] = A_VIEWING,
    **detail: Any,
) -> AuditEvent | None:
    """Record the first of what is the same, and count the rest; returns the event where one was written.

    `again` is the action of the event with the count, by default the same. `window` are two numbers of seconds: the
    count is recorded after the first without another, at the latest after the second; then all begins anew.
    """
    (idle, longest), acting = window, context.current()
    address, session = acting.address, acting.session
    if getattr(actor, "pk", None) is None and _is_one_too_many(action):
        thing, address, session = None, "", ""
    # Of what costs no query: a live page asks every few seconds.
    same = [getattr(actor, "pk", None), action, again, thing and thing._meta.label_lower, thing and thing.pk]
    key = hashlib.sha256(repr([same, sorted(detail.items()), address, session]).encode()).hexdigest()
    times = _count_here(key, idle)
    if times == 0:
        return None
    at = timezone.now()
    if AuditTally.objects.filter(key=key).update(times=F("times") + times, last_at=at):
        return None
    event = event_of(actor, action, thing, **detail)
    event.address, event.session = address, session
    stored = {name: getattr(event, name) for name in KEPT}
    stored |= {"again": again or action, "idle": idle, "longest": longest}
    try:
        with transaction.atomic():
            AuditTally.objects.create(key=key, values=stored, first_at=at, last_at=at, times=times - 1)
            return write(event)
    except IntegrityError:
        # Another process was first.
        AuditTally.objects.filter(key=key).update(times=F("times") + times, last_at=at)
        return None


def _count_here(key: str, idle: int) -> int:
    """Count once; returns how many are to be written now, 0 where that can wait."""
    now = time.monotonic()
    with _lock:
        known = _known.get(key)
        if known is None or now >= known.until:
            if len(_known) >= MOST_KNOWN:
                _known.clear()
            pending = known.pending if known else 0
            _known[key] = _Counting(until=now + idle, written=now)
            return pending + 1
        known.until, known.pending = now + idle, known.pending + 1
        if now - known.written < WRITTEN_EVERY:
            return 0
        times, known.pending, known.written = known.pending, 0, now
        return times


def _is_one_too_many(action: str) -> bool:
    """Count what strangers do in this minute, so that other addresses make no more rows."""
    minute = int(time.monotonic() // 60)
    with _lock:
        when, count = _strange.get(action, (minute, 0))
        count = count + 1 if when == minute else 1
        _strange[action] = (minute, count)
        return count > MOST_STRANGE


def record_counts(now: datetime.datetime) -> int:
    """Record the counts that are over as events; returns how many events were written."""
    done = 0
    for tally in AuditTally.objects.order_by("pk"):
        values = dict(tally.values)
        idle, longest = (datetime.timedelta(seconds=int(values.pop(name))) for name in ("idle", "longest"))
        if tally.last_at > now - idle and tally.first_at > now - longest:
            continue
        again = values.pop("again")
        with transaction.atomic():
            # Another may be counted meanwhile: the condition makes this a compare-and-delete.
            if not AuditTally.objects.filter(pk=tally.pk, times=tally.times, last_at=tally.last_at).delete()[0]:
                continue
            if tally.times:
                values["detail"] = dict(values["detail"]) | {"times": tally.times, "last": tally.last_at.isoformat()}
                write(AuditEvent(**(values | {"action": again})))
                done += 1
    return done
