"""`manage.py make_history`: generates a synthetic history, to try speed and reports."""

from __future__ import annotations

import datetime
import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from callcenter.commands import PlainCommand
from campaigns.history.making import make_history
from campaigns.models import Call, Contact


class Command(PlainCommand):
    """`make_history --contacts 500000 --calls 1000000`: months of campaigns and calls that never took place."""

    help = (
        "Make up months of people, campaigns and calls, to try speed and reports. Its providers are halted and have no "
        "key: nothing of it is ever dialled. There is no way back but another database."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the arguments."""
        parser.add_argument("--contacts", type=int, default=5_000, help="how many people; default 5,000")
        parser.add_argument("--calls", type=int, default=10_000, help="how many calls, about; default 10,000")
        parser.add_argument("--seed", type=int, default=1, help="the same seed and --until make the same past")
        parser.add_argument("--until", default="", help="when it ends, such as 2026-03-01T12:00; default now")
        parser.add_argument(
            "--among-real-calls", action="store_true", help="also on a database that holds calls or people already"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Generate the history; raises CommandError with a sentence if that is not possible."""
        people, calls = options["contacts"], options["calls"]
        if people < 100 or calls < 100:
            raise CommandError("A past needs at least 100 people and 100 calls.")
        if calls > people * 20:
            raise CommandError("That is more than 20 calls a person: give more --contacts.")
        if not options["among_real_calls"] and (Call.objects.exists() or Contact.objects.exists()):
            raise CommandError(
                "This database holds calls or people. Made-up ones cannot be told from them in reports: "
                "use another database, or add --among-real-calls."
            )
        until = self._until(options["until"])
        began = time.monotonic()
        make_history(people, calls, options["seed"], until, self._tell)
        seconds = time.monotonic() - began
        made = Call.objects.count()
        self.stdout.write(self.style.SUCCESS(f"{made:,} calls in {seconds:.0f} s, {made / seconds:,.0f} a second."))

    def _tell(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()

    def _until(self, text: str) -> datetime.datetime:
        if not text:
            return timezone.now().replace(microsecond=0)
        try:
            found = datetime.datetime.fromisoformat(text)
        except ValueError:
            raise CommandError(f"{text} is no time: write it as 2026-03-01T12:00.") from None
        return found if timezone.is_aware(found) else timezone.make_aware(found)
