"""Thousands of rows are inserted in few statements, in order, and those that stand there already are left alone."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection, transaction
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
def test_the_ids_of_new_rows_are_returned_and_nothing_is_left_for_the_next() -> None:
    Contact.objects.create(name="was here", phone="+989120000001", region="IR")
    first = insert_new(Contact, COLUMNS, [_row(at, "x") for at in range(4)], _same())
    assert first == list(Contact.objects.exclude(name="was here").order_by("pk").values_list("pk", flat=True))
    assert len(first) == 3
    assert insert_new(Contact, COLUMNS, [_row(at, "again") for at in range(4)], _same()) == []
    # Other columns, as many: what is kept for one batch must not be mistaken for another.
    others = ("region", "phone", "name", "variables", "consent_at")
    (pk,) = insert_new(Contact, others, [("IR", "+989120000009", "n", "{}", None)], _same())
    assert Contact.objects.get(pk=pk).phone == "+989120000009"


@pytest.mark.django_db
def test_people_of_a_batch_are_inserted_by_one_statement() -> None:
    # A statement a row would flush the search index after every person, which costs more than all the rest.
    with CaptureQueriesContext(connection) as asked:
        insert_new(Contact, COLUMNS, [_row(at, "x") for at in range(700)], _same())
    table = Contact._meta.db_table
    assert sum(one["sql"].startswith(f"INSERT INTO {table} ") for one in asked) == 1
    assert Contact.objects.count() == 700


@pytest.mark.django_db
def test_a_batch_that_is_rolled_back_leaves_no_row_for_the_next() -> None:
    with transaction.atomic():
        insert_new(Contact, COLUMNS, [_row(1, "x")], _same())
        transaction.set_rollback(True)
    insert_new(Contact, COLUMNS, [_row(2, "y")], _same())
    assert list(Contact.objects.values_list("name", flat=True)) == ["y"]
