"""Steps of migrations that change words: they change nothing else, and the models say afterwards what they should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import AlterField, AlterModelOptions
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import Field

from callcenter.words_of_models import ChangeWords

pytestmark = pytest.mark.django_db
WORDS = {"verbose_name", "verbose_name_plural", "help_text", "choices", "permissions"}


def rest_of(field: Field[Any, Any]) -> tuple[Any, ...]:
    """Return all of a field but its words; of its choices what is stored."""
    _name, path, args, kwargs = field.deconstruct()
    rest = {name: value for name, value in kwargs.items() if name not in WORDS}
    return path, args, rest, [value for value, _label in field.flatchoices]


def other_than_words(operation: Operation, app: str, state: ProjectState) -> object:
    """Return what an operation changes besides words; empty where that is nothing."""
    if isinstance(operation, AlterField):
        old = rest_of(state.models[app, operation.model_name_lower].fields[operation.name])
        return [] if old == rest_of(operation.field) else [old, rest_of(operation.field)]
    assert isinstance(operation, AlterModelOptions), operation
    told = state.models[app, operation.name_lower].options
    after = operation.options
    codes = [[code for code, _label in one.get("permissions", [])] for one in (told, after)]
    assert codes[0] == codes[1]
    changed = {name for name in operation.ALTER_OPTION_KEYS if told.get(name) != after.get(name)}
    return changed - WORDS


def steps() -> Iterator[tuple[str, str, ChangeWords]]:
    for (app, name), migration in MigrationLoader(connection).disk_migrations.items():
        for operation in migration.operations:
            if isinstance(operation, ChangeWords):
                yield app, name, operation


def test_they_change_words_and_nothing_else() -> None:
    loader, seen = MigrationLoader(connection), 0
    for app, name, step in steps():
        state = loader.project_state((app, name), at_end=False)
        for operation in step.operations:
            assert not other_than_words(operation, app, state), f"{app}.{name}: {operation.describe()}"
            operation.state_forwards(app, state)
            seen += 1
    assert seen > 100


def test_whoever_migrates_to_the_end_has_the_words_of_the_models() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
