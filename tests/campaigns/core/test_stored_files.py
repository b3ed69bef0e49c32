"""Stored files: two hosts with folders of their own share an S3-compatible store, and nothing is lost between them."""

from __future__ import annotations

import datetime
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from moto.server import ThreadedMotoServer

from callcenter import diagnosis
from callcenter.storage import storage_of
from campaigns import queue
from campaigns.calls import call_columns
from campaigns.calls.call_log_filters import CallFilters
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.rows import validation
from campaigns.contacts.importing.saved import forgetting, saving
from campaigns.contacts.importing.upload import map_columns, take_file
from campaigns.core import hosts as host_rows
from campaigns.core import stored_files
from campaigns.exports import files, job, requests
from campaigns.models import CallExport, Contact, ContactImport
from tests.conftest import make_call

pytestmark = [pytest.mark.django_db]

State = CallExport.State
BUCKET = "files"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """An S3-compatible server with an empty bucket; its address as host:port."""
    running = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    yield f"{host}:{port}"
    running.stop()


class Hosts:
    """Switches the process between two hosts, each with a MEDIA_ROOT of its own and the same store."""

    def __init__(self, settings: Any, folder: Path, entry: dict[str, Any]) -> None:
        self._settings, self._folder, self.entry = settings, folder, entry

    def become(self, name: str) -> Path:
        """Go on as this host; returns its MEDIA_ROOT."""
        self._settings.MEDIA_ROOT = self._folder / name
        self._settings.STORAGES = {**self._settings.STORAGES, "default": self.entry}
        return self._folder / name

    def names(self) -> list[str]:
        """Return the names in the store."""
        bucket = storages["default"].bucket
        return sorted(one.key for one in bucket.objects.all())


@pytest.fixture(params=["s3", "folder"])
def hosts(request: pytest.FixtureRequest, settings: Any, tmp_path: Path, server: str) -> Hosts:
    """Two hosts on one S3 store, or one host on its folder (both names are the same one)."""
    if request.param == "folder":
        only = Hosts(settings, tmp_path, storage_of("", is_production=False))
        only.become = lambda _name: Hosts.become(only, "one")  # type: ignore[method-assign]
        only.names = lambda: sorted(  # type: ignore[method-assign]
            str(path.relative_to(tmp_path / "one")) for path in (tmp_path / "one").rglob("*") if path.is_file()
        )
        only.become("north")
        return only
    return shared(settings, tmp_path, server)


@pytest.fixture
def two_hosts(settings: Any, tmp_path: Path, server: str) -> Hosts:
    """Two hosts on one S3 store."""
    return shared(settings, tmp_path, server)


def shared(settings: Any, folder: Path, server: str) -> Hosts:
    client = boto3.client(
        "s3", endpoint_url=f"http://{server}", aws_access_key_id="key", aws_secret_access_key="se/cret",
        region_name="us-east-1",
    )  # fmt: skip
    client.create_bucket(Bucket=BUCKET)
    for one in client.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        client.delete_object(Bucket=BUCKET, Key=one["Key"])
    url = f"s3://key:se%2Fcret@{server}/{BUCKET}?tls=off"
    hosts = Hosts(settings, folder, storage_of(url, is_production=False))
    hosts.become("north")
    return hosts


def cut_off(hosts: Hosts, name: str = "north") -> None:
    """Go on as a host that cannot reach the store."""
    hosts.entry = storage_of("s3://key:secret@127.0.0.1:9/files?tls=off", is_production=False)
    hosts.entry["OPTIONS"]["client_config"] = hosts.entry["OPTIONS"]["client_config"].merge(
        type(hosts.entry["OPTIONS"]["client_config"])(retries={"total_max_attempts": 1}, connect_timeout=0.2)
    )
    hosts.become(name)


@pytest.fixture(autouse=True)
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    ids: list[int] = []
    monkeypatch.setattr(queue, "nudge_export", ids.append)
    monkeypatch.setattr(queue, "nudge_import", ids.append)
    return ids


def ask(person: User, file_format: str) -> CallExport:
    columns = call_columns.chosen(["person", "number", "talked"])
    return requests.ask(person, CallFilters(), columns, words=[], file_format=file_format)


def upload(person: User, rows: int = 3) -> ContactImport:
    lines = ["name,phone", *(f"Person {number},0912345{number:04d}" for number in range(rows))]
    record = take_file(ContentFile("\n".join(lines).encode()), "people.csv", "IR", person)
    mapping = ColumnMapping.from_json(record.mapping)
    assert map_columns(record, mapping, region="IR", contact_list=None, list_name="New")
    return record


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_an_export_is_written_by_two_hosts_in_turn_and_fetched_from_either(
    hosts: Hosts, manager: User, client: Client, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    for _ in range(7):
        make_call()
    export = ask(manager, file_format)
    turns, is_ready = 0, False
    while not is_ready:
        hosts.become(("north", "south")[turns % 2])
        is_ready = job.write(export.pk, seconds=0)
        turns += 1
        assert turns < 9, "each turn goes on where the one before ended"
    export.refresh_from_db()
    assert (export.state, export.done_rows, turns) == (State.READY, 7, 4)
    assert hosts.names() == [files.name_of(export)]
    client.force_login(manager)
    fetched = []
    for name in ("north", "south"):
        hosts.become(name)
        answer = client.get(reverse("export-fetch", args=[export.pk]))
        fetched.append(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    assert fetched[0] == fetched[1]
    assert len(fetched[0]) == export.size
    if file_format == "csv":
        assert fetched[0].count(b"\r\n") == 8
    hosts.become("south")
    assert requests.delete_file(export, manager)
    assert hosts.names() == []


def test_what_another_host_began_anew_is_never_mixed_with_an_old_part(
    two_hosts: Hosts, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    for _ in range(6):
        make_call()
    export = ask(manager, "csv")
    two_hosts.become("north")
    monkeypatch.setattr(files, "hand_on", lambda _export: None)
    job.write(export.pk, seconds=0)
    monkeypatch.undo()
    export.refresh_from_db()
    before = export.file
    two_hosts.become("south")
    assert job.write(export.pk)
    export.refresh_from_db()
    assert (export.done_rows, export.file != before) == (6, True)
    with stored_files.open_stored(files.name_of(export)) as file:
        assert file.read().count(b"\r\n") == 7


def test_an_import_taken_in_by_one_host_is_saved_by_the_other(hosts: Hosts, manager: User) -> None:
    hosts.become("north")
    record = upload(manager)
    hosts.become("south")
    validation.check_import(record.pk)
    record.refresh_from_db()
    assert record.status == ContactImport.Status.CHECKED
    assert saving.begin_saving(record.pk, manager)
    saving.save_import(record.pk)
    assert Contact.objects.filter(name__startswith="Person").count() == 3
    later = timezone.now() + datetime.timedelta(days=400)
    assert forgetting.forget_files(later) == 1
    assert hosts.names() == []


def test_a_store_that_is_away_is_a_sentence_and_loses_nothing(two_hosts: Hosts, manager: User) -> None:
    make_call()
    two_hosts.become("north")
    kept = ask(manager, "csv")
    assert job.write(kept.pk)
    kept.refresh_from_db()
    entry = two_hosts.entry
    cut_off(two_hosts)
    with pytest.raises(FileRefused, match="cannot be reached"):
        upload(manager)
    assert not ContactImport.objects.exists()
    with pytest.raises(requests.Refusal, match="cannot be reached"):
        requests.open_file(kept, manager)
    waiting = ask(manager, "csv")
    with pytest.raises(stored_files.StorageAway):
        job.write(waiting.pk)
    waiting.refresh_from_db()
    assert (waiting.state, "cannot be reached" in waiting.error) == (State.WRITING, True)
    # A deletion holds, and the file goes when the store is back.
    assert requests.delete_file(kept, manager)
    two_hosts.entry = entry
    two_hosts.become("south")
    assert two_hosts.names() == [files.name_of(kept)]
    requests.delete_old(timezone.now())
    assert two_hosts.names() == []
    assert job.write(waiting.pk)


def test_copies_that_nobody_uses_any_more_are_deleted(two_hosts: Hosts, manager: User) -> None:
    record = upload(manager)
    south = two_hosts.become("south")
    path = stored_files.local_copy(str(record.file.name))
    assert path.is_relative_to(south)
    forgetting.forget_files()
    assert path.exists()
    long_ago = time.time() - stored_files.KEPT_SECONDS - 1
    os.utime(path, (long_ago, long_ago))
    forgetting.forget_files()
    assert not path.exists()
    assert stored_files.local_copy(str(record.file.name)).exists(), "and is fetched again"


def test_no_key_of_the_store_is_in_what_is_raised(two_hosts: Hosts) -> None:
    cut_off(two_hosts)
    with pytest.raises(stored_files.StorageAway) as caught:
        stored_files.fetch("imports/none.csv")
    assert "secret" not in repr(caught.value) + str(caught.value.__cause__)


def test_doctor_tries_the_store_and_sees_hosts_that_share_none(two_hosts: Hosts) -> None:
    assert [found.level for found in diagnosis.storage()] == ["ok"]
    assert two_hosts.names() == []
    entry = two_hosts.entry
    cut_off(two_hosts)
    (found,) = diagnosis.storage()
    assert (found.level, "secret" in found.sentence) == ("problem", False)
    two_hosts.entry = storage_of("", is_production=True)
    two_hosts.become("north")
    assert list(diagnosis.storage()) == []
    host_rows.begin("north")
    host_rows.begin("south")
    (found,) = diagnosis.storage()
    assert "north, south" in found.sentence
    two_hosts.entry = entry
