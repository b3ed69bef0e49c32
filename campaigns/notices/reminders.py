"""Reminders of calls that were given to a person: told once when they are due, to whoever has them then."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from django.db.models import Exists, OuterRef

from campaigns.models import HandOver, Notice
from campaigns.notices import inbox, kinds
from campaigns.notices.concerned import Cause

MOST_A_RUN = 500
OPEN = HandOver.State.OPEN


def given(hand_over: HandOver) -> Cause:
    """Return what the person is told whom a call was given to; given to another, that one is told."""
    return Cause(
        kind=kinds.GIVEN,
        object_type="hand_over",
        object_id=hand_over.call_id,
        key=f"given:{hand_over.pk}:{hand_over.given_at.timestamp():.0f}",
        actor=hand_over.given_by_id,
    )


def remind(now: datetime.datetime) -> int:
    """Tell of calls that are due and still open, and end the notices of those that are not; returns how many."""
    _end_done(now)
    # Whoever gets it later, after another had it, is reminded too.
    told = Notice.objects.filter(
        kind=kinds.GIVEN_DUE, user=OuterRef("person"), object_id=OuterRef("call"), at__gte=OuterRef("given_at")
    )
    due = HandOver.objects.filter(~Exists(told), state=OPEN, due_at__lte=now, person__is_active=True)
    found = list(due.order_by("due_at", "pk")[:MOST_A_RUN])
    if found:
        inbox.tell([_due(one) for one in found], now)
    return len(found)


def _due(hand_over: HandOver) -> Cause:
    return Cause(
        kind=kinds.GIVEN_DUE,
        object_type="hand_over",
        object_id=hand_over.call_id,
        key=f"due:{hand_over.pk}:{hand_over.given_at.timestamp():.0f}",
    )


def _end_done(now: datetime.datetime) -> None:
    standing = Notice.objects.filter(kind__in=[kinds.GIVEN, kinds.GIVEN_DUE], read_at__isnull=True)
    told = list(standing.values_list("user", "object_id")[: MOST_A_RUN * 2])
    if not told:
        return
    open_ones = HandOver.objects.filter(call__in={call for _user, call in told}, state=OPEN)
    theirs: set[tuple[int | None, int]] = set(open_ones.values_list("person", "call"))
    for user, call in _over(told, theirs):
        standing.filter(user=user, object_id=call).update(read_at=now)


def _over(told: Iterable[tuple[int, int]], theirs: set[tuple[int | None, int]]) -> set[tuple[int, int]]:
    return {one for one in told if one not in theirs}
