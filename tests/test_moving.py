"""A move from SQLite to PostgreSQL brings every row along as it was, or nothing at all.

What needs PostgreSQL runs in `make upgrades` where TEST_DATABASE_URL names one, as under `.ci/services`.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections, models
from pytest_django import DjangoDbBlocker

from callcenter.audit.models import AuditEvent
from callcenter.moving import copying, move
from callcenter.moving.databases import SOURCE, TARGET, opened
from callcenter.moving.tables import LEFT_BEHIND, Table, clean_json, tables_to_move, turn_of
from campaigns.contacts.search import part_of_person, people_with
from campaigns.core import transcript_words
from campaigns.models import Call, Contact, DialingSwitch
from campaigns.tracking import restore_guard
from providers.models import Provider
from tests.campaigns.catalogue import read_catalogue
from tests.campaigns.scratch import standing_in
from tests.migrated import ROOT, copy_postgres, copy_sqlite, shared_folder

SERVER = os.environ.get("TEST_DATABASE_URL", "")


def on_postgres(test: Callable[..., None]) -> Any:
    """Mark a test that moves a whole database."""
    return pytest.mark.upgrades(pytest.mark.skipif(not SERVER, reason="TEST_DATABASE_URL names no PostgreSQL")(test))


def environment(folder: Path, database_url: str = "") -> dict[str, str]:
    """Return the environment of an installation; what is not named here the tests' settings have set."""
    return {
        "DJANGO_SETTINGS_MODULE": "callcenter.settings",
        "VAR_DIR": str(folder),
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
    }


def run(folder: Path, *arguments: str) -> str:
    """Run a command of the installation and return what it printed."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=os.environ | environment(folder),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with a history and with rows in every table."""
    folder = tmp_path_factory.mktemp("filled")
    copy_sqlite(shared_folder(tmp_path_factory), environment(folder))
    run(folder, "make_history", "--contacts", "200", "--calls", "400")
    fill = "from tests.filled import fill_every_table; assert fill_every_table() == []"
    run(folder, "shell", "-v0", "-c", fill)
    return folder / "callcenter.sqlite3"


@pytest.fixture
def source(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the filled file, in a VAR_DIR of its own."""
    for name, value in environment(tmp_path).items():
        # For the process that migrates the target.
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(settings, "VAR_DIR", tmp_path)
    return Path(shutil.copy(filled, tmp_path))


@pytest.fixture
def without_rows(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file."""
    copy_sqlite(shared_folder(tmp_path_factory), environment(tmp_path))
    return tmp_path / "callcenter.sqlite3"


@pytest.fixture
def make_target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., str]]:
    """Make PostgreSQL databases, migrated or empty, and drop them afterwards."""
    import psycopg

    made = []

    def make(*, is_migrated: bool = True) -> str:
        name = f"moving_{uuid.uuid4().hex[:12]}"
        url = urlunsplit(urlsplit(SERVER)._replace(path=f"/{name}"))
        made.append(name)
        if is_migrated:
            copy_postgres(shared_folder(tmp_path_factory), environment(tmp_path_factory.mktemp("target"), url), SERVER)
        else:
            with psycopg.connect(SERVER, autocommit=True) as server:
                server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        return url

    yield make
    with psycopg.connect(SERVER, autocommit=True) as server:
        for name in made:
            server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")  # type: ignore[arg-type]


@pytest.fixture
def unblocked(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        yield


def moved(source: Path, url: str) -> list[str]:
    """Move, and return the lines of progress."""
    told: list[str] = []
    move.move(source, url, told.append)
    return told


def ask(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        return list(connection.execute(statement))


def rows_of(model: type[models.Model], alias: str) -> list[dict[str, Any]]:
    return list(model._base_manager.using(alias).order_by("pk").values())


def counted(url: str, source: Path) -> dict[str, int]:
    with opened(source, url):
        return {table.name: table.model._base_manager.using(TARGET).count() for table in tables_to_move()}


# What arrives


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_every_row_of_every_model_arrives_as_it_was(source: Path, make_target: Callable[..., str]) -> None:
    url, fresh = make_target(is_migrated=False), make_target()
    told = moved(source, url)
    assert any("campaigns_call " in line for line in told)
    with opened(source, url):
        for model in apps.get_models(include_auto_created=True):
            if not model._meta.managed or model._meta.proxy:
                continue
            there, here = rows_of(model, SOURCE), rows_of(model, TARGET)
            assert there, f"{model._meta.label} was empty: nothing is proven of it"
            if model._meta.label_lower in LEFT_BEHIND:
                assert here == []
                continue
            if model is AuditEvent:
                last = here.pop()
                assert (last["action"], last["actor_id"]) == ("database.moved", None)
            if model is DialingSwitch:
                assert [row["stopped_at"] for row in here] == [None]
                continue
            assert here == there, model._meta.label
        keyed = Provider.objects.using(TARGET).filter(vendor="bolna", is_active=False).first()
        assert keyed is not None
        assert keyed.secrets == {"api_key": "a-key-of-ours"}
        standing = read_catalogue(connections[TARGET])
    with opened(source, fresh):
        # Every index, constraint and sequence stands as the migrations make it.
        assert standing == read_catalogue(connections[TARGET])


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_ids_go_on_and_searches_find(source: Path, make_target: Callable[..., str]) -> None:
    url = make_target()
    moved(source, url)
    with opened(source, url), standing_in(connections[TARGET]):
        highest = max(Contact.objects.values_list("pk", flat=True))
        assert Contact.objects.create(name="New", phone="+989120000001").pk == highest + 1
        known = Contact.objects.exclude(name="").order_by("pk").first()
        assert known is not None
        assert known in people_with(part_of_person(known.phone[4:10]), Contact.objects.all())
        assert Call.objects.filter(transcript_words.said(["parcel"])).exists()


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_calling_is_not_frozen_there_and_stopped_here(source: Path, make_target: Callable[..., str]) -> None:
    url = make_target()
    before = ask(source, "SELECT * FROM campaigns_call ORDER BY id")
    with opened(source, url), standing_in(connections[SOURCE]):
        restore_guard.watch()
    moved(source, url)
    with opened(source, url):
        with standing_in(connections[TARGET]):
            frozen = set(Provider.objects.filter(frozen_at__isnull=False).values_list("pk", flat=True))
            assert not restore_guard.watch()
            assert not restore_guard.watch()
            assert set(Provider.objects.filter(frozen_at__isnull=False).values_list("pk", flat=True)) == frozen
            assert DialingSwitch.objects.get().stopped_at is None
        with standing_in(connections[SOURCE]):
            # Whoever starts the old one by mistake calls nobody, and it notices what came after it.
            assert "moved to PostgreSQL" in DialingSwitch.objects.get().reason
            assert DialingSwitch.objects.get().stopped_at is not None
            assert restore_guard.watch()
    assert ask(source, "SELECT * FROM campaigns_call ORDER BY id") == before


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_characters_that_postgresql_refuses_are_replaced(source: Path, make_target: Callable[..., str]) -> None:
    url = make_target()
    ask(source, "UPDATE campaigns_contact SET name = 'a' || char(0) || 'b', tags = '[\"\\u0000\", \"\\ud800x\"]'")
    moved(source, url)
    with opened(source, url):
        contact = Contact.objects.using(TARGET).first()
        assert contact is not None
        assert (contact.name, contact.tags) == ("a?b", ["?", "?x"])


# What is refused


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_living_worker_is_refused(source: Path, make_target: Callable[..., str]) -> None:
    url = make_target()
    ask(source, "UPDATE campaigns_workerhost SET beat_at = datetime('now'), ended_at = NULL, name = 'desk-1'")
    with pytest.raises(CommandError, match="host desk-1"):
        call_command("move_database", url, source=str(source))
    ask(source, "UPDATE campaigns_workerhost SET ended_at = datetime('now')")
    call_command("move_database", url, source=str(source))


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_target_with_data_is_refused(source: Path, make_target: Callable[..., str]) -> None:
    url = make_target()
    moved(source, url)
    before = counted(url, source)
    with pytest.raises(CommandError, match="holds data already"):
        call_command("move_database", url, source=str(source))
    assert counted(url, source) == before


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_target_of_something_else_is_refused(source: Path, make_target: Callable[..., str]) -> None:
    import psycopg

    url = make_target(is_migrated=False)
    with psycopg.connect(url) as target:
        target.execute("CREATE TABLE theirs (id int)")
    with pytest.raises(CommandError, match="something else"):
        call_command("move_database", url, source=str(source))


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_source_that_is_written_to_is_refused(
    source: Path, make_target: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_target()
    monkeypatch.setattr("callcenter.moving.databases.LOCK_SECONDS", 0.1)
    with contextlib.closing(sqlite3.connect(source, isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        with pytest.raises(CommandError, match="cannot be locked"):
            call_command("move_database", url, source=str(source))
    moved(source, url)


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_nobody_writes_to_the_source_meanwhile(
    source: Path, make_target: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def write_too(*given: Any) -> Any:
        with contextlib.closing(sqlite3.connect(source, timeout=0.1)) as writer:
            try:
                writer.execute("DELETE FROM campaigns_call")
            except sqlite3.OperationalError as error:
                tried.append(str(error))
        return copying.copy_all(*given)

    monkeypatch.setattr(move, "copy_all", write_too)
    moved(source, make_target())
    assert tried == ["database is locked"]


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_value_that_does_not_fit_is_named_without_being_shown(source: Path, make_target: Callable[..., str]) -> None:
    url = make_target()
    ((pk,),) = ask(source, "SELECT max(id) FROM campaigns_contact")
    ask(source, f"UPDATE campaigns_contact SET region = 'Zanzibar' WHERE id = {pk}")
    with pytest.raises(CommandError, match=f"row {pk} of campaigns_contact, region") as refused:
        call_command("move_database", url, source=str(source))
    assert "Zanzibar" not in str(refused.value)
    assert counted(url, source)["campaigns_call"] == 0


@pytest.mark.usefixtures("unblocked")
@pytest.mark.parametrize("url", ["", "here", "sqlite:////tmp/other", "mysql://a@b/c", "postgres://a@b"])
def test_an_address_that_is_none_is_refused(url: str, without_rows: Path) -> None:
    with pytest.raises(CommandError, match="no address of a PostgreSQL database"):
        call_command("move_database", url, source=str(without_rows))


@pytest.mark.usefixtures("unblocked")
def test_a_server_that_is_away_is_refused_without_the_password(without_rows: Path) -> None:
    with pytest.raises(CommandError, match="cannot be reached") as refused:
        call_command("move_database", "postgres://someone:hidden@127.0.0.1:9/none", source=str(without_rows))
    assert "hidden" not in str(refused.value)


@pytest.mark.usefixtures("unblocked")
def test_a_file_that_is_no_database_is_refused(without_rows: Path, tmp_path: Path) -> None:
    (tmp_path / "words").write_text("no database")
    for name, words in (("words", "no SQLite database"), ("nothing", "There is no file")):
        with pytest.raises(CommandError, match=words):
            call_command("move_database", "postgres://a@127.0.0.1:9/b", source=str(tmp_path / name))
    ask(without_rows, "DELETE FROM django_migrations WHERE app = 'campaigns' AND name LIKE '0021%'")
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command("move_database", "postgres://a@127.0.0.1:9/b", source=str(without_rows))


# What is broken off


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_killed_move_leaves_nothing_and_is_begun_anew(source: Path, make_target: Callable[..., str]) -> None:
    url = make_target()
    command = [sys.executable, "-u", "manage.py", "move_database", url]
    with subprocess.Popen(command, cwd=ROOT, env=os.environ | environment(source.parent), stdout=-1, text=True) as one:
        assert one.stdout is not None
        seen = next((line for line in one.stdout if "campaigns_callevent" in line), "")
        one.send_signal(signal.SIGKILL)
    assert seen, "it was not killed in the middle"
    assert one.returncode == -signal.SIGKILL
    assert counted(url, source)["campaigns_call"] == 0
    assert ask(source, "SELECT stopped_at FROM campaigns_dialingswitch") == [(None,)]
    moved(source, url)
    assert counted(url, source)["campaigns_call"] > 300


# What is compared


def spoil(kind: str, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """Return a reader of turns that also changes the last value of each column of one kind."""
    usual = turn_of

    def turn(field: models.Field[Any, Any]) -> Any:
        right = usual(field)
        if field.get_internal_type() != kind or field.unique:
            return right
        return lambda value: change(right(value) if right else value)

    return turn


@on_postgres
@pytest.mark.usefixtures("unblocked")
@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("CharField", lambda text: text[:-1]),
        ("TextField", lambda text: text[:-1]),
        ("BooleanField", lambda _value: True),
        ("DateTimeField", lambda text: text.replace("+00:00", "") + "+03:30"),
        ("DecimalField", lambda amount: amount + Decimal("0.01")),
        ("JSONField", lambda _text: "{}"),
        ("TimeField", lambda _text: "00:00"),
        ("PositiveIntegerField", lambda number: number + 1),
        ("FloatField", lambda number: number + 1),
        ("UUIDField", lambda _text: uuid.uuid4().hex),
    ],
)
def test_a_copy_that_differs_is_noticed_and_taken_back(
    kind: str,
    change: Callable[[Any], Any],
    source: Path,
    make_target: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_target()
    monkeypatch.setattr("callcenter.moving.tables.turn_of", spoil(kind, change))
    with pytest.raises(CommandError, match="Nothing was moved"):
        call_command("move_database", url, source=str(source))
    assert counted(url, source)["campaigns_call"] == 0
    assert ask(source, "SELECT stopped_at FROM campaigns_dialingswitch") == [(None,)]


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_row_that_is_missing_is_noticed(
    source: Path, make_target: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = copying._copy_batch

    def forgetful(table: Table, batch: list[Any], key: int) -> None:
        usual(table, batch[:-1] if table.model is AuditEvent else batch, key)

    monkeypatch.setattr(copying, "_copy_batch", forgetful)
    with pytest.raises(CommandError, match="audit_auditevent, rows: "):
        call_command("move_database", make_target(), source=str(source))


# Kinds of fields


def test_every_field_of_every_model_has_a_rule() -> None:
    tables = tables_to_move()
    assert {"campaigns_call", "campaigns_campaign_lists", "django_q_schedule"} <= {table.name for table in tables}
    for table in tables:
        for field in table.fields:
            turn_of(field)


@pytest.mark.parametrize(
    ("stored", "read"), [(0.05, "0.0500"), (12, "12.0000"), (0.1, "0.1000"), (1234567.8901, "1234567.8901")]
)
def test_decimals_have_the_places_of_their_field(stored: Any, read: str) -> None:
    turn = turn_of(Provider._meta.get_field("price_per_minute"))
    assert turn is not None
    assert str(turn(stored)) == read


def test_json_is_written_anew_only_where_it_must() -> None:
    emoji = '{"a":  "\\ud83d\\ude00"}'
    assert clean_json('{"a":  1.0}') == '{"a":  1.0}'
    assert clean_json(emoji) == '{"a": "\\ud83d\\ude00"}'
    assert clean_json('["\\u0000", {"\\ud800": 1}]') == '["?", {"?": 1}]'
