"""Writes the steps of calls: who or what, when, from, to, why."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from campaigns.models import CallEvent
from campaigns.services.bulk import insert_rows

Source = CallEvent.Source
_COLUMNS = ("call", "at", "source", "actor", "from_status", "to_status", "code", "detail")


def step(
    call_id: int,
    code: str,
    *,
    at: datetime.datetime,
    source: str = Source.SYSTEM,
    from_status: str = "",
    to_status: str = "",
    detail: str = "",
    actor_id: int | None = None,
) -> CallEvent:
    """Return one step, not yet written; `detail` must hold no secret and no full number."""
    return CallEvent(
        call_id=call_id,
        code=code,
        at=at,
        source=source,
        from_status=from_status,
        to_status=to_status,
        detail=detail[:300],
        actor_id=actor_id,
    )


def write_steps(steps: Iterable[CallEvent]) -> None:
    """Write many steps in one statement, in the caller's transaction."""
    rows = [
        (one.call_id, one.at, one.source, one.actor_id, one.from_status, one.to_status, one.code, one.detail)
        for one in steps
    ]
    insert_rows(CallEvent, _COLUMNS, rows)
