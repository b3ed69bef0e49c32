"""Stop-all, and the gate before every commit point: one row, locked by all who change what a commit point reads.

While stop-all is pressed no commit point passes. Commit points pass the gate together (a shared lock); a stop-all, an
opt-out or a do-not-call import closes it for a moment (an exclusive lock). So whatever they commit holds from that
commit: no commit point that read the old state can still be open. SQLite needs no lock: BEGIN IMMEDIATE already lets
one writer in at a time.
"""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import connection, transaction
from django.utils import timezone

from callcenter.audit.models import record
from campaigns.models import DialingSwitch

Actor = AbstractBaseUser | AnonymousUser

SWITCH_ID = 1


def pass_gate() -> bool:
    """Take the shared lock for the rest of the transaction; returns whether dialling is allowed at all."""
    table = DialingSwitch._meta.db_table
    lock = " FOR SHARE" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT stopped_at FROM {table} WHERE id = %s{lock}", [SWITCH_ID])  # noqa: S608
        row = cursor.fetchone()
    # No row means that nobody made the gate yet: what cannot be read is a no.
    return row is not None and row[0] is None


def close_gate() -> DialingSwitch:
    """Take the exclusive lock for the rest of the transaction; returns the stop-all row, made where it is missing."""
    DialingSwitch.objects.get_or_create(pk=SWITCH_ID)
    return DialingSwitch.objects.select_for_update().get(pk=SWITCH_ID)


def press_stop_all(person: Actor, reason: str = "") -> bool:
    """Stop all calls from this commit on; returns False where somebody had already pressed it (that press stands)."""
    with transaction.atomic(durable=True):
        switch = close_gate()
        if switch.stopped_at is not None:
            return False
        switch.stopped_at = timezone.now()
        switch.stopped_by_id = person.pk
        switch.reason = reason.strip()[:300]
        switch.save()
        record(person, "stop_all.pressed", switch, reason=switch.reason)
    return True


def release_stop_all(person: Actor) -> bool:
    """Let calls pass again; returns False where they already may."""
    with transaction.atomic(durable=True):
        switch = close_gate()
        if switch.stopped_at is None:
            return False
        pressed_at = switch.stopped_at
        switch.stopped_at, switch.stopped_by, switch.reason = None, None, ""
        switch.save()
        record(person, "stop_all.released", switch, pressed_at=pressed_at.isoformat())
    return True


def switch_now() -> DialingSwitch:
    """Return the switch as it stands; where nobody made the row yet, one that is not pressed and not stored."""
    return DialingSwitch.objects.select_related("stopped_by").filter(pk=SWITCH_ID).first() or DialingSwitch(
        pk=SWITCH_ID
    )


def is_stopped() -> bool:
    """Tell whether stop-all is pressed."""
    return switch_now().stopped_at is not None
