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
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    # The expression that Django generates for a case-insensitive search.
    f"CREATE INDEX IF NOT EXISTS contact_name_parts ON {PEOPLE} USING gin (UPPER(name::text) gin_trgm_ops)",
    f"CREATE INDEX IF NOT EXISTS contact_phone_parts ON {PEOPLE} USING gin ((phone::text) gin_trgm_ops)",
    "CREATE INDEX IF NOT EXISTS other_number_parts ON campaigns_othernumber USING gin ((phone::text) gin_trgm_ops)",
    "CREATE INDEX IF NOT EXISTS call_stranger_parts ON campaigns_call USING gin ((to_number::text) gin_trgm_ops) "
    "WHERE contact_id IS NULL",
)

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
            for statement in TRIGRAMS:
                cursor.execute(statement)
    except DatabaseError as error:
        # Search works without the index, only slower, so a failure must not stop an installation.
        logger.warning("The search index was not made: have the database's owner create pg_trgm. %s", error)
        return False
    return True


def make_after_migrating(using: str, **_given: Any) -> None:
    """Create the index after migrations (receiver of `post_migrate`)."""
    if PEOPLE in connections[using].introspection.table_names():
        make_search_index(using)
