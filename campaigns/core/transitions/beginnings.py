"""Begins the lives of calls: every new row waits its turn, whoever wants it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.db import connection, models
from django.db.models import QuerySet, Value

from campaigns.core.call_events import step, write_steps
from campaigns.core.transitions.changes import Why
from campaigns.models import Call
from campaigns.rules import RANK
from providers.types import CallStatus


def beginning(at: datetime.datetime) -> dict[str, Any]:
    """Return what every new call begins with: it waits, and is due at once."""
    return {"status": CallStatus.PENDING, "rank": RANK[CallStatus.PENDING], "due_at": at, "changed_at": at}


def begin(at: datetime.datetime, why: Why, **given: Any) -> Call:
    """Insert one call that somebody asked for, with its first step. Raises IntegrityError where it is there already."""
    call = Call.objects.create(**(beginning(at) | given))
    first = step(
        call.pk, why.code, at=at, source=why.source, to_status=call.status, detail=why.detail, actor_id=why.actor_id
    )
    write_steps([first])
    return call


def begin_once(at: datetime.datetime, **given: Any) -> bool:
    """Insert one further attempt, where it is not there already; its reason is a step of the attempt before."""
    return bool(Call.objects.bulk_create([Call(**(beginning(at) | given))], ignore_conflicts=True))


class NewReference(models.Func):
    """A new random reference for each row, made by the database."""

    template = "gen_random_uuid()"
    output_field = models.UUIDField()

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """Return 32 random hexadecimal digits, the way SQLite stores a UUID."""
        return self.as_sql(compiler, connection, template="lower(hex(randomblob(16)))", **extra)


def begin_many(people: QuerySet[Any], at: datetime.datetime, same: Mapping[str, Any], read: Mapping[str, Any]) -> int:
    """Insert a call for each of some people in one statement; returns how many, without those that were there already.

    `same` are columns with one value for all (a row's id for a relation), `read` are expressions over the people.
    """
    fixed = beginning(at) | {"created_at": at} | dict(same)
    computed = {"reference": NewReference()} | dict(read)
    columns: list[str] = []
    selected: dict[str, Any] = {}
    for field in Call._meta.concrete_fields:
        if field.primary_key:
            continue
        if field.name in computed:
            expression = computed[field.name]
        else:
            value = fixed[field.name] if field.name in fixed else field.get_default()
            if value is None:
                continue
            expression = Value(value, output_field=getattr(field, "target_field", field))
        columns.append(connection.ops.quote_name(str(field.column)))
        selected[f"new_{field.name}"] = expression
    found = people.order_by("pk").annotate(**selected).values_list(*selected)
    select, parameters = found.query.sql_with_params()
    statement = (
        f"INSERT INTO {connection.ops.quote_name(Call._meta.db_table)} ({', '.join(columns)}) "
        f"{select} ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return max(int(cursor.rowcount), 0)
