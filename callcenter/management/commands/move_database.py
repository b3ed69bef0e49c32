"""The `move_database` command: moves an installation from SQLite to PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from callcenter.moving.move import move
from campaigns.core.refusals import Refusal


class Command(PlainCommand):
    """`move_database postgres://user@host/name`: docs/move.md has the steps before and after."""

    help = (
        "Copy everything from SQLite to an empty PostgreSQL database, and compare both. Stop web and worker first. A"
        " move that is broken off leaves the target empty: run it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Define the target, and the source where it is not the present database."""
        parser.add_argument(
            "target", metavar="URL", help="postgres://user:password@host:5432/name; or the password in PGPASSWORD"
        )
        parser.add_argument("--source", metavar="FILE", default="", help="the SQLite file; default: DATABASE_URL's")

    def handle(self, *args: Any, **options: Any) -> None:
        """Move, and print what came of it and what to do next; raises CommandError with a sentence."""
        try:
            moved = move(self.source(options["source"]), options["target"], self.tell)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        self.stdout.write(
            f"Moved {moved.rows:,} rows of {moved.tables} tables to {moved.target} in {moved.seconds:.0f} s. Numbers of"
            f" rows and sums of all columns are equal, and so are {moved.compared:,} rows read value by value."
        )
        self.stdout.write(
            "Left behind: log-in sessions (everybody logs in anew), messages of the queue and results of old tasks.\n"
            "Next: set DATABASE_URL to the new address on every host, keep FIELD_KEYS and the files below VAR_DIR as"
            " they are, start web and worker, run `manage.py doctor`.\n"
            "The SQLite file is kept. Stop-all is pressed in it, so that nothing is dialled from both."
        )

    def tell(self, sentence: str) -> None:
        """Print progress at once."""
        self.stdout.write(sentence)
        self.stdout.flush()

    def source(self, named: str) -> Path:
        """Return the file to read; raises CommandError where the present database is none and no file is named."""
        if named:
            return Path(named).absolute()
        present = settings.DATABASES["default"]
        if present["ENGINE"] != "django.db.backends.sqlite3":
            raise CommandError("DATABASE_URL is no SQLite file. Name the file to move with --source.")
        return Path(present["NAME"]).absolute()
