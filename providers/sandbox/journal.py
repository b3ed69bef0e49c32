"""The journal: every accepted order as one JSON line, written before the vendor answers; tests compare with it."""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any, NotRequired, TypedDict


class JournalEntry(TypedDict):
    """One accepted order; `rings` also counts the vendor's own redials."""

    at: float
    vendor: str
    account: str
    remote_id: str
    to_number: str
    reference: str
    agent_id: str
    caller_id: str
    rings: int
    variables: NotRequired[dict[str, Any]]
    extra: NotRequired[dict[str, Any]]
    """What else the vendor's wire keeps of the order; with it, a simulator that starts anew still knows the call."""


class Journal:
    """Appends accepted orders to a file; without a path it only counts them."""

    def __init__(self, path: str | Path | None = None) -> None:
        self.path = Path(path) if path else None
        # One write to a descriptor opened with O_APPEND is atomic and in order, so no lock is needed.
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        self._descriptor = os.open(self.path, flags, 0o600) if self.path else -1
        self.by_vendor: Counter[str] = Counter()
        self.by_number: Counter[str] = Counter()

    def append(self, entry: JournalEntry) -> None:
        """Write one entry to the operating system, unbuffered, so that a killed process loses nothing."""
        if self._descriptor >= 0:
            os.write(self._descriptor, json.dumps(entry).encode() + b"\n")
        self.by_vendor[entry["vendor"]] += 1
        self.by_number[entry["to_number"]] += 1

    def counts(self) -> dict[str, Any]:
        """Return how many dials there were, by vendor, and to how many numbers more than one."""
        return {
            "accepted": sum(self.by_vendor.values()),
            "by_vendor": dict(self.by_vendor),
            "numbers": len(self.by_number),
            "numbers_dialled_more_than_once": sum(1 for count in list(self.by_number.values()) if count > 1),
        }

    def clear(self) -> None:
        """Forget everything and empty the file."""
        self.by_vendor.clear()
        self.by_number.clear()
        if self._descriptor >= 0:
            os.ftruncate(self._descriptor, 0)

    def close(self) -> None:
        """Close the file; appending ends here."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_journal(path: str | Path) -> list[JournalEntry]:
    """Return every whole line of a journal; a last line cut off by a kill is left out."""
    entries: list[JournalEntry] = []
    for line in Path(path).read_bytes().splitlines(keepends=True):
        if line.endswith(b"\n"):
            entries.append(json.loads(line))
    return entries
