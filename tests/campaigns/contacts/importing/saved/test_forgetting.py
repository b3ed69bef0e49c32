"""Uploaded files are removed some days later; their figures stay, and nothing else is touched."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.contacts.importing.saved import saving
from campaigns.contacts.importing.saved.forgetting import forget_files
from campaigns.minute_job import sweep
from campaigns.models import Contact, ContactImport
from tests.campaigns.contacts.imported_files import save, take
from tests.files import people_file

pytestmark = pytest.mark.django_db
Status = ContactImport.Status
DAY = datetime.timedelta(days=1)


@pytest.fixture(autouse=True)
def three_days(settings: Any) -> None:
    settings.IMPORT_KEEP_DAYS = 3


def aged(record: ContactImport, days: float) -> ContactImport:
    then = timezone.now() - days * DAY
    ContactImport.objects.filter(pk=record.pk).update(created_at=then, saved_at=then if record.saved_at else None)
    record.refresh_from_db()
    return record


def files(settings: Any) -> int:
    return len(list(Path(settings.MEDIA_ROOT).rglob("*.csv")))


def test_a_saved_file_goes_after_its_days_and_its_figures_stay(
    tmp_path: Path, settings: Any, client: Client, manager: User
) -> None:
    record = aged(save(take(people_file(tmp_path / "a.csv", "09121234567", "12")), manager), 2.9)
    assert forget_files() == 0
    counts, people = dict(record.counts), Contact.objects.count()
    aged(record, 3.1)
    sweep()
    record.refresh_from_db()
    assert (files(settings), bool(record.file), record.samples) == (0, False, {})
    assert (record.status, record.counts, record.total_rows) == (Status.SAVED, counts, 2)
    assert Contact.objects.count() == people == 1
    assert AuditEvent.objects.get(action="import.file_removed").object_id == str(record.pk)
    assert forget_files() == 0
    client.force_login(manager)
    page = client.get(reverse("import", args=[record.pk])).content.decode()
    assert "The file itself was removed; these figures stay." in page
    assert "Download rows with errors" not in page
    page = client.get(reverse("import-bad-rows", args=[record.pk]), follow=True).content.decode()
    assert "The file and its invalid rows were deleted" in page


def test_a_file_that_nobody_saved_goes_too_and_can_no_longer_be_saved(
    tmp_path: Path, settings: Any, client: Client, manager: User
) -> None:
    record = aged(take(people_file(tmp_path / "a.csv", "09121234567"), manager), 4)
    fresh = take(people_file(tmp_path / "b.csv", "09131234567"), manager)
    assert forget_files() == 1
    record.refresh_from_db()
    assert (record.status, files(settings)) == (Status.REFUSED, 1)
    assert not saving.begin_saving(record.pk, manager)
    client.force_login(manager)
    page = client.get(reverse("import-check", args=[record.pk]), follow=True).content.decode()
    assert "it was not saved within 3 days" in page
    assert client.get(reverse("import-map", args=[record.pk]), follow=True).status_code == 200
    fresh.refresh_from_db()
    assert fresh.status == Status.CHECKED


def test_a_file_that_is_being_saved_stays(tmp_path: Path, settings: Any, manager: User) -> None:
    record = take(people_file(tmp_path / "a.csv", "09121234567"), manager)
    saving.begin_saving(record.pk, manager)
    aged(record, 40)
    assert (forget_files(), files(settings)) == (0, 1)


def test_a_file_without_a_row_goes(settings: Any) -> None:
    folder = Path(settings.MEDIA_ROOT) / "imports"
    folder.mkdir(parents=True)
    for name, days in (("old.csv", 4), ("new.csv", 1)):
        (folder / name).write_text("x")
        then = (timezone.now() - days * DAY).timestamp()
        os.utime(folder / name, (then, then))
    assert forget_files() == 1
    assert [path.name for path in folder.iterdir()] == ["new.csv"]


def test_dying_between_file_and_row_is_repaired(
    tmp_path: Path, settings: Any, manager: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = aged(save(take(people_file(tmp_path / "a.csv", "09121234567")), manager), 4)
    Path(record.file.path).unlink()
    assert forget_files() == 1
    record.refresh_from_db()
    assert not record.file
