"""Search index for people by a part of a name or number: FTS5 on SQLite, trigrams on PostgreSQL; created if missing."""

from __future__ import annotations

import logging
from typing import Any

from django.db import DatabaseError, connections, transaction

PEOPLE = "campaigns_contact"
SEARCH = "campaigns_contact_search"

MADE = f"""CREATE VIRTUAL TABLE IF NOT EXISTS {SEARCH} USING fts5(
    name, phone, content='{PEOPLE}', content_rowid='id', tokenize='trigram'
)"""
FORGET = f"INSERT INTO {SEARCH}({SEARCH}, rowid, name, phone) VALUES ('delete', old.id, old.name, old.phone);"  # noqa: S608
KEEP = f"INSERT INTO {SEARCH}(rowid, name, phone) VALUES (new.id, new.name, new.phone);"  # noqa: S608
TRIGGERS = {
    f"{SEARCH}_added": f"AFTER INSERT ON {PEOPLE} BEGIN {KEEP} END",
    f"{SEARCH}_gone": f"AFTER DELETE ON {PEOPLE} BEGIN {FORGET} END",
    f"{SEARCH}_changed": f"AFTER UPDATE OF id, name, phone ON {PEOPLE} BEGIN {FORGET} {KEEP} END",
}
TRIGRAMS = (
    # The expression that Django generates for a case-insensitive search.
    ("contact_name_parts", PEOPLE, "UPPER(name::text)", ""),
    ("contact_phone_parts", PEOPLE, "(phone::text)", ""),
    ("other_number_parts", "campaigns_othernumber", "(phone::text)", ""),
    ("call_stranger_parts", "campaigns_call", "(to_number::text)", " WHERE contact_id IS NULL"),
)
"""Name, table, expression and condition of each index."""

logger = logging.getLogger(__name__)


def make_search_index(using: str = "default") -> bool:
    """Create the parts of the index that are missing; returns whether it exists now. Idempotent.

    Not a migration, because on SQLite a table loses its triggers whenever a later migration rebuilds it.
    """
    connection = connections[using]
    return _on_postgresql(connection) if connection.vendor == "postgresql" else _on_sqlite(connection)


def _on_sqlite(connection: Any) -> bool:
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE tbl_name = %s AND type = 'trigger'", [PEOPLE])
        standing = {name for (name,) in cursor.fetchall()}
        if set(TRIGGERS) <= standing:
            return True
        cursor.execute(MADE)
        for name, what in TRIGGERS.items():
            cursor.execute(f"CREATE TRIGGER IF NOT EXISTS {name} {what}")
        # Rows that were added while a trigger was missing are not in the index yet.
        cursor.execute(f"INSERT INTO {SEARCH}({SEARCH}) VALUES ('rebuild')")  # noqa: S608
    return True


def _on_postgresql(connection: Any) -> bool:
    try:
        with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
            cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            # A table may come with a later migration than the one that has just run.
            tables = set(connection.introspection.table_names(cursor))
            for name, table, expression, condition in TRIGRAMS:
                if table in tables:
                    where = f"ON {table} USING gin ({expression} gin_trgm_ops){condition}"
                    cursor.execute(f"CREATE INDEX IF NOT EXISTS {name} {where}")
    except DatabaseError as error:
        # Search works without the index, only slower, so a failure must not stop an installation.
        logger.warning("The search index was not made: have the database's owner create pg_trgm. %s", error)
        return False
    return True


def make_after_migrating(using: str, **_given: Any) -> None:
    """Create the index after migrations (receiver of `post_migrate`)."""
    if PEOPLE in connections[using].introspection.table_names():
        make_search_index(using)
