"""Turns: a long import or export lets one go first that has not begun yet, so that a short one never waits for it.

Both are done a slice at a time, in the processes that dialling leaves free; whoever has got least far goes next.
"""

from __future__ import annotations

import time

from campaigns.models import CallExport, ContactImport

OWN_SECONDS = 3.0
"""Seconds for which a slice works before it lets others go first."""


def somebody_waits() -> bool:
    """Return whether an import or export waits for its first turn."""
    if CallExport.objects.filter(state=CallExport.State.WAITING).exists():
        return True
    return ContactImport.objects.filter(status=ContactImport.Status.SAVING, done_rows=0).exists()


class Turn:
    """One slice's turn: tells when it should end, for its time is up or another has not begun yet."""

    def __init__(self, seconds: float) -> None:
        self._began = time.monotonic()
        self._seconds = seconds

    @property
    def took(self) -> float:
        """Seconds since the slice began."""
        return time.monotonic() - self._began

    def is_over(self) -> bool:
        """Return whether the slice should leave off now; asks the database only after `OWN_SECONDS`."""
        return self.took > self._seconds or (self.took > OWN_SECONDS and somebody_waits())
