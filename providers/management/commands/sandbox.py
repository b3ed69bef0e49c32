"""The `sandbox` command: runs the vendor simulator."""

from __future__ import annotations

import signal
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError, CommandParser

from callcenter.commands import PlainCommand
from providers.sandbox.server import SandboxServer


class Command(PlainCommand):
    """Serves the simulator of the five vendors on one port until SIGTERM or SIGINT; needs no database."""

    is_recorded = False
    help = "Runs the five vendors' simulator for the demo, tests and benchmarks. No real call is made."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the options."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
        parser.add_argument("--port", type=int, default=8100, help="port to listen on")
        parser.add_argument("--speed", type=float, default=1.0, help="how many times as fast as usual calls run")
        parser.add_argument("--delay-ms", type=int, default=0, help="milliseconds that every answer takes longer")
        parser.add_argument("--journal", default=None, help="file that every accepted dial is appended to")
        parser.add_argument("--no-limits", action="store_true", help="leave out rate and line limits")
        parser.add_argument("--allow-production", action="store_true", help="run although DEBUG is off")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until SIGTERM or SIGINT."""
        if not settings.DEBUG and not options["allow_production"]:
            raise CommandError("The sandbox makes no real calls. With DEBUG off it runs only with --allow-production.")
        if options["speed"] <= 0 or options["delay_ms"] < 0:
            raise CommandError("--speed must be above 0, --delay-ms not below it.")
        address = f"{options['host']}:{options['port']}"
        try:
            server = SandboxServer(
                host=options["host"],
                port=options["port"],
                speed=options["speed"],
                delay_ms=options["delay_ms"],
                journal=options["journal"],
                limits=not options["no_limits"],
            )
        except OSError as error:
            if error.filename is not None:
                raise
            raise CommandError(f"The sandbox cannot start on {address}: {error.strerror or error}.") from error

        def end(_signal: int, _frame: object) -> None:
            server.end_soon()

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        self.stdout.write(f"Sandbox ready on {server.origin}")
        self.stdout.flush()
        server.serve()
        server.stop()
        self.stdout.write("Sandbox ended")
