"""Call events: the history of a call, one row for each step (source, time, from, to, code, detail)."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import connection

from campaigns.core.sql.bulk import insert_rows
from campaigns.models import CallEvent
from campaigns.reasons import MAX_REASON

Source = CallEvent.Source


class Step(NamedTuple):
    """One event that is not written yet; a plain tuple, because there are several for each call."""

    call: int
    at: datetime.datetime
    source: str
    actor: int | None
    from_status: str
    to_status: str
    code: str
    detail: str


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
) -> Step:
    """Return one unwritten event; `detail` is cut to `MAX_REASON` and must hold no secret and no full phone number."""
    return Step(call_id, at, source, actor_id, from_status, to_status, code, detail[:MAX_REASON])


def write_step_of_all(call_ids: Collection[int], one: Step) -> None:
    """Write the same event for many calls in one statement, in the caller's transaction; `one.call_id` is ignored.

    Stopping a campaign writes up to half a million of them.
    """
    if not call_ids:
        return
    if connection.vendor == "postgresql":
        source, ids = "unnest(string_to_array(%s, ',')::bigint[])", ",".join(map(str, call_ids))
    else:
        source, ids = "json_each(%s)", json.dumps(list(call_ids))
    value = "those" if connection.vendor == "postgresql" else "those.value"
    names = [str(CallEvent._meta.get_field(name).column) for name in Step._fields]  # type: ignore[union-attr]
    marks = ", ".join(["CAST(%s AS bigint)" if name == "actor_id" else "%s" for name in names[1:]])
    told = [str(value) if isinstance(value, str) else value for value in one[2:]]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {CallEvent._meta.db_table} ({', '.join(names)}) "  # noqa: S608
            f"SELECT {value}, {marks} FROM {source} AS those",
            [connection.ops.adapt_datetimefield_value(one.at), *told, ids],
        )


def write_steps(steps: Iterable[Step]) -> None:
    """Write events in one bulk insert, in the caller's transaction."""
    if rows := list(steps):
        insert_rows(CallEvent, Step._fields, rows)
