"""Before and after of a change, as an event's detail: numbers, times, limits, prices, choices; no secret."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

SECRET = re.compile(r"passw|secret|credential|token|(^|_)keys?($|_)", re.IGNORECASE)
"""Names of columns of which only that they changed is kept."""


def changes(
    before: Mapping[str, Any], after: Mapping[str, Any], *, but: Collection[str] = ()
) -> dict[str, dict[str, dict[str, Any]]]:
    """Return `{"changes": {column: {"from": ..., "to": ...}}}` of what differs and may be kept; else an empty dict.

    `but` are columns whose values are about a contact: an audit log cannot forget, and a contact may ask to be erased.
    """
    found = {
        name: {"from": before.get(name), "to": value}
        for name, value in after.items()
        if before.get(name) != value and name not in but and not SECRET.search(name)
    }
    return {"changes": found} if found else {}
