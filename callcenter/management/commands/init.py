"""The `init` command: writes the .env of a development machine or of the demo, and makes keys."""

from __future__ import annotations

import errno
import os
import secrets
from typing import Any

from cryptography.fernet import Fernet
from django.conf import settings
from django.core.management.base import CommandParser

from callcenter.commands import PlainCommand

TEMPLATE = """\
# Written by `manage.py init` for development on this machine. Every setting: see .env.example.
# Keep a copy of FIELD_KEYS: without it the stored vendor keys cannot be read.
SECRET_KEY={secret_key}
FIELD_KEYS={field_key}
ALLOWED_HOSTS=localhost,127.0.0.1,[::1]
DEBUG=on
"""
DEMO = """\
DEMO=on
# The demo shall call at any hour.
SINGLE_CALL_HOURS=00:00-00:00
"""
PRODUCTION = """\
# Made by `manage.py init --print-production`. Keep a copy of FIELD_KEYS apart from the backups.
SECRET_KEY={secret_key}
FIELD_KEYS={field_key}
DATABASE_PASSWORD={password}
"""


def new_field_key() -> str:
    """Return a new Fernet key for FIELD_KEYS."""
    return Fernet.generate_key().decode()


class Command(PlainCommand):
    """Writes .env with new keys; an existing file is kept."""

    is_recorded = False
    help = "Write a development .env with fresh keys; an existing one is never changed."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        """Add `--demo`, and what only prints: a key for a rotation, the secrets of a production .env."""
        which = parser.add_mutually_exclusive_group()
        which.add_argument("--demo", action="store_true", help="write it for the demo, with a simulator and its people")
        which.add_argument("--print-key", action="store_true", help="only print a fresh key for FIELD_KEYS")
        which.add_argument(
            "--print-production", action="store_true", help="only print fresh secrets, as lines of a production .env"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file, readable by its owner only."""
        secrets_made = {
            "secret_key": secrets.token_urlsafe(60),
            "field_key": new_field_key(),
            "password": secrets.token_urlsafe(30),
        }
        if options["print_key"]:
            self.stdout.write(new_field_key())
            return
        if options["print_production"]:
            self.stdout.write(PRODUCTION.format_map(secrets_made), ending="")
            return
        path = settings.ENV_FILE
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            if path.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path)) from None
            self.stdout.write(f"{path.name} is there already and stays as it is.")
            return
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write((TEMPLATE + (DEMO if options["demo"] else "")).format_map(secrets_made))
        except OSError as error:
            # Half a file would be taken for a whole one by the next start.
            path.unlink(missing_ok=True)
            raise OSError(error.errno, error.strerror, str(path)) from error
        self.stdout.write(f"Wrote {path.name} with fresh keys, for {'the demo' if options['demo'] else 'development'}.")
