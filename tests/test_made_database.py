from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests import made_database


def test_a_copy_has_all_migrations(db: None) -> None:
    executor = MigrationExecutor(connection)
    assert executor.migration_plan(executor.loader.graph.leaf_nodes()) == []


@pytest.mark.parametrize("changed", ["campaigns/migrations/0001_first.py", "uv.lock"])
def test_another_state_of_the_code_is_another_database(
    changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("campaigns/migrations/0001_first.py", "tests/settings.py", "tests/migrated.py", "uv.lock"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("one")
    monkeypatch.setattr(made_database, "ROOT", tmp_path)
    before = made_database.state_of_the_code.__wrapped__()
    assert made_database.state_of_the_code.__wrapped__() == before
    (tmp_path / changed).write_text("two")
    assert made_database.state_of_the_code.__wrapped__() != before
