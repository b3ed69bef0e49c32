"""The `restore` command: puts a backup in the place of what is here, and freezes calling."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from callcenter.backups import service
from callcenter.commands import PlainCommand
from campaigns.core.refusals import Refusal


class Command(PlainCommand):
    """Runs while worker and web server are stopped; a file that is not whole changes nothing."""

    help = "Put a backup back, and freeze calling until the vendors' lists of calls were compared."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, the key and `--force`."""
        parser.add_argument("file", help="what `manage.py backup` wrote")
        parser.add_argument("--identity", metavar="FILE", help="the file with the private key, for an encrypted backup")
        parser.add_argument("--force", action="store_true", help="restore although something seems alive")

    def handle(self, *args: Any, **options: Any) -> None:
        """Restore, and say what was lost and what is frozen."""
        identity = Path(options["identity"]) if options["identity"] else None
        try:
            done = service.put_back(Path(options["file"]), identity, is_forced=options["force"])
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        now = timezone.now()
        self.stdout.write(f"The backup of {done.made_at:%Y-%m-%d %H:%M} UTC is in place, with {done.calls} calls.")
        if done.newest_call_at:
            age = _words(int((now - done.newest_call_at).total_seconds()))
            self.stdout.write(f"Its newest call left at {done.newest_call_at:%Y-%m-%d %H:%M:%S} UTC, {age} ago.")
        else:
            self.stdout.write("No call had left when it was made.")
        lost = _words(int((now - done.made_at).total_seconds()))
        self.stdout.write(f"What was changed in the {lost} since it was made is lost, but for calls that vendors list.")
        for provider in done.frozen:
            self.stdout.write(f"{provider.name} is frozen. {provider.frozen_step}")
        self.stdout.write(f"What was here before is in {done.aside}: remove it when all is well. Start the worker now.")


def _words(seconds: int) -> str:
    """Return a time span in words."""
    for size, word in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return "moments"
