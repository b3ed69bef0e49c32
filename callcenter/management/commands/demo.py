"""The `demo` command: creates the demo's data."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from callcenter.demo import LOGINS, lay_out, real_data, simulator
from callcenter.demo_history import lay_out_history
from callcenter.supervision import ProcessGroup


class Command(PlainCommand):
    """Creates log-ins, providers, people and a campaign; idempotent."""

    is_recorded = False
    help = "Lay out the demo: three log-ins, five providers at the simulator, people and a campaign ready to launch."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the option."""
        parser.add_argument(
            "--history", action="store_true", help="also lay out four weeks of calls with what they found out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Create the data; a simulator runs meanwhile, started here unless one runs already."""
        if not (settings.DEMO and settings.DEBUG):
            raise CommandError("The demo is for development only: set DEMO=on and DEBUG=on in .env.")
        if found := real_data():
            raise CommandError(f"{found} The demo is not laid out here: set DEMO=off in {settings.ENV_FILE.name}.")
        group = ProcessGroup(settings.BASE_DIR, self.stdout.write)
        with group.ending_with_us():
            simulator(group)
            for sentence in lay_out():
                self.stdout.write(sentence)
            if options["history"]:
                self.stdout.write(lay_out_history())
        if options["verbosity"] > 0:
            for login in LOGINS:
                self.stdout.write(f"Log in as {login.username}, password {login.password}: {login.who}.")
