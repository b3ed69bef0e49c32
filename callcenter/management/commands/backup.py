"""The `backup` command: writes database, storage and the settings' names into one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError, CommandParser

from callcenter.backups import archive, service
from callcenter.commands import PlainCommand
from campaigns.core.refusals import Refusal


class Command(PlainCommand):
    """Works while everything runs; the keys stay out of the file."""

    help = "Write a backup of database and storage into one file; FIELD_KEYS and SECRET_KEY are kept apart from it."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the file, the recipient and the making of a key."""
        parser.add_argument("file", nargs="?", help="where to write it; nothing is overwritten")
        parser.add_argument("--recipient", default="", metavar="age1...", help="encrypt it to this public key of age")
        parser.add_argument("--new-key", action="store_true", help="print a new private key and its recipient, and end")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write it, or print a key."""
        if options["new_key"]:
            identity, recipient = archive.new_key()
            self.stdout.write(f"# recipient: {recipient}\n{identity}")
            self.stderr.write("Keep the private key apart from this machine: without it no such backup can be read.")
            return
        if not options["file"]:
            raise CommandError("Say where to write it: manage.py backup FILE")
        target = Path(options["file"]).absolute()
        try:
            size = service.make(target, options["recipient"])
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        kept = "encrypted" if options["recipient"] else "not encrypted: it holds people's names and numbers"
        self.stdout.write(f"{target}: {size // 1024 + 1} KiB, {kept}.")
        if not service.holds_storage():
            self.stdout.write("Uploads and exports are not in it: the store of STORAGE_URL needs a backup of its own.")
        self.stdout.write("Keep FIELD_KEYS apart from it: without them the vendors' keys in it cannot be read.")
