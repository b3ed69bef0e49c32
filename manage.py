#!/usr/bin/env python
"""Runs Callcenter's commands."""

import os
import sys

STOCK_COMMANDS = frozenset({"changepassword", "createsuperuser", "dbshell", "flush", "loaddata", "shell"})
"""Django's own commands that reach what is guarded on the screens; that they are run is recorded before they begin."""


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcenter.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        if len(sys.argv) > 1 and sys.argv[1] in STOCK_COMMANDS:
            import django

            django.setup()
            from callcenter.audit.at_the_server import record_stock

            record_stock(sys.argv[1])
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # The settings say what is missing; where they were read says nothing more.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
