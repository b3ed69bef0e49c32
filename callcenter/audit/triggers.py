"""Triggers by which the database itself refuses to change or delete rows of the audit log, on both engines.

Rows leave by one declared door: a checkpoint of retention (a row of `AuditSeal`) opens it for the rows before it. A
checkpoint that Callcenter did not sign is found by `verifying`, as is everything done while the triggers were away.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper

REFUSAL = "The audit log is append-only."
_PASSED = {
    "audit_auditevent": (
        "SELECT 1 FROM audit_auditlink link JOIN audit_auditseal seal ON seal.seq >= link.seq"
        " WHERE link.event_id = OLD.id AND seal.kind = 'checkpoint'"
    ),
    "audit_auditlink": "SELECT 1 FROM audit_auditseal seal WHERE seal.kind = 'checkpoint' AND seal.seq >= OLD.seq",
    "audit_auditseal": "SELECT 1 FROM audit_auditseal seal WHERE seal.kind = 'checkpoint' AND seal.seq > OLD.seq",
}
"""Of each table: what must be found for a row of it to be deleted."""
TABLES = frozenset(_PASSED)
_KEYS = {"audit_auditevent": "id", "audit_auditlink": "seq", "audit_auditseal": "id"}
_FUNCTIONS = {table: f"{table}_refuse" for table in _PASSED}


def install(connection: BaseDatabaseWrapper) -> None:
    """Create the triggers that are missing; a table that was rebuilt has lost them."""
    standing = found(connection)
    with connection.cursor() as cursor:
        for name, statements in wanted(connection.vendor).items():
            if name not in standing:
                for statement in statements:
                    cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Drop the triggers."""
    with connection.cursor() as cursor:
        for table in _PASSED:
            for name in _names(connection.vendor, table):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


@contextmanager
def away(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Do without the triggers inside the block, as a test does that empties every table."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of the triggers that are not there, or are switched off."""
    return sorted(set(wanted(connection.vendor)) - found(connection))


def found(connection: BaseDatabaseWrapper) -> set[str]:
    """Return the names of the triggers that are there and switched on."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        return {str(row[0]) for row in cursor.fetchall()}


def wanted(vendor: str) -> dict[str, list[str]]:
    """Return the statements that create each trigger, by its name."""
    made: dict[str, list[str]] = {}
    for table, passed in _PASSED.items():
        for name in _names(vendor, table):
            made[name] = _postgresql(name, table, passed) if vendor == "postgresql" else _sqlite(name, table, passed)
    return made


def _names(vendor: str, table: str) -> list[str]:
    kinds = ("update", "delete", "truncate") if vendor == "postgresql" else ("update", "delete", "replace")
    return [f"{table}_no_{kind}" for kind in kinds]


def _sqlite(name: str, table: str, passed: str) -> list[str]:
    key, refuse = _KEYS[table], f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    when = {
        "update": "BEFORE UPDATE ON {table}",
        "delete": "BEFORE DELETE ON {table} WHEN NOT EXISTS ({passed})",
        # INSERT OR REPLACE deletes the row in its way without a trigger of its own.
        "replace": "BEFORE INSERT ON {table} WHEN EXISTS (SELECT 1 FROM {table} old WHERE old.{key} = NEW.{key})",
    }[name.rpartition("_")[2]]
    return [f"CREATE TRIGGER {name} {when.format(table=table, passed=passed, key=key)} {refuse}"]


def _postgresql(name: str, table: str, passed: str) -> list[str]:
    kind, function = name.rpartition("_")[2], _FUNCTIONS[table]
    body = (
        f"CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF TG_OP = 'DELETE' THEN IF EXISTS ({passed}) THEN RETURN OLD; END IF; END IF;"
        f" RAISE EXCEPTION '{REFUSAL}'; END $$"
    )
    each = "STATEMENT" if kind == "truncate" else "ROW"
    create = f"CREATE TRIGGER {name} BEFORE {kind.upper()} ON {table} FOR EACH {each} EXECUTE FUNCTION {function}()"
    return [body, create]
