"""`manage.py export_person`: writes all that is held about one person into a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from campaigns.numbers import understand_number
from campaigns.privacy import held
from campaigns.privacy.finding import person_of_number


class Command(PlainCommand):
    """Writes a zip with a page to read and JSON."""

    help = "Write all that is held about one person into a zip."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the number and the file."""
        parser.add_argument("number", help="in any form, such as +989121234567")
        parser.add_argument("file", type=Path, help="the zip to write; it must not exist")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file, readable by its owner alone."""
        found = understand_number(options["number"], settings.DEFAULT_REGION)
        if not found.e164:
            raise CommandError("This is no phone number.")
        content = held.package(person_of_number(found.e164), None)
        try:
            options["file"].touch(mode=0o600, exist_ok=False)
            options["file"].write_bytes(content)
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}") from None
        self.stdout.write(f"Written: {options['file']}")
