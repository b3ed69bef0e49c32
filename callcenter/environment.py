"""The reading of settings: from the environment, from files that it names, and from .env."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values
from environ.fileaware_mapping import FileAwareMapping


class Values(FileAwareMapping):  # type: ignore[misc] # it has no types
    """The environment; `NAME_FILE` names a file that holds the value of `NAME`."""

    def __getitem__(self, name: str) -> str:
        """Return a value without the line break at its end, which editors and `echo` add to files."""
        return str(super().__getitem__(name)).rstrip("\r\n")


class Environment(environ.FileAwareEnv):  # type: ignore[misc] # it has no types
    """Reads settings as they are: a value that begins with $ is a password and not the name of another setting."""

    ENVIRON = Values()

    def get_value(self, var: str, cast: Any = None, default: Any = environ.Env.NOTSET, **options: Any) -> Any:
        """Return a setting; raises ImproperlyConfigured where it is missing and has no default."""
        found = self.ENVIRON.get(var, "")
        if found.startswith("$"):
            return self.parse_value(found, cast)
        return super().get_value(var, cast, default, **options)

    def whole(self, name: str, default: int, *, why: str) -> int:
        """Return a whole number of 1 or more; raises ImproperlyConfigured, saying why, for a smaller one."""
        found = int(self.int(name, default))
        if found < 1:
            raise ImproperlyConfigured(f"{name} must be 1 or more: {why}.")
        return found


def read_file(path: Path) -> None:
    """Take over the settings of a file; what the environment sets already wins.

    Quotes and comments mean what they mean to compose, which reads the same file: a value in single quotes is taken
    literally, with a single quote inside written as \\'. Of two lines with one name the later one counts.
    """
    for name, value in dotenv_values(path, interpolate=False).items():
        os.environ.setdefault(name, value or "")
