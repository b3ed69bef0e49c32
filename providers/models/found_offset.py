"""The zone of a vendor's times, found from calls whose rows are certainly ours; an admin's own value still wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

OVERTURNED_BY = 3
"""So many calls in a row with another zone replace the one that was found: one may have been created late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundZone:
    """The zone that a vendor's times are read in; `offset` is empty while it is not known."""

    offset: str = ""
    is_set: bool = False
    """Whether an admin set it."""
    calls: int = 0
    at: datetime | None = None

    @classmethod
    def of(cls, found: Mapping[str, Any], own: str) -> FoundZone:
        """Return the zone from what was found and an admin's own value, which wins."""
        if own:
            return cls(offset=own, is_set=True)
        at = found.get("at")
        return cls(
            offset=str(found.get("offset") or ""),
            calls=int(found.get("calls") or 0),
            at=datetime.fromisoformat(at) if at else None,
        )


def weighed(found: Mapping[str, Any], offset: str, at: datetime) -> dict[str, Any]:
    """Return what is kept after one more call showed `offset`: zone, number of calls, time of the last; pure."""
    if not found.get("offset") or found["offset"] == offset:
        return {"offset": offset, "calls": int(found.get("calls") or 0) + 1, "at": at.isoformat()}
    against = int(found.get("against_calls") or 0) + 1 if found.get("against") == offset else 1
    if against >= OVERTURNED_BY:
        return {"offset": offset, "calls": against, "at": at.isoformat()}
    return {**found, "against": offset, "against_calls": against}
