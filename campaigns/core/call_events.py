"""Writes the steps of calls: who or what, when, from, to, why."""

from __future__ import annotations

import datetime
import json
from collections.abc import Collection, Iterable
from typing import NamedTuple

from django.db import connection

from campaigns.core.sql.bulk import insert_rows
from campaigns.models import CallEvent

Source = CallEvent.Source


class Step(NamedTuple):
    """One step, not yet written; a plain row, because every call has several."""

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
    """Return one step, not yet written; `detail` must hold no secret and no full number."""
    return Step(call_id, at, source, actor_id, from_status, to_status, code, detail[:300])


def write_step_of_all(call_ids: Collection[int], one: Step) -> None:
    """Write the same step for many calls in one statement, in the caller's transaction; that step's own call is none.

    A campaign that is stopped has half a million of them: row by row they would take as long as the calls themselves.
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
    """Write many steps in one statement, in the caller's transaction."""
    if rows := list(steps):
        insert_rows(CallEvent, Step._fields, rows)
