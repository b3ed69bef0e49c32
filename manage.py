#!/usr/bin/env python
"""Runs Callcenter's commands."""

import os
import sys


def main() -> None:
    """Hand the command line to Django."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callcenter.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # The settings say what is missing; where they were read says nothing more.
        sys.exit(str(error))


if __name__ == "__main__":
    main()
