"""Lookups of thousands of numbers in one SQL parameter; building Django's `__in` would cost more than the query."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connection
from django.utils import timezone

from campaigns.models import Contact, DoNotCall, ListMembership

_CONTACT = Contact._meta.db_table
_MEMBER = ListMembership._meta.db_table
_DO_NOT_CALL = DoNotCall._meta.db_table


def _among() -> str:
    """Return the SQL of "is one of these", with one parameter for all of them."""
    return "= ANY(%s)" if connection.vendor == "postgresql" else "IN (SELECT value FROM json_each(%s))"


def _these(phones: Sequence[str]) -> list[str] | str:
    return list(phones) if connection.vendor == "postgresql" else json.dumps(list(phones))


def known_numbers(phones: Sequence[str], list_id: int | None) -> dict[str, bool]:
    """Return the numbers that are contacts, each with whether its person is in the list."""
    whole = "COALESCE(c.merged_into_id, c.id)"
    member = f"SELECT 1 FROM {_MEMBER} m WHERE m.contact_id = {whole} AND m.contact_list_id = %s"  # noqa: S608
    statement = f"SELECT c.phone, EXISTS ({member}) FROM {_CONTACT} c WHERE c.phone {_among()}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [list_id, _these(phones)])
        return {phone: bool(is_member) for phone, is_member in cursor.fetchall()}


def forbidden_numbers(phones: Sequence[str]) -> set[str]:
    """Return the numbers with an active do-not-call entry."""
    statement = (
        f"SELECT phone FROM {_DO_NOT_CALL} WHERE phone {_among()} "  # noqa: S608
        "AND (expires_at IS NULL OR expires_at > %s)"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_these(phones), connection.ops.adapt_datetimefield_value(timezone.now())])
        return {row[0] for row in cursor.fetchall()}


def join_list(phones: Sequence[str], list_id: int, import_id: int) -> None:
    """Add the people with these numbers to a list, in the order of their ids; existing members are not changed."""
    statement = (
        f"INSERT INTO {_MEMBER} (contact_list_id, contact_id, imported_by_id) "  # noqa: S608
        f"SELECT %s, COALESCE(merged_into_id, id), %s FROM {_CONTACT} WHERE phone {_among()} ORDER BY id "
        "ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [list_id, import_id, _these(phones)])
