"""The squashed migrations make what the old files make, from nothing and from every half-way point."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoDbBlocker

from campaigns.services.search_index import make_search_index
from tests.campaigns.catalogue import Catalogue, read_catalogue
from tests.campaigns.scratch import scratch_database, standing_in

Key = tuple[str, str]
ROOMS = ("access", "providers", "campaigns")
SQUASHED = [
    ("access", "0001_squashed_0004_vendor_calls"),
    ("providers", "0001_squashed_0006_recording_host"),
    ("campaigns", "0001_squashed_0019_fewer_indexes_of_calls"),
]


class OldFiles(MigrationLoader):
    """Sees the files of an installation of before: no squashed one."""

    def load_disk(self) -> None:
        super().load_disk()
        for key in SQUASHED:
            del self.disk_migrations[key]


def old_files(app: str) -> list[Key]:
    """Return the replaced files of a room, oldest first."""
    return sorted(key for key in OldFiles(None).disk_migrations if key[0] == app)


OLD = [key for app in ROOMS for key in old_files(app) if key < (app, "0020")]
HALF_WAY: list[list[Key]] = [
    # What an installation had that stopped at one of campaigns' files; the other rooms as far as that one needs them.
    *([key] for key in OLD if key[0] == "campaigns"),
    # No file of campaigns yet, and the rooms below at every step.
    *([key] for key in OLD if key[0] == "access"),
    *([key] for key in OLD if key[0] == "providers"),
    # One room ahead of what another needs.
    [("access", "0004_vendor_calls"), ("campaigns", "0008_ghosts")],
    [("providers", "0006_recording_host"), ("campaigns", "0008_ghosts")],
    [("access", "0004_vendor_calls"), ("providers", "0006_recording_host")],
]
GO_ON = [
    [("access", "0002_same_people")],
    [("providers", "0003_breaker_outcomes")],
    [("access", "0004_vendor_calls"), ("providers", "0006_recording_host")],
    [("campaigns", "0001_initial")],
    [("campaigns", "0010_same_people")],
    [("campaigns", "0018_members_in_order")],
    [("campaigns", "0019_fewer_indexes_of_calls")],
]
"""The half-way points that are really gone on from, up to 3 s each; for all of them it is seen what would run."""


def name_of(point: list[Key]) -> str:
    return "+".join(f"{app}.{name[:4]}" for app, name in point)


def migrate(database: BaseDatabaseWrapper, targets: list[Key] | None = None, *, old: bool = False) -> None:
    """Migrate to the targets or to the newest, with the old files alone or with all that are there."""
    with standing_in(database):
        executor = MigrationExecutor(database)
        if old:
            executor.loader = OldFiles(database)
        executor.migrate(executor.loader.graph.leaf_nodes() if targets is None else targets)
        if targets is None:
            assert make_search_index()


def plan(loader: MigrationLoader) -> list[Key]:
    """Return what a migration of our rooms to the newest would still run, each once and in its order."""
    leaves = [leaf for leaf in loader.graph.leaf_nodes() if leaf[0] in ROOMS]
    keys = [key for leaf in leaves for key in loader.graph.forwards_plan(leaf)]
    return [key for key in dict.fromkeys(keys) if key[0] in ROOMS and key not in loader.applied_migrations]


def recorded(database: BaseDatabaseWrapper) -> set[Key]:
    with standing_in(database):
        return {key for key in MigrationRecorder(database).applied_migrations() if key[0] in ROOMS}


@pytest.fixture(scope="module")
def foundation(django_db_blocker: DjangoDbBlocker) -> Iterator[BaseDatabaseWrapper]:
    """A database in which every room but ours stands."""
    with django_db_blocker.unblock(), scratch_database() as database:
        with standing_in(database):
            executor = MigrationExecutor(database)
            executor.migrate([key for key in executor.loader.graph.leaf_nodes() if key[0] not in ROOMS])
        yield database


@pytest.fixture(scope="module")
def fresh(foundation: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """A database made by the squashed files."""
    with scratch_database(foundation) as database:
        migrate(database)
        yield database


@pytest.fixture(scope="module")
def installations(foundation: BaseDatabaseWrapper) -> Iterator[dict[str, BaseDatabaseWrapper]]:
    """Databases as the old files alone leave them, by half-way point; "newest" is at their end."""
    with ExitStack() as stack:

        def copy(database: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
            return stack.enter_context(scratch_database(database))

        found, walking = {}, copy(foundation)
        for point in GO_ON:
            if point[0][0] == "campaigns":
                migrate(walking, point, old=True)
                found[name_of(point)] = copy(walking)
            else:
                found[name_of(point)] = copy(foundation)
                migrate(found[name_of(point)], point, old=True)
        migrate(walking, old=True)
        yield found | {"newest": walking}


@pytest.fixture(scope="module")
def wanted(installations: dict[str, BaseDatabaseWrapper]) -> Catalogue:
    """What the old files alone make."""
    assert recorded(installations["newest"]) == set(OLD)
    return read_catalogue(installations["newest"])


def differences(found: Catalogue, wanted: Catalogue) -> dict[Any, Any]:
    keys = found.keys() | wanted.keys()
    return {key: (found.get(key), wanted.get(key)) for key in keys if found.get(key) != wanted.get(key)}


def as_new(catalogue: Catalogue) -> Catalogue:
    """Leave out the one order of columns that no squashed file can have on both engines.

    An old file alters a column of the lists' members. SQLite then writes the table anew with that column as the last;
    PostgreSQL leaves it where it is.
    """
    if connection.vendor != "sqlite":
        return catalogue
    return {key: what for key, what in catalogue.items() if key != ("order of columns", "campaigns_listmembership", "")}


def rows_of_the_switch(database: BaseDatabaseWrapper) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute("SELECT id, stopped_at, reason, stopped_by_id FROM campaigns_dialingswitch")
        return list(cursor.fetchall())


def test_every_old_file_is_replaced() -> None:
    loader = MigrationLoader(None)
    replaced = [key for squashed in SQUASHED for key in loader.disk_migrations[squashed].replaces]
    assert replaced == OLD
    assert len(OLD) == 19 + 6 + 4
    assert {leaf for leaf in OldFiles(None).graph.leaf_nodes() if leaf[0] in ROOMS} <= set(OLD)


def test_a_new_installation_runs_three_files_of_ours(fresh: BaseDatabaseWrapper) -> None:
    loader = MigrationLoader(None)
    assert plan(loader) == SQUASHED
    assert recorded(fresh) == {*SQUASHED, *OLD}


def test_squashed_files_make_what_the_old_ones_make(fresh: BaseDatabaseWrapper, wanted: Catalogue) -> None:
    found = read_catalogue(fresh)
    assert len(found) > 200
    assert not differences(as_new(found), as_new(wanted))
    assert rows_of_the_switch(fresh) == [(1, None, "", None)]


def test_the_models_after_both_are_the_same() -> None:
    old, new = OldFiles(None), MigrationLoader(None)
    for one, other in ((old, new), (new, old)):
        assert not MigrationAutodetector(one.project_state(), other.project_state()).changes(one.graph)


@pytest.mark.parametrize("point", HALF_WAY, ids=name_of)
def test_a_half_migrated_installation_goes_on_with_its_files(point: list[Key], monkeypatch: pytest.MonkeyPatch) -> None:
    old = OldFiles(None)
    had = {key for target in point for key in old.graph.forwards_plan(target)}
    monkeypatch.setattr(MigrationRecorder, "applied_migrations", lambda _self: dict.fromkeys(had))
    loader = MigrationLoader(connection)
    loader.check_consistent_history(connection)
    begun = {app for app, _ in had}
    expected = [key for key in OLD if key[0] in begun and key not in had]
    expected += [key for key in SQUASHED if key[0] not in begun]
    assert sorted(plan(loader)) == sorted(expected)


@pytest.mark.parametrize("point", GO_ON, ids=name_of)
def test_a_half_migrated_installation_ends_with_the_same(
    point: list[Key], installations: dict[str, BaseDatabaseWrapper], wanted: Catalogue
) -> None:
    with scratch_database(installations[name_of(point)]) as database:
        assert not recorded(database) & set(SQUASHED)
        migrate(database)
        found = read_catalogue(database)
        if ("campaigns", "0001_initial") in recorded(installations[name_of(point)]):
            assert not differences(found, wanted)
        else:
            assert not differences(as_new(found), as_new(wanted))
        assert rows_of_the_switch(database) == [(1, None, "", None)]
        assert recorded(database) == {*SQUASHED, *OLD}
        with standing_in(database):
            assert not plan(MigrationLoader(database))


def test_rows_of_a_half_migrated_installation_stay(installations: dict[str, BaseDatabaseWrapper]) -> None:
    with scratch_database(installations["campaigns.0010"]) as database:
        with database.cursor() as cursor:
            cursor.execute("UPDATE campaigns_dialingswitch SET reason = 'a fire'")
            cursor.execute(
                "INSERT INTO campaigns_contact (created_at, name, phone, region, time_zone, variables, tags, notes,"
                " consent_source) VALUES ('2026-11-21 10:00:00', 'Maryam', '+989121234567', 'IR', '', '{}', '[]',"
                " 'Calls back in spring', '')"
            )
        migrate(database)
        with database.cursor() as cursor:
            cursor.execute("SELECT text FROM campaigns_contactnote")
            assert cursor.fetchall() == [("Calls back in spring",)]
        assert rows_of_the_switch(database) == [(1, None, "a fire", None)]


def test_squashed_files_go_back_to_nothing(foundation: BaseDatabaseWrapper, fresh: BaseDatabaseWrapper) -> None:
    def is_of_the_people_search(key: tuple[str, ...]) -> bool:
        """It is no migration's work, so that none takes it away."""
        return any(part == "pg_trgm" or part.startswith("campaigns_contact_search") for part in key)

    with scratch_database(fresh) as database:
        with standing_in(database):
            MigrationExecutor(database).migrate([(app, None) for app in ROOMS])
        left = differences(read_catalogue(database), read_catalogue(foundation))
        assert not {key for key in left if not is_of_the_people_search(key)}
        assert not recorded(database)


CHANGES = [
    "DROP INDEX call_due",
    "CREATE INDEX one_more ON campaigns_call (currency)",
    "ALTER TABLE campaigns_call ADD COLUMN one_more integer",
    "DROP TABLE campaigns_callhint",
]
CHANGES_OF = {
    "sqlite": [
        "DROP TRIGGER campaigns_transcriptwords_fts_gone",
        "DROP TABLE campaigns_transcriptwords_fts",
        "DROP TRIGGER campaigns_contact_search_added",
    ],
    "postgresql": [
        "ALTER TABLE campaigns_call ALTER COLUMN currency SET DEFAULT 'USD'",
        "ALTER TABLE campaigns_call ALTER COLUMN currency DROP NOT NULL",
        "ALTER TABLE campaigns_call ALTER COLUMN currency TYPE varchar(4)",
        "ALTER TABLE campaigns_call DROP CONSTRAINT attempt_once",
        "ALTER FUNCTION campaigns_words(text) COST 1",
        "DROP INDEX transcript_words",
        "DROP EXTENSION pg_trgm CASCADE",
        "ALTER TABLE campaigns_call ALTER COLUMN id DROP IDENTITY",
    ],
}


@pytest.mark.parametrize("statement", CHANGES + CHANGES_OF[connection.vendor])
def test_the_comparison_sees(statement: str, fresh: BaseDatabaseWrapper) -> None:
    before = read_catalogue(fresh)
    with standing_in(fresh), transaction.atomic():
        with fresh.cursor() as cursor:
            cursor.execute(statement)
        assert differences(read_catalogue(fresh), before)
        transaction.set_rollback(True)
    assert not differences(read_catalogue(fresh), before)
