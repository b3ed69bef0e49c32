"""Thousands of rows are inserted in few statements, in order, and those that stand there already are left alone."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaigns.core.sql.new_rows import insert_new
from campaigns.models import Contact

COLUMNS = ("phone", "name", "region", "variables", "consent_at")
NAMES = ["plain", "tab\tand\nline", "back\\slash \\N \\.", "quote ' \" ,", "علی رضایی 😀", ""]


def _same() -> dict[str, Any]:
    moment = connection.ops.adapt_datetimefield_value(timezone.now())
    return {"time_zone": "", "tags": '["a"]', "consent_source": "", "created_at": moment}


def _row(at: int, name: str) -> tuple[Any, ...]:
    moment = connection.ops.adapt_datetimefield_value(timezone.now()) if at % 2 else None
    return f"+98912000{at:04d}", name, "IR", '{"n": "%d"}' % at, moment  # noqa: UP031 - braces of JSON


@pytest.mark.django_db
def test_rows_are_stored_as_given_and_in_order_and_old_ones_stay() -> None:
    Contact.objects.create(name="was here", phone="+989120000001", region="IR")
    rows = [_row(at, name) for at, name in enumerate(NAMES)]
    insert_new(Contact, COLUMNS, [*rows, _row(0, "again")], _same())
    stored = list(Contact.objects.order_by("pk").values_list("phone", "name", "variables", "tags"))
    assert stored == [
        ("+989120000001", "was here", {}, []),
        *((_row(at, "")[0], name, {"n": str(at)}, ["a"]) for at, name in enumerate(NAMES) if at != 1),
    ]
    assert [one is None for one in Contact.objects.order_by("pk").values_list("consent_at", flat=True)] == [
        True, True, True, False, True, False,
    ]  # fmt: skip
    insert_new(Contact, COLUMNS, [], _same())


@pytest.mark.django_db
@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL takes rows by COPY")
def test_a_statement_takes_as_many_rows_as_its_parameters_allow() -> None:
    # A statement a row would flush the search index after every person, which costs more than all the rest.
    connection.ensure_connection()
    kind = sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER
    before = connection.connection.setlimit(kind, 4 + 3 * len(COLUMNS))
    try:
        with CaptureQueriesContext(connection) as asked:
            insert_new(Contact, COLUMNS, [_row(at, "x") for at in range(7)], _same())
    finally:
        connection.connection.setlimit(kind, before)
    assert len(asked) == 3
    assert Contact.objects.count() == 7
