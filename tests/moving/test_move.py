"""Every row of every model arrives as it was; a move that is broken off leaves nothing."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connections
from django.db.backends.sqlite3.base import DatabaseWrapper as SqliteWrapper

from callcenter.audit.models import AuditEvent
from callcenter.moving import move
from callcenter.moving.databases import SOURCE, TARGET, opened
from callcenter.moving.tables import LEFT_BEHIND
from campaigns.contacts.search import part_of_person, people_with
from campaigns.core import transcript_words
from campaigns.models import Call, Contact, DialingSwitch
from campaigns.tracking import restore_guard
from providers.models import Provider
from tests.campaigns.catalogue import read_catalogue
from tests.campaigns.scratch import standing_in
from tests.migrated import ROOT
from tests.moving.conftest import ask, counted, environment, moved, on_postgres, rows_of


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
        assert keyed.secrets.open() == {"api_key": "a-key-of-ours"}
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


@on_postgres
@pytest.mark.usefixtures("unblocked")
@pytest.mark.parametrize("error", [KeyboardInterrupt(), sqlite3.DatabaseError("database disk image is malformed")])
def test_a_move_that_breaks_off_ends_in_a_sentence(
    error: BaseException, source: Path, make_target: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def break_off(*_given: Any) -> None:
        raise error

    url = make_target()
    monkeypatch.setattr(move, "compare_sums", break_off)
    with pytest.raises(CommandError, match=r"The move was broken off: .*\. The target is still empty\."):
        call_command("move_database", url, source=str(source))
    assert counted(url, source)["campaigns_call"] == 0


@on_postgres
@pytest.mark.usefixtures("unblocked")
def test_a_source_that_cannot_be_stopped_at_the_end_is_told(
    source: Path, make_target: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = SqliteWrapper._commit

    def fail(self: Any) -> None:
        if self.alias == SOURCE:
            raise OperationalError("database or disk is full")
        commit(self)

    url = make_target()
    monkeypatch.setattr(SqliteWrapper, "_commit", fail)
    with pytest.raises(CommandError, match="Everything was moved and compared, but"):
        call_command("move_database", url, source=str(source))
    monkeypatch.undo()
    assert counted(url, source)["campaigns_call"] > 300
    assert ask(source, "SELECT stopped_at FROM campaigns_dialingswitch") == [(None,)]
