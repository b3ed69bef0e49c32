"""Stop-all, and the gate: a lock on one row that every commit point shares and every change of its rules excludes.

While stop-all is pressed no commit point passes. Commit points take the row's lock shared, so they run side by side;
stop-all and all additions to the do-not-call list take it exclusively. When one of those commits, no transaction that
read the old state is still open, so it holds from its commit on. SQLite needs no row lock: BEGIN IMMEDIATE admits one
writer at a time.
"""

from __future__ import annotations

from typing import NamedTuple

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.db.models.expressions import BaseExpression
from django.utils import timezone

from callcenter.audit.models import record
from campaigns.core import stop_requests
from campaigns.models import DialingSwitch
from campaigns.reasons import MAX_REASON

Actor = AbstractBaseUser | AnonymousUser

SWITCH_ID = 1


class Gate(NamedTuple):
    """What a commit point reads when it passes the gate."""

    is_open: bool
    """Whether calling is allowed (no stop-all)."""
    settings_mark: int = 0
    """The state of the installation's settings; see `installation.at_mark`."""


def pass_gate() -> Gate:
    """Take the gate's shared lock until the transaction ends."""
    table = DialingSwitch._meta.db_table
    lock = " FOR SHARE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT stopped_at, settings_mark FROM {table} WHERE id = %s{lock}", [SWITCH_ID])  # noqa: S608
        row = cursor.fetchone()
    # Without the row nothing was locked, so calling is not allowed.
    return Gate(row is not None and row[0] is None, row[1] if row else 0)


def close_gate() -> DialingSwitch:
    """Take the gate's exclusive lock until the transaction ends; returns the stop-all row, created if missing."""
    DialingSwitch.objects.get_or_create(pk=SWITCH_ID)
    return DialingSwitch.objects.select_for_update().get(pk=SWITCH_ID)


def press_stop_all(person: Actor, reason: str = "") -> stop_requests.Stops | None:
    """Stop all calls from this commit on, and ask vendors to leave what waits there.

    Returns the calls that are live; None, and nothing changes, if stop-all was pressed already.
    """
    with transaction.atomic(durable=True):
        switch = close_gate()
        if switch.stopped_at is not None:
            return None
        switch.stopped_at = timezone.now()
        switch.stopped_by_id = person.pk
        switch.reason = reason.strip()[:MAX_REASON]
        switch.save()
        stops = stop_requests.for_all(switch.stopped_at, person.pk)
        record(person, "stop_all.pressed", switch, reason=switch.reason, asked=stops.asked, out=stops.out)
    return stops


def release_stop_all(person: Actor) -> bool:
    """Allow calls again; returns False if they were allowed already."""
    with transaction.atomic(durable=True):
        switch = close_gate()
        if switch.stopped_at is None:
            return False
        pressed_at = switch.stopped_at
        switch.stopped_at, switch.stopped_by, switch.reason = None, None, ""
        switch.save()
        stop_requests.drop(stop_requests.Cause.STOP_ALL, timezone.now())
        record(person, "stop_all.released", switch, pressed_at=pressed_at.isoformat())
    return True


def retire(using: str, reason: str) -> None:
    """Press stop-all in a database (by its alias) whose place another has taken; the caller has opened a transaction.

    Where it is pressed already, nothing changes.
    """
    switches = DialingSwitch.objects.using(using)
    switches.get_or_create(pk=SWITCH_ID)
    pressed = {"stopped_at": timezone.now(), "stopped_by": None, "reason": reason[:MAX_REASON]}
    switches.filter(pk=SWITCH_ID, stopped_at=None).update(**pressed)


def switch_now(**beside: BaseExpression) -> DialingSwitch:
    """Return the stop-all row; if there is none yet, an unsaved one that is not pressed.

    `beside` is read in the same statement, and stands on the row under its names; an unsaved row lacks it.
    """
    rows = DialingSwitch.objects.select_related("stopped_by").annotate(**beside)
    return rows.filter(pk=SWITCH_ID).first() or DialingSwitch(pk=SWITCH_ID)


def is_stopped() -> bool:
    """Tell whether stop-all is pressed."""
    return switch_now().stopped_at is not None
