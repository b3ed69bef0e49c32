"""`manage.py erase_person`: erases one person for good."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from campaigns.core.refusals import Refusal
from campaigns.numbers import understand_number
from campaigns.privacy import erasure


class Command(PlainCommand):
    """Erases whom a number belongs to, as the page does; waits for a live call."""

    help = "Erase a person for good: names, numbers, notes, transcripts, files. An opt-out is kept as a keyed hash."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the number and the reason."""
        parser.add_argument("number", help="in any form, such as +989121234567")
        parser.add_argument("--reason", required=True, help="why; write no name or number")

    def handle(self, *args: Any, **options: Any) -> None:
        """Erase, and print what is left to do by hand."""
        found = understand_number(options["number"], settings.DEFAULT_REGION)
        if not found.e164:
            raise CommandError("This is no phone number.")
        try:
            done = erasure.ask(None, options["reason"], number=found.e164)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        if done.done_at is None:
            self.stdout.write("A call to this person is not over. The worker erases them as soon as it is.")
            return
        self.stdout.write(
            "Erased: " + ", ".join(f"{rows} {name}" for name, rows in sorted(done.counts.items()) if rows)
        )
        for what, name, ids in done.tasks:
            if what == "backups":
                self.stdout.write("Backups made before hold this person until they are deleted.")
            else:
                self.stdout.write(f"Ask {name} to delete its records of {len(ids)} calls: {', '.join(ids)}")
