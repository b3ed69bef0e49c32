"""What this host remembers of the chain outside of the database: rows taken from its end are missed by it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of the chain as this host sealed it."""

    seq: int
    digest: str
    at: str
    """When, in ISO format."""


def read() -> Head | None:
    """Return what this host remembers; None where it never sealed, or remembers nothing."""
    path: Path | None = settings.AUDIT_HEAD_FILE
    if path is None:
        return None
    try:
        found = json.loads(path.read_text())
        return Head(int(found["seq"]), str(found["digest"]), str(found["at"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(head: Head) -> None:
    """Remember a head; a disk that takes no file loses only this memory, not the log."""
    path: Path | None = settings.AUDIT_HEAD_FILE
    if path is None:
        return
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as target:
            json.dump(asdict(head), target)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
