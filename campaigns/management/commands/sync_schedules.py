"""`manage.py sync_schedules`: makes the stored schedules equal to the declared ones."""

from __future__ import annotations

from typing import Any

from callcenter.commands import PlainCommand
from campaigns.schedules import sync_schedules


class Command(PlainCommand):
    """Run on deployment; the worker does the same at its start."""

    is_recorded = False
    help = "Make the stored schedules equal to the declared ones."

    def handle(self, *args: Any, **options: Any) -> None:
        """Synchronise the schedules, and print how many there are."""
        self.stdout.write(f"{sync_schedules()} schedules are in place.")
