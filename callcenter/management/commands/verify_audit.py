"""The `verify_audit` command: says whether the audit log is whole, or which row was changed, removed, inserted."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandError

from callcenter.audit import verifying
from callcenter.audit.models import record
from callcenter.commands import PlainCommand


class Command(PlainCommand):
    """Chains the newest rows, then verifies all of them; the exit code is 1 where something is not whole."""

    help = "Verify the audit log: every row is as it was written, none was removed, none was inserted."
    is_recorded = False

    def handle(self, *args: Any, **options: Any) -> None:
        """Verify and print; raises CommandError with what to do where something is not whole."""
        report = verifying.verify_all()
        verifying.note_verified(report)
        record(None, "audit.verified", None, rows=report.rows, faults=len(report.faults))
        for sentence in verifying.sentences(report):
            self.stdout.write(sentence)
        if not report.is_whole:
            raise CommandError(
                "The audit log is not whole. Keep the database as it is, compare it with the newest backup, and find"
                " out who can write to it."
            )
