"""The gate before every commit point: the stop-all row, locked by all who change what a commit point reads.

Commit points pass it together (a shared lock); a stop-all, an opt-out or a do-not-call import closes it for a moment
(an exclusive lock). So whatever they commit holds from that commit: no commit point that read the old state can still
be open. SQLite needs no lock: BEGIN IMMEDIATE already lets one writer in at a time.
"""

from __future__ import annotations

from django.db import connection

from campaigns.models import DialingSwitch

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
