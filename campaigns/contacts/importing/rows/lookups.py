"""Lookups of thousands of numbers in one SQL parameter; building Django's `__in` would cost more than the query."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from campaigns.models import Contact, ListMembership, OtherNumber

_CONTACT = Contact._meta.db_table
_MEMBER = ListMembership._meta.db_table
_OTHER = OtherNumber._meta.db_table


def _found_by(phones: str) -> str:
    """Return the SQL of contacts `c` whose numbers are among this parameter."""
    if connection.vendor == "postgresql":
        # A number at a time: for a whole batch the planner would read a table of thousands from end to end.
        one = f"SELECT * FROM {_CONTACT} one WHERE one.phone = given.phone OFFSET 0"  # noqa: S608
        return f"unnest({phones}::varchar[]) AS given(phone) CROSS JOIN LATERAL ({one}) c"
    return f"{_CONTACT} c WHERE c.phone IN (SELECT value FROM json_each({phones}))"  # noqa: S608


def _these(values: Sequence[object]) -> list[object] | str:
    return list(values) if connection.vendor == "postgresql" else json.dumps(list(values))


def known_numbers(phones: Sequence[str], list_id: int | None) -> dict[str, bool]:
    """Return the numbers that are contacts, each with whether its person is in the list."""
    whole = "COALESCE(c.merged_into_id, c.id)"
    member = f"SELECT 1 FROM {_MEMBER} m WHERE m.contact_id = {whole} AND m.contact_list_id = %s"  # noqa: S608
    statement = f"SELECT c.phone, EXISTS ({member}) FROM {_found_by('%s')}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [list_id, _these(phones)])
        return {phone: bool(is_member) for phone, is_member in cursor.fetchall()}


def join_list(phones: Sequence[str], list_id: int, import_id: int) -> None:
    """Add the people with these numbers to a list, in the order of their ids; existing members are not changed."""
    statement = (
        f"INSERT INTO {_MEMBER} (contact_list_id, contact_id, imported_by_id) "  # noqa: S608
        f"SELECT %s, COALESCE(c.merged_into_id, c.id), %s FROM {_found_by('%s')} ORDER BY c.id "
        "ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list_id, import_id, _these(phones)])


def join_new(contacts: Sequence[int], list_id: int, import_id: int) -> None:
    """Add people who were just made to a list, in the order of their ids."""
    given, those = "value", "json_each(%s)"
    if connection.vendor == "postgresql":
        given, those = "given.id", "unnest(%s::bigint[]) AS given(id)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_MEMBER} (contact_list_id, contact_id, imported_by_id) "  # noqa: S608
            f"SELECT %s, {given}, %s FROM {those} WHERE true ORDER BY 2 ON CONFLICT DO NOTHING",
            [list_id, import_id, _these(contacts)],
        )


def join_numbers(rows: Sequence[tuple[str, str]], import_id: int) -> None:
    """Add further numbers to people, as pairs of their number and the other one; what they have is not changed.

    They are added in the order of the pairs, which is that of the file's columns: they are shown in it.
    """
    pairs, place = "FROM json_each(%s) AS pair", "pair.key"
    first, second = "json_extract(pair.value, '$[0]')", "json_extract(pair.value, '$[1]')"
    if connection.vendor == "postgresql":
        pairs, place = "FROM json_array_elements(%s::json) WITH ORDINALITY AS pair(value, place)", "pair.place"
        first, second = "pair.value ->> 0", "pair.value ->> 1"
    statement = (
        f"INSERT INTO {_OTHER} (contact_id, phone, imported_by_id, added_at) "
        f"SELECT COALESCE(c.merged_into_id, c.id), {second}, %s, %s {pairs} "
        f"JOIN {_CONTACT} c ON c.phone = {first} WHERE {second} <> {first} ORDER BY {place} ON CONFLICT DO NOTHING"
    )
    moment = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(statement, [import_id, moment, json.dumps(rows)])
