"""What is no target, no source, or still at work is refused with a sentence, and nothing is moved."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from callcenter.moving import copying, move
from tests.moving.conftest import ask, counted, moved, on_postgres


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
@pytest.mark.parametrize("url", ["", "here", "sqlite:///other.sqlite3", "mysql://a@b/c", "postgres://a@b"])
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
    ask(without_rows, "DELETE FROM django_migrations WHERE app = 'campaigns' AND name > '0021'")
    with pytest.raises(CommandError, match=r"manage\.py migrate"):
        call_command("move_database", "postgres://a@127.0.0.1:9/b", source=str(without_rows))
