"""Turns: a short import or export never waits for the end of a long one."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns import queue
from campaigns.calls import call_columns
from campaigns.calls.call_log_filters import CallFilters
from campaigns.contacts.importing.saved import saving
from campaigns.core import hosts, stored_files, turns
from campaigns.exports import job, requests
from campaigns.models import CallExport, ContactImport
from tests.campaigns.contacts.imported_files import take
from tests.conftest import make_call
from tests.files import people_file

pytestmark = pytest.mark.django_db
State = CallExport.State


@pytest.fixture(autouse=True)
def rung(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> list[int]:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr(turns, "OWN_SECONDS", 0.0)
    monkeypatch.setattr(job, "BATCH", 1)
    ids: list[int] = []
    monkeypatch.setattr(queue, "nudge_export", ids.append)
    monkeypatch.setattr(queue, "nudge_import", lambda _id: None)
    return ids


def ask(person: User) -> CallExport:
    return requests.ask(person, CallFilters(), call_columns.chosen(["person"]), words=[], file_format="csv")


def import_of(folder: Path, person: User, *numbers: str) -> ContactImport:
    record = take(people_file(folder / f"{len(numbers)}.csv", *numbers), person)
    ContactImport.objects.filter(pk=record.pk).update(list_name=f"List of {len(numbers)}")
    assert saving.begin_saving(record.pk, person)
    return record


def test_a_long_export_lets_one_go_first_that_has_not_begun(manager: User, rung: list[int]) -> None:
    for _ in range(5):
        make_call()
    long, short = ask(manager), ask(manager)
    rung.clear()
    assert not job.write(long.pk), "it leaves off after a batch"
    assert rung == [short.pk]
    long.refresh_from_db()
    assert long.done_rows == 1
    CallExport.objects.filter(pk=short.pk).update(newest_id=0)
    assert job.write(short.pk)
    assert rung[-1] == long.pk
    assert job.write(long.pk), "nobody left to call: it goes on to its end"


def test_without_others_a_slice_uses_its_whole_time(manager: User) -> None:
    for _ in range(3):
        make_call()
    export = ask(manager)
    assert job.write(export.pk)


def test_a_long_import_lets_an_export_and_an_import_go_first(
    tmp_path: Path, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "batches", lambda people: ([one] for one in people))
    long = import_of(tmp_path, manager, "09121234567", "09121234568", "09121234569")
    short = import_of(tmp_path, manager, "09121234570")
    assert not saving.save_import(long.pk)
    long.refresh_from_db()
    assert (long.done_rows, long.status) == (1, ContactImport.Status.SAVING)
    assert saving.save_import(short.pk)
    export = ask(manager)
    assert not saving.save_import(long.pk)
    assert job.write(export.pk)
    assert saving.save_import(long.pk)


def test_the_page_says_when_a_waiting_export_starts(client: Client, manager: User) -> None:
    export = ask(manager)
    client.force_login(manager)
    assert "Starts in a few seconds." in client.get(reverse("exports")).content.decode()
    CallExport.objects.filter(pk=export.pk).update(created_at=timezone.now() - datetime.timedelta(minutes=1))
    assert "The server is busy." in client.get(reverse("exports")).content.decode()


def test_a_file_of_another_host_or_a_store_that_is_away_refuses_no_import(
    tmp_path: Path, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = import_of(tmp_path, manager, "09121234567")
    path = stored_files.path_here(str(record.file.name))
    kept = path.read_bytes()
    path.unlink()
    hosts.begin("another")
    assert not saving.save_import(record.pk)
    record.refresh_from_db()
    assert (record.status, record.refused_reason) == (ContactImport.Status.SAVING, "")
    path.write_bytes(kept)
    with monkeypatch.context() as patched:

        def away(_name: str) -> Path:
            raise stored_files.StorageAway

        patched.setattr(stored_files, "local_copy", away)
        assert not saving.save_import(record.pk)
    record.refresh_from_db()
    assert record.status == ContactImport.Status.SAVING
    assert saving.save_import(record.pk)
