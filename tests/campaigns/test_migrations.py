"""The squashed migrations make what the old files make, from nothing and from every half-way point.

The old files go with the next release, and this module with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, NamedTuple

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from pytest_django import DjangoDbBlocker

from campaigns.contacts.search_index import make_search_index
from tests.campaigns.catalogue import Catalogue, read_catalogue
from tests.campaigns.scratch import scratch_database, standing_in

pytestmark = pytest.mark.both_engines

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
        for key in list(self.disk_migrations):
            if key[0] in ROOMS and key not in OLD:
                del self.disk_migrations[key]


OLD: list[Key] = [key for squashed in SQUASHED for key in MigrationLoader(None).disk_migrations[squashed].replaces]
LAST: dict[str, Key] = {key[0]: key for key in OLD}
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
GO_ON = [[key] for key in OLD if key[0] == "campaigns" and key[1][:4] in ("0001", "0010", "0018", "0019")]
"""The half-way points that are really gone on from, up to 3 s each; for all of them it is seen what would run."""

BELOW = [
    [("access", "0002_same_people")],
    [("providers", "0003_breaker_outcomes")],
    [("access", "0004_vendor_calls"), ("providers", "0006_recording_host")],
]
SWITCH = "SELECT id, stopped_at, reason, stopped_by_id FROM campaigns_dialingswitch"


def name_of(point: list[Key]) -> str:
    return "+".join(f"{app}.{name[:4]}" for app, name in point)


def migrate(database: BaseDatabaseWrapper, targets: list[Key] | None = None, *, old: bool = False) -> None:
    """Migrate to the targets or to the newest, with the old files alone or with all that are there."""
    with standing_in(database):
        executor = MigrationExecutor(database)
        if old:
            executor.loader = OldFiles(database)
        executor.migrate(ends(executor.loader) if targets is None else targets)
        if targets is None or OLD[-1] in targets:
            assert make_search_index()


def ends(loader: MigrationLoader) -> list[Key]:
    """Return where the squashed files end, under the name that is in use; later files are none of this module's."""
    return [key if key in loader.graph.nodes else LAST[key[0]] for key in SQUASHED]


def plan(loader: MigrationLoader) -> list[Key]:
    """Return what a migration to the end would still run of our rooms, each file once and in its order."""
    keys = [key for end in ends(loader) for key in loader.graph.forwards_plan(end)]
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


class Before(NamedTuple):
    """Installations as the old files alone leave them."""

    half_way: dict[str, BaseDatabaseWrapper]
    """By half-way point; each is for one test, which goes on from it."""
    newest: Catalogue
    """What stands after the last of them."""


@pytest.fixture(scope="module")
def before(foundation: BaseDatabaseWrapper) -> Iterator[Before]:
    with ExitStack() as stack:

        def copy(database: BaseDatabaseWrapper) -> BaseDatabaseWrapper:
            return stack.enter_context(scratch_database(database))

        half_way, walking = {}, copy(foundation)
        for point in GO_ON:
            migrate(walking, point, old=True)
            half_way[name_of(point)] = walking
            if point[0] != OLD[-1]:
                half_way[name_of(point)] = copy(walking)
        assert recorded(walking) == set(OLD)
        yield Before(half_way, read_catalogue(walking))


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


def ask(database: BaseDatabaseWrapper, question: str) -> list[Any]:
    with database.cursor() as cursor:
        cursor.execute(question)
        return list(cursor.fetchall())


def write_rows(database: BaseDatabaseWrapper) -> None:
    """Press stop-all, and note something of a person where notes were kept before."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE campaigns_dialingswitch SET reason = 'a fire'")
        cursor.execute(
            "INSERT INTO campaigns_contact (created_at, name, phone, region, time_zone, variables, tags, notes,"
            " consent_source) VALUES ('2026-11-21 10:00:00', 'Maryam', '+989121234567', 'IR', '', '{}', '[]',"
            " 'Calls back in spring', '')"
        )


def is_newest(database: BaseDatabaseWrapper) -> bool:
    """Tell whether the squashed files are recorded beside all that they replace, and nothing is left to run."""
    with standing_in(database):
        left = plan(MigrationLoader(database))
    return not left and recorded(database) == {*SQUASHED, *OLD}


def test_every_old_file_is_replaced() -> None:
    assert len(OLD) == 4 + 6 + 19
    known = {key for key in MigrationLoader(None).disk_migrations if key[0] in ROOMS}
    assert known >= set(OLD)
    # Whoever adds a file to the old ones would have it run by nobody.
    assert not {(app, name) for app, name in known - set(OLD) - set(SQUASHED) if name <= LAST[app][1]}
    for app, last in LAST.items():
        assert [key for key in OldFiles(None).graph.forwards_plan(last) if key[0] == app] == [
            key for key in OLD if key[0] == app
        ]


def test_a_new_installation_runs_three_files_of_ours(fresh: BaseDatabaseWrapper) -> None:
    loader = MigrationLoader(None)
    assert plan(loader) == SQUASHED
    assert is_newest(fresh)


def test_squashed_files_make_what_the_old_ones_make(fresh: BaseDatabaseWrapper, before: Before) -> None:
    found = read_catalogue(fresh)
    assert len(found) > 500
    assert not differences(as_new(found), as_new(before.newest))
    assert ask(fresh, SWITCH) == [(1, None, "", None)]


@pytest.mark.one_engine
def test_the_models_after_both_are_the_same() -> None:
    old, new = OldFiles(None), MigrationLoader(None)
    one, other = old.project_state(ends(old)), new.project_state(ends(new))
    assert not MigrationAutodetector(one, other).changes(old.graph)
    assert not MigrationAutodetector(other, one).changes(new.graph)


@pytest.mark.one_engine
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
def test_a_half_migrated_installation_ends_with_the_same(point: list[Key], before: Before) -> None:
    database = before.half_way[name_of(point)]
    assert not recorded(database) & set(SQUASHED)
    if ("campaigns", "0010_same_people") in point:
        write_rows(database)
    migrate(database)
    assert not differences(read_catalogue(database), before.newest)
    if ("campaigns", "0010_same_people") in point:
        assert ask(database, "SELECT text FROM campaigns_contactnote") == [("Calls back in spring",)]
        assert ask(database, SWITCH) == [(1, None, "a fire", None)]
    else:
        assert ask(database, SWITCH) == [(1, None, "", None)]
    assert is_newest(database)


@pytest.mark.parametrize("point", BELOW, ids=name_of)
def test_rooms_below_go_on_where_campaigns_have_not_begun(
    point: list[Key], foundation: BaseDatabaseWrapper, before: Before
) -> None:
    with scratch_database(foundation) as database:
        migrate(database, point, old=True)
        migrate(database)
        assert not differences(as_new(read_catalogue(database)), as_new(before.newest))
        assert ask(database, SWITCH) == [(1, None, "", None)]
        assert is_newest(database)


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
