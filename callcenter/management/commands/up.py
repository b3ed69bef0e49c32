"""The `up` command: runs web server, worker and, in a demo, the simulator; keeps the worker; ends them together."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.db import connections

from callcenter import sqlite_files
from callcenter.commands import PlainCommand
from callcenter.demo import LOGINS, have_news_sent, simulator
from callcenter.supervision import ProcessGroup, Program, manage, port_is_taken, wait_for_port, web_server


class Command(PlainCommand):
    """Runs the processes as children of this one."""

    is_recorded = False
    help = "Start the web server, the worker and, in demo mode, the simulator; Ctrl-C ends them all."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the address to listen on."""
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        parser.add_argument("--demo", action="store_true", help="start only where the settings say that this is a demo")

    def handle(self, *args: Any, **options: Any) -> None:
        """Check the ports, migrate, start the processes, and wait for a signal or for a child that exits."""
        host = str(options["host"])
        if options["demo"] and not settings.DEMO:
            raise CommandError(
                f"{settings.ENV_FILE.name} is not a demo's (DEMO is off), and the demo does not touch its data. Use"
                " `make up`, or another file and folder: make demo VAR_DIR=var/demo ENV_FILE=var/demo/env"
            )
        self.refuse_taken_ports(host)
        group = ProcessGroup(settings.BASE_DIR, self.stdout.write)
        with group.ending_with_us():
            self.prepare(group)
            if group.asked_to_end:
                return
            connections.close_all()
            web = group.start(web_server(host, settings.WEB_PORT))
            group.start(Program("worker", manage("worker"), is_kept=True))
            if wait_for_port(settings.WEB_PORT, host, seconds=30, child=web):
                if settings.DEMO:
                    have_news_sent(f"http://127.0.0.1:{settings.WEB_PORT}")
                self.say_where()
            died = group.watch()
            if died:
                code = died.process.returncode
                raise CommandError(f"{died.name} ended by itself (code {code}); its last lines stand above. All ended.")
            self.stdout.write("Ending...")
        if path := sqlite_files.file_of(settings.DATABASES["default"]):
            sqlite_files.finish(path)
        self.stdout.write("Everything has ended.")

    def refuse_taken_ports(self, host: str) -> None:
        """Raise CommandError naming a port that another process listens on."""
        wanted = [("WEB_PORT", settings.WEB_PORT, host)]
        if settings.DEMO:
            sandbox = urlsplit(settings.SANDBOX_ORIGIN)
            wanted.append(("SANDBOX_PORT", sandbox.port or 80, sandbox.hostname or "127.0.0.1"))
        for name, port, address in wanted:
            if port_is_taken(port, address):
                raise CommandError(
                    f"Port {port} is taken: something else runs there, perhaps an earlier start of this."
                    f" End it, or choose another: {name}={port + 1} make demo"
                )

    def prepare(self, group: ProcessGroup) -> None:
        """Prepare database and static files; in demo mode start the simulator and create the demo's data."""
        call_command("prepare", stdout=self.stdout, verbosity=0)
        if settings.DEMO:
            simulator(group)
            call_command("demo", "--history", stdout=self.stdout, verbosity=0)

    def say_where(self) -> None:
        """Print the address and, in demo mode, the log-ins."""
        lines = ["", f"  Callcenter runs at http://localhost:{settings.WEB_PORT}/"]
        if settings.DEMO:
            lines += ["", "  Log in as    password           who that is"]
            lines += [f"  {login.username:<12} {login.password:<18} {login.who}" for login in LOGINS]
            lines += ["", f"  Nobody's phone rings: all calls go to the simulator at {settings.SANDBOX_ORIGIN}/"]
        self.stdout.write("\n".join([*lines, "  Ctrl-C ends everything.", ""]))
