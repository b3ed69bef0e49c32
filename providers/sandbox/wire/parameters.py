"""Reads what requests carry, as every simulated vendor does: a JSON body, times and numbers of a query."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from providers.sandbox.messages import Refused, Reply, Request


def body_of(request: Request, refusal: Reply) -> dict[str, Any]:
    """Return the JSON object of a request; raises `Refused` with this reply where it is none."""
    try:
        found = request.json()
    except ValueError:
        raise Refused(refusal) from None
    if not isinstance(found, dict):
        raise Refused(refusal)
    return found


def moment_in(text: str, default: float, refusal: Reply) -> float:
    """Return an ISO 8601 time of a query as Unix seconds (UTC without a zone); raises `Refused` for anything else."""
    if not text:
        return default
    try:
        # A plus that was not escaped arrives as a space.
        found = datetime.fromisoformat(re.sub(r" (\d\d:?\d\d)$", r"+\1", text) if len(text) > 19 else text)
    except ValueError:
        raise Refused(refusal) from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def whole_number(text: str, default: int) -> int:
    """Return a number from a query; the default for an empty one, -1 for anything else."""
    if not text:
        return default
    return int(text) if text.isascii() and text.isdigit() else -1
