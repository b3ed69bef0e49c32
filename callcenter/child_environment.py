"""The environment of programs that are not ours: without our keys, which others on the machine might read there."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

KEPT = re.compile(r"PATH|HOME|LANG|LC_\w+|TMPDIR|TZ|PG\w+|SSL_\w+|LD_LIBRARY_PATH|SYSTEMROOT")


def plain_environment(given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return what such a program needs of our environment, and what is given to it."""
    return {name: value for name, value in os.environ.items() if KEPT.fullmatch(name)} | dict(given or {})
