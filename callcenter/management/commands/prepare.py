"""The `prepare` command: brings database and static files to this version, before web server and worker start."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.db import OperationalError

from callcenter import private_files
from callcenter.commands import PlainCommand
from callcenter.diagnosis import people


class Command(PlainCommand):
    """Migrates, collects the static files and tells how the first admin is created; idempotent."""

    is_recorded = False
    help = "Bring database and static files to this version; says how to create the first admin where there is none."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how commands are run here, for the line that is printed."""
        parser.add_argument(
            "--run-with", default="manage.py", metavar="WORDS", help="how commands are run here (default: manage.py)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare; raises CommandError with the next step where the database cannot be used."""
        quiet = {"interactive": False, "verbosity": options["verbosity"], "stdout": self.stdout}
        try:
            call_command("migrate", **quiet)
        except OperationalError as error:
            # The error's own text may carry the address with its password.
            raise CommandError(
                f"The database cannot be used ({type(error).__name__}). Is it running, and do DATABASE_URL or"
                " DATABASE_HOST and DATABASE_PASSWORD fit it? PostgreSQL keeps the password of its first start."
            ) from None
        if not settings.DEBUG:
            call_command("collectstatic", **quiet)
        # Those of versions before, which others could read.
        private_files.tighten(private_files.everything(settings.VAR_DIR, settings.PRIVATE_FILES, settings.STATIC_ROOT))
        if options["verbosity"] > 0:
            self.stdout.write("Database and static files are up to date.")
        # A demo brings its own.
        if not settings.DEMO and any(finding.level == "problem" for finding in people()):
            self.stdout.write(
                f"Nobody can log in as an admin yet. Create one:\n\n    {options['run_with']} createsuperuser\n"
            )
