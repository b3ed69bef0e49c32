"""What stands in a database, read from the engine's own catalogue: to compare one database with another."""

from __future__ import annotations

import re
from typing import Any

Catalogue = dict[tuple[str, ...], Any]
"""Kind, table where there is one, and name of each thing; what it is made of."""

POSTGRESQL = {
    "table": """
        SELECT relname, relkind, relpersistence, reloptions FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind NOT IN ('i', 'S')""",
    "column": """
        SELECT relname, attname, format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage,
            attcollation::regcollation::text, pg_get_expr(adbin, adrelid)
        FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
        LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped""",
    "order of columns": """
        SELECT relname, '', array_agg(attname::text ORDER BY attnum) FROM pg_attribute
        JOIN pg_class ON pg_class.oid = attrelid
        WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
        GROUP BY relname""",
    "index": """
        SELECT indrelid::regclass::text, indexrelid::regclass::text, indisvalid, pg_get_indexdef(indexrelid)
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace""",
    "constraint": """
        SELECT conrelid::regclass::text, conname, contype, convalidated, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace""",
    "trigger": """
        SELECT tgrelid::regclass::text, tgname, tgenabled, pg_get_triggerdef(oid)
        FROM pg_trigger WHERE NOT tgisinternal""",
    "function": """
        SELECT proname, pg_get_function_identity_arguments(p.oid), pg_get_functiondef(p.oid) FROM pg_proc p
        WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')""",
    "sequence": """
        SELECT s.relname, '', owner.relname, refobjsubid > 0, format_type(seqtypid, NULL), seqstart, seqincrement,
            seqmin, seqmax
        FROM pg_sequence JOIN pg_class s ON s.oid = seqrelid
        LEFT JOIN pg_depend ON objid = seqrelid AND classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
        LEFT JOIN pg_class owner ON owner.oid = refobjid WHERE s.relnamespace = 'public'::regnamespace""",
    "extension": "SELECT extname, extversion FROM pg_extension",
}


def read_catalogue(connection: Any) -> Catalogue:
    """Return tables, columns in order, defaults, indexes, constraints, triggers, functions and extensions."""
    found: Catalogue = {}
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            for kind, question in POSTGRESQL.items():
                cursor.execute(question)
                found |= {(kind, *row[:2]): tuple(row[2:]) for row in cursor.fetchall()}
            return found
        cursor.execute("SELECT type, tbl_name, name, sql FROM sqlite_master")
        for kind, table, name, sql in cursor.fetchall():
            found[kind, table, name] = _parts(sql) if kind == "table" else sql and " ".join(sql.split())
            if kind == "table":
                cursor.execute(f'PRAGMA table_xinfo("{name}")')
                columns = [row[1:] for row in cursor.fetchall()]
                found |= {("column", table, column[0]): column[1:] for column in columns}
                found["order of columns", table, ""] = [column[0] for column in columns]
    return found


def _parts(sql: str) -> list[str]:
    """Split what a SQLite table is made of: rebuilding one moves its constraints behind one another."""
    head, _, inside = " ".join(sql.split()).partition("(")
    parts, depth = [""], 0
    for letter in inside:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return [head.strip(), *sorted(re.sub(r"\s+", " ", part).strip() for part in parts)]
