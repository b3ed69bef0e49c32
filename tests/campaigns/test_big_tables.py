"""An index on a big table is added without stopping its writers, by every migration after the first release."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.db import migrations, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.migration import Migration
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ModelState, ProjectState
from django.db.utils import NotSupportedError
from pytest_django import DjangoDbBlocker

from callcenter.big_tables import BIG_TABLES, AddIndexConcurrently
from tests.campaigns.scratch import scratch_database, standing_in

FIRST_RELEASE = {"access": 4, "audit": 1, "providers": 6, "campaigns": 19}
"""The number of each room's last migration that no installation ran with rows in it."""

MAKES_INDEX = re.compile(r"\bCREATE\s+(?:UNIQUE\s+)?INDEX\s+(?!CONCURRENTLY\b)", re.IGNORECASE)


def offences(migration: Migration, before: ProjectState, source: str = "") -> list[str]:
    """Return what a migration does to a big table that stops its writers; the state is the one it begins with."""
    state, new, found = before.clone(), set(), []
    if MAKES_INDEX.search(source):
        found.append("CREATE INDEX without CONCURRENTLY")
    for operation in each(migration.operations):
        if isinstance(operation, migrations.CreateModel):
            new.add(f"{migration.app_label}.{operation.name_lower}")
        label = f"{migration.app_label}.{getattr(operation, 'model_name_lower', getattr(operation, 'name_lower', ''))}"
        if label in BIG_TABLES - new:
            found += [f"{label}: {what}" for what in indexes_of(operation, state.models.get(tuple(label.split("."))))]
        operation.state_forwards(migration.app_label, state)
    if any(isinstance(operation, AddIndexConcurrently) for operation in each(migration.operations)):
        if migration.atomic:
            found.append("AddIndexConcurrently without atomic = False")
        if len(migration.operations) > 1:
            found.append("AddIndexConcurrently beside another operation")
    return found


def each(operations: list[Operation]) -> Iterator[Operation]:
    """Yield what is done to the database."""
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from each(operation.database_operations)
        else:
            yield operation


def indexes_of(operation: Operation, before: ModelState | None) -> list[str]:
    """Return the indexes that an operation builds on the spot."""
    if isinstance(operation, migrations.AddIndex) and not isinstance(operation, AddIndexConcurrently):
        return [f"index {operation.index.name}"]
    if isinstance(operation, migrations.AddConstraint) and not isinstance(operation.constraint, models.CheckConstraint):
        return [f"constraint {operation.constraint.name}"]
    if isinstance(operation, migrations.AlterUniqueTogether) and operation.option_value:
        return ["unique_together"]
    if isinstance(operation, migrations.AddField | migrations.AlterField) and is_indexed(operation.field):
        was = before.fields.get(operation.name) if before else None
        if isinstance(operation, migrations.AddField) or was is None or not is_indexed(was):
            return [f"field {operation.name}"]
    return []


def is_indexed(field: Any) -> bool:
    return bool(field.db_index or field.unique)


def test_big_tables_are_models_of_today() -> None:
    assert {model._meta.label_lower for model in apps.get_models()} >= BIG_TABLES


def test_what_points_at_a_big_table_is_one() -> None:
    """A row a call or a row a person is as many rows."""
    pointing = {
        model._meta.label_lower
        for model in apps.get_models()
        for field in model._meta.local_fields
        if field.is_relation and field.related_model._meta.label_lower in BIG_TABLES
    }
    assert pointing
    assert pointing <= BIG_TABLES


def test_later_migrations_stop_no_writers() -> None:
    loader = MigrationLoader(None)
    found, seen = {}, set()
    for key, migration in sorted(loader.disk_migrations.items()):
        app, name = key
        if app not in FIRST_RELEASE:
            continue
        seen.add(app)
        if (MigrationAutodetector.parse_number(name) or 0) > FIRST_RELEASE[app]:
            source = inspect.getsource(sys.modules[migration.__module__])
            found[key] = offences(migration, loader.project_state(key, at_end=False), source)
    assert seen == set(FIRST_RELEASE)
    assert not {key: what for key, what in found.items() if what}


def made(*operations: Operation, is_atomic: bool = True) -> Migration:
    """Make a migration of campaigns that does this."""
    kind = type("Migration", (Migration,), {"operations": list(operations), "atomic": is_atomic})
    return kind("0099_made_up", "campaigns")


INDEX = models.Index(fields=["currency"], name="by_currency")
CALL = "campaigns.Call"
STOPS = {
    "index": migrations.AddIndex("call", INDEX),
    "index beside the state": migrations.SeparateDatabaseAndState([migrations.AddIndex("call", INDEX)]),
    "field with an index": migrations.AddField("call", "mood", models.CharField(default="", db_index=True)),
    "unique field": migrations.AddField("contact", "number", models.CharField(null=True, unique=True)),
    "foreign key": migrations.AddField("callevent", "other", models.ForeignKey(CALL, models.CASCADE, null=True)),
    "one to one": migrations.AddField("callnote", "one", models.OneToOneField(CALL, models.CASCADE, null=True)),
    "slug": migrations.AddField("call", "slug", models.SlugField(default="")),
    "altered field": migrations.AlterField("call", "currency", models.CharField(max_length=3, db_index=True)),
    "unique constraint": migrations.AddConstraint("call", models.UniqueConstraint(fields=["text"], name="once")),
    "unique together": migrations.AlterUniqueTogether("call", {("text", "digits")}),
    "concurrent in a transaction": AddIndexConcurrently("call", INDEX),
}
PASSES = {
    "plain field": migrations.AddField("call", "mood", models.CharField(default="")),
    "foreign key without its index": migrations.AddField(
        "callevent", "other", models.ForeignKey(CALL, models.CASCADE, null=True, db_index=False)
    ),
    "index of before": migrations.AlterField(
        "contact", "phone", models.CharField("number", max_length=16, unique=True)
    ),
    "index on a small table": migrations.AddIndex("campaign", models.Index(fields=["name"], name="by_name")),
    "index in the state alone": migrations.SeparateDatabaseAndState([], [migrations.AddIndex("call", INDEX)]),
    "check": migrations.AddConstraint("call", models.CheckConstraint(condition=models.Q(attempt__gte=1), name="some")),
}


@pytest.fixture(scope="module")
def newest() -> ProjectState:
    return MigrationLoader(None).project_state()


@pytest.mark.parametrize("operation", STOPS.values(), ids=STOPS)
def test_the_check_finds(operation: Operation, newest: ProjectState) -> None:
    assert offences(made(operation), newest)


@pytest.mark.parametrize("operation", PASSES.values(), ids=PASSES)
def test_the_check_lets_pass(operation: Operation, newest: ProjectState) -> None:
    assert not offences(made(operation), newest)


def test_a_concurrent_index_stands_alone(newest: ProjectState) -> None:
    add = AddIndexConcurrently("call", INDEX)
    assert not offences(made(add, is_atomic=False), newest)
    assert offences(made(add, PASSES["plain field"], is_atomic=False), newest)


def test_a_new_table_has_no_writers_yet(newest: ProjectState) -> None:
    state = newest.clone()
    state.remove_model("campaigns", "callhint")
    hint = migrations.CreateModel(
        "CallHint", [("id", models.BigAutoField(primary_key=True)), ("at", models.TextField())]
    )
    index = migrations.AddIndex("callhint", models.Index(fields=["at"], name="hint_at"))
    assert not offences(made(hint, index), state)
    assert offences(made(index), newest)


@pytest.mark.parametrize(
    ("statement", "stops"),
    [
        ("CREATE INDEX a ON campaigns_call (id)", True),
        ("create  unique index a ON campaigns_call (id)", True),
        ("CREATE INDEX CONCURRENTLY a ON campaigns_call (id)", False),
        ("CREATE TABLE a (id integer)", False),
    ],
)
def test_the_check_reads_statements(statement: str, *, stops: bool, newest: ProjectState) -> None:
    assert bool(offences(made(migrations.RunSQL(statement)), newest, f'SQL = "{statement}"')) is stops


@pytest.fixture
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    """A database with one big table, in which nothing runs within a transaction."""
    with django_db_blocker.unblock(), scratch_database() as made_one, standing_in(made_one):
        with made_one.schema_editor() as editor:
            editor.create_model(TABLE.apps.get_model("campaigns", "Call"))
        yield made_one


TABLE = ProjectState()
TABLE.add_model(
    ModelState("campaigns", "Call", [("id", models.BigAutoField(primary_key=True)), ("currency", models.TextField())])
)
ADD = made(AddIndexConcurrently("call", INDEX), is_atomic=False)


def indexes(database: BaseDatabaseWrapper) -> set[str]:
    with database.cursor() as cursor:
        found = database.introspection.get_constraints(cursor, "campaigns_call")
    return {name for name, one in found.items() if one["index"] and not one["primary_key"]}


def run(database: BaseDatabaseWrapper, *, is_backward: bool = False) -> list[str]:
    """Run the migration and return its statements."""
    said: list[str] = []

    def note(execute: Any, sql: str, *given: Any) -> Any:
        said.append(sql)
        return execute(sql, *given)

    with database.execute_wrapper(note), database.schema_editor(atomic=ADD.atomic) as editor:
        (ADD.unapply if is_backward else ADD.apply)(TABLE.clone(), editor)
    return [sql for sql in said if "INDEX" in sql]


def test_an_index_is_added_and_taken_back(database: BaseDatabaseWrapper) -> None:
    built = run(database)
    assert indexes(database) == {"by_currency"}
    dropped = run(database, is_backward=True)
    assert indexes(database) == set()
    assert len(built) == len(dropped) == 1
    assert all(("CONCURRENTLY" in sql) == (database.vendor == "postgresql") for sql in built + dropped)


def test_an_index_that_a_broken_run_left_is_built_anew(database: BaseDatabaseWrapper) -> None:
    with database.cursor() as cursor:
        cursor.execute("CREATE INDEX by_currency ON campaigns_call (id)")
        if database.vendor == "postgresql":
            # So it looks after a build that was broken off.
            cursor.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'by_currency'::regclass")
    run(database)
    with database.cursor() as cursor:
        found = database.introspection.get_constraints(cursor, "campaigns_call")["by_currency"]
        assert found["columns"] == ["currency"]
        if database.vendor == "postgresql":
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'by_currency'::regclass")
            assert cursor.fetchall() == [(True,)]


def test_a_transaction_is_refused(database: BaseDatabaseWrapper) -> None:
    with pytest.raises(NotSupportedError, match="atomic = False"), database.schema_editor(atomic=True) as editor:
        ADD.operations[0].database_forwards("campaigns", editor, TABLE, TABLE)
