"""Every migration of this version leaves the version before it working: for a while both run on one database.

A rolling restart migrates first and starts web and workers anew one after another. Until then the code before writes
rows without the new columns, and reads the old ones. So a new column has a default in the database or may be null, and
what the code before knows stays as it is; it goes in the release after.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models.fields import NOT_PROVIDED

VERSION_BEFORE = {"access": 4, "audit": 1, "providers": 7, "campaigns": 21, "sign_in": 0, "api": 0}
"""The number of each room's last migration in the version before this one (see tests/upgrades/before.py).

A room that it does not have stands with 0.
"""

TAKES_AWAY = (
    migrations.RemoveField,
    migrations.RenameField,
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.AlterModelTable,
    migrations.AlterUniqueTogether,
    migrations.AlterIndexTogether,
)
CHANGES_TABLE = re.compile(r"\b(DROP|RENAME|SET\s+NOT\s+NULL|ALTER\s+COLUMN|ADD\s+CONSTRAINT)\b", re.IGNORECASE)
Column = tuple[str, str, str]


def offences(migration: Migration, before: ProjectState, known: set[Column], source: str = "") -> list[str]:
    """Return what a migration does that the version before cannot live with.

    The state is the one it begins with; `known` are the columns of the version before, by app, model and field.
    """
    state, app, found = before.clone(), migration.app_label, []
    tables = {(app_label, model) for app_label, model, _field in known}
    for operation in of_the_database(migration.operations):
        model = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
        is_old = (app, model) in tables
        if isinstance(operation, TAKES_AWAY) and (is_old or isinstance(operation, migrations.RenameModel)):
            found.append(f"{app}.{model}: {operation.describe()}")
        elif isinstance(operation, migrations.AddField) and is_old and not is_optional(operation.field):
            found.append(f"{app}.{model}.{operation.name}: neither a db_default nor null=True")
        elif isinstance(operation, migrations.AlterField) and is_old:
            was = state.models[app, model].fields[operation.name]
            is_known = (app, model, operation.name_lower) in known
            found += [f"{app}.{model}.{operation.name}: {what}" for what in narrowed(was, operation.field, is_known)]
        elif (
            isinstance(operation, migrations.AddConstraint) and is_old and not is_of_new_columns(operation, app, known)
        ):
            found.append(f"{app}.{model}: {operation.constraint.name} binds columns that the version before writes")
        operation.state_forwards(app, state)
    if CHANGES_TABLE.search(source) and any(isinstance(one, migrations.RunSQL) for one in migration.operations):
        found.append("SQL of its own that takes away or narrows")
    return found


def of_the_database(operations: list[Operation]) -> Iterator[Operation]:
    """Yield what is done to the database."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from of_the_database(operation.database_operations)
        else:
            yield operation


def is_optional(field: models.Field[Any, Any]) -> bool:
    """Tell whether a row can be written by code that does not know the column."""
    if field.many_to_many or getattr(field, "generated", False):
        return True
    return field.null or field.db_default is not NOT_PROVIDED


def narrowed(was: models.Field[Any, Any], now: models.Field[Any, Any], is_known: bool) -> list[str]:
    """Return how a column takes less than before."""
    found = []
    if was.null and not now.null and not (not is_known and is_optional(now)):
        found.append("no longer null")
    if not is_known and not is_optional(now):
        found.append("neither a db_default nor null=True any more")
    if was.get_internal_type() != now.get_internal_type():
        found.append(f"{was.get_internal_type()} becomes {now.get_internal_type()}")
    if now.max_length is not None and (was.max_length is None or now.max_length < was.max_length):
        found.append("shorter")
    for part in ("max_digits", "decimal_places"):
        if getattr(now, part, 0) < getattr(was, part, 0):
            found.append(f"fewer {part}")
    if now.unique and not was.unique:
        found.append("unique")
    if now.db_column != was.db_column:
        found.append("another name in the database")
    return found


def is_of_new_columns(operation: migrations.AddConstraint, app: str, known: set[Column]) -> bool:
    """Tell whether a constraint names no column that the version before writes."""
    constraint, model = operation.constraint, operation.model_name_lower
    names = set(getattr(constraint, "fields", ()))
    for part in (getattr(constraint, "condition", None), *getattr(constraint, "expressions", ())):
        names |= set(names_in(part))
    return bool(names) and not any((app, model, name.partition("__")[0].lower()) in known for name in names)


def names_in(part: Any) -> Iterator[str]:
    """Yield the names of the fields in a condition or an expression."""
    if isinstance(part, models.Q):
        for child in part.children:
            if isinstance(child, tuple):
                yield str(child[0])
            else:
                yield from names_in(child)
    elif isinstance(part, models.F):
        yield part.name
    elif hasattr(part, "get_source_expressions"):
        for inner in part.get_source_expressions():
            yield from names_in(inner)


# Ours


LOADER = MigrationLoader(None)
OURS = {
    key: migration for key, migration in LOADER.disk_migrations.items() if migration.__module__.startswith(
        ("callcenter.", "providers.", "campaigns.")
    )
}  # fmt: skip
NEW = sorted(key for key in OURS if int(key[1][:4]) > VERSION_BEFORE[key[0]])


@pytest.fixture(scope="module")
def old() -> ProjectState:
    """The tables as the version before knows them."""
    return LOADER.project_state([key for key in LOADER.graph.nodes if key in OURS and key not in NEW])


@pytest.fixture(scope="module")
def known(old: ProjectState) -> set[Column]:
    return {
        (app, model, name.lower()) for (app, model), state in old.models.items() for name in state.fields
    }  # fmt: skip


def made(*operations: Operation) -> Migration:
    migration = Migration("0099_one", "campaigns")
    migration.operations = list(operations)
    return migration


def test_the_version_before_is_known(known: set[Column]) -> None:
    assert {("campaigns", "call", "status"), ("campaigns", "workerhost", "beat_at")} <= known
    assert {app for app, _model, _field in known if app in VERSION_BEFORE} == {
        app for app, number in VERSION_BEFORE.items() if number
    }
    assert not any(key[0] not in VERSION_BEFORE for key in OURS), "a new app has no version before: name it with 0"


@pytest.mark.parametrize("key", NEW, ids="-".join)
def test_the_version_before_goes_on_beside_a_migration(key: tuple[str, str], known: set[Column]) -> None:
    migration = OURS[key]
    before = LOADER.project_state([key], at_end=False)
    source = inspect.getsource(sys.modules[migration.__module__])
    assert offences(migration, before, known, source) == []


FORBIDDEN = {
    "a column without a default": migrations.AddField("call", "more", models.IntegerField(default=1)),
    "a link without a default": migrations.AddField("call", "more", models.ForeignKey("auth.User", models.CASCADE)),
    "a column less": migrations.RemoveField("call", "status"),
    "a column of another name": migrations.RenameField("call", "status", "state"),
    "a table less": migrations.DeleteModel("CallNote"),
    "a table of another name": migrations.RenameModel("CallNote", "Remark"),
    "a table of another name below": migrations.AlterModelTable("callnote", "remarks"),
    "a shorter text": migrations.AlterField("call", "remote_id", models.CharField(max_length=20, null=True)),
    "a text with a limit": migrations.AlterField("callnote", "text", models.CharField(max_length=20)),
    "another type": migrations.AlterField("call", "attempt", models.CharField(max_length=20)),
    "a column that must be set": migrations.AlterField("call", "ended_at", models.DateTimeField()),
    "a column that is unique": migrations.AlterField("contact", "name", models.CharField(max_length=200, unique=True)),
    "fewer digits": migrations.AlterField("call", "cost", models.DecimalField(max_digits=6, decimal_places=2)),
    "a rule for old columns": migrations.AddConstraint(
        "call", models.CheckConstraint(condition=models.Q(attempt__lt=9), name="few")
    ),
    "an old column once": migrations.AddConstraint(
        "call", models.UniqueConstraint(fields=["to_number"], name="one_call")
    ),
    "two steps that end the same": [
        migrations.AddField("call", "more", models.IntegerField(null=True)),
        migrations.AlterField("call", "more", models.IntegerField()),
    ],
    "hidden from the state": migrations.SeparateDatabaseAndState([migrations.RemoveField("call", "status")]),
}
ALLOWED = {
    "a column with a default": migrations.AddField("call", "more", models.IntegerField(default=1, db_default=1)),
    "a column that may be null": migrations.AddField("call", "more", models.IntegerField(null=True)),
    "a table more": migrations.CreateModel("More", [("id", models.BigAutoField(primary_key=True))]),
    "an index": migrations.AddIndex("callnote", models.Index(fields=["call"], name="notes_by_call")),
    "a longer text": migrations.AlterField("call", "remote_id", models.CharField(max_length=900, null=True)),
    "a rule for new columns": [
        migrations.AddField("call", "more", models.IntegerField(null=True)),
        migrations.AddConstraint("call", models.CheckConstraint(condition=models.Q(more__gt=0), name="some")),
    ],
    "rows": migrations.RunPython(migrations.RunPython.noop),
    "a column of a new table": [
        migrations.CreateModel("More", [("id", models.BigAutoField(primary_key=True))]),
        migrations.AddField("more", "name", models.TextField(default="")),
        migrations.RemoveField("more", "name"),
    ],
    "a column that only the code forgets": migrations.SeparateDatabaseAndState(
        state_operations=[migrations.RemoveField("callnote", "text")]
    ),
}


def listed(operations: Any) -> list[Operation]:
    return operations if isinstance(operations, list) else [operations]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_the_check_sees(what: str, old: ProjectState, known: set[Column]) -> None:
    assert offences(made(*listed(FORBIDDEN[what])), old, known)


@pytest.mark.parametrize("what", ALLOWED)
def test_the_check_lets_pass(what: str, old: ProjectState, known: set[Column]) -> None:
    assert offences(made(*listed(ALLOWED[what])), old, known) == []


@pytest.mark.parametrize(
    ("statement", "is_refused"),
    [
        ("ALTER TABLE campaigns_call DROP COLUMN status", True),
        ("ALTER TABLE campaigns_call ALTER COLUMN ended_at SET NOT NULL", True),
        ("UPDATE campaigns_call SET currency = 'USD'", False),
    ],
)
def test_the_check_reads_statements(statement: str, *, is_refused: bool, old: ProjectState, known: set[Column]) -> None:
    found = offences(made(migrations.RunSQL(statement)), old, known, f'SQL = "{statement}"')
    assert bool(found) is is_refused
