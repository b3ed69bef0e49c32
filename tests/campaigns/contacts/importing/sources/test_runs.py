"""Sources are read when due: a file that changed is an import of its own, what fails is told, and halts after days."""

from __future__ import annotations

import datetime
import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from callcenter.access.models import Team
from callcenter.audit.models import AuditEvent
from campaigns import minute_job, queue
from campaigns.contacts.importing import upload
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.saved import saving, undoing
from campaigns.contacts.importing.sources import keeping, runs
from campaigns.models import Contact, ContactImport, ContactList, ImportSource
from providers.outbound import NotRead, ReadFile

pytestmark = pytest.mark.django_db

FIRST = "Handy,Wer,City\n+989121110001,Maryam,Tehran\n"
SECOND = FIRST + "+989121110002,Reza,Shiraz\n"
ADDRESS = "https://files.example.org/people.csv?key=secret"
HOUR = datetime.timedelta(hours=1)


class Address:
    """What the address answers, and what was asked of it."""

    def __init__(self) -> None:
        self.answer: ReadFile | Exception = ReadFile(FIRST.encode(), '"1"')
        self.asked: list[str] = []

    def read(self, address: str, allowed: Any, *, etag: str = "", most_bytes: int) -> ReadFile:
        """Answer, as `read_file` does."""
        assert (address, list(allowed), most_bytes > 0) == (ADDRESS, ["files.example.org"], True)
        self.asked.append(etag)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Address:
    settings.OUTBOUND_HOSTS = ["files.example.org"]
    found = Address()
    monkeypatch.setattr(runs.outbound, "read_file", found.read)
    return found


@pytest.fixture
def first(caller: User) -> ContactImport:
    """An import by hand, whose columns were chosen: a name is guessed for none of its titles."""
    made = upload.take_file(io.BytesIO(FIRST.encode()), "first.csv", "IR", caller)
    mapping = upload.ColumnMapping.from_json(made.mapping)
    chosen = upload.replace(mapping, columns={0: "phone", 1: "name", 2: "var:town"}, asks={})
    upload.map_columns(made, chosen, region="IR", contact_list=None, list_name="Customers")
    check_import(made.pk)
    saving.begin_saving(made.pk, caller, tags=["web"], consent_source="the form")
    saving.save_import(made.pk)
    made.refresh_from_db()
    assert made.status == ContactImport.Status.SAVED
    return made


def read_again(source: ImportSource) -> ContactImport | None:
    """Let a source be due, read it, and save what begins."""
    ImportSource.objects.filter(pk=source.pk, next_at__isnull=False).update(next_at=timezone.now() - HOUR)
    made = runs.read(source.pk)
    if made is not None:
        saving.save_import(made.pk)
        made.refresh_from_db()
    source.refresh_from_db()
    return made


def test_what_changed_is_imported_as_the_first_file_was(caller: User, first: ContactImport, there: Address) -> None:
    source = keeping.add(caller, first, ADDRESS, 6)
    there.answer = ReadFile(SECOND.encode(), '"2"')
    made = read_again(source)
    assert made is not None
    assert (made.status, made.owner, made.contact_list) == ("saved", caller, first.contact_list)
    new = Contact.objects.get(phone="+989121110002")
    assert (new.name, new.variables, new.tags, new.consent_source) == ("Reza", {"town": "Shiraz"}, ["web"], "the form")
    assert ContactList.objects.get().contacts.count() == 2
    assert (source.last_import, source.etag, source.problem) == (made, '"2"', "")
    assert source.next_at is not None
    assert source.next_at > timezone.now() + 5 * HOUR
    # It is not due before its time, and what did not change makes no import.
    assert runs.due(timezone.now()) == []
    assert runs.read(source.pk) is None
    assert read_again(source) is None
    there.answer = ReadFile(b"", '"2"', is_unchanged=True)
    assert read_again(source) is None
    assert there.asked == ["", '"2"', '"2"']
    assert ContactImport.objects.count() == 2
    # Undone as any other.
    undoing.undo_import(made.pk, caller)
    assert not Contact.objects.filter(phone="+989121110002").exists()


def test_what_fails_is_told_kept_trying_and_halted_after_days(
    caller: User, first: ContactImport, there: Address
) -> None:
    source = keeping.add(caller, first, ADDRESS, 1)
    wrong: dict[str, ReadFile | Exception] = {
        "answers with 500": NotRead("It answers with 500, not with a file."),
        "differ from those of the first": ReadFile(b"Name,Phone\nA,+989121110003\n", ""),
        "Something went wrong": RuntimeError("ours"),
    }
    for words, answer in wrong.items():
        there.answer = answer
        assert read_again(source) is None
        assert words in source.problem
        assert source.next_at is not None
    assert (ContactImport.objects.count(), "secret" in source.problem) == (1, False)
    there.answer = ReadFile(SECOND.encode(), "")
    read_again(source)
    assert (source.problem, source.failing_since) == ("", None)
    there.answer = NotRead("away")
    read_again(source)
    ImportSource.objects.update(failing_since=timezone.now() - runs.GIVEN_UP_AFTER)
    read_again(source)
    assert (source.next_at, source.halted_at is not None, source.problem) == (None, True, "away")
    event = AuditEvent.objects.get(action="import_source.halted")
    assert event.detail["host"] == "files.example.org"
    assert keeping.has_halted(caller)
    assert keeping.switch(source.pk, caller)
    there.answer = ReadFile(FIRST.encode(), "")
    read_again(source)
    assert (source.halted_at, source.problem) == (None, "")


def test_it_halts_where_its_owner_or_list_is_gone(caller: User, first: ContactImport, there: Address) -> None:
    source = keeping.add(caller, first, ADDRESS, 1)
    User.objects.filter(pk=caller.pk).update(is_active=False)
    read_again(source)
    assert (source.next_at, "no longer has permission to import" in source.problem) == (None, True)
    User.objects.filter(pk=caller.pk).update(is_active=True)
    keeping.switch(source.pk, caller)
    ContactList.objects.update(team=Team.objects.create(name="Theirs"))
    read_again(source)
    assert (source.next_at, "no longer has access to its list" in source.problem) == (None, True)
    keeping.switch(source.pk, caller)
    ContactList.objects.all().delete()
    read_again(source)
    assert (source.next_at, "manually" in source.problem) == (None, True)
    # Nothing was saved, and only what its owner still reached was asked for.
    assert (there.asked, ContactImport.objects.count()) == ([""], 1)


def test_one_worker_reads_it_and_the_minute_job_rings_for_it(
    caller: User, first: ContactImport, there: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = keeping.add(caller, first, ADDRESS, 1)
    rung: list[int] = []
    monkeypatch.setattr(queue, "nudge_source", rung.append)
    minute_job.sweep()
    assert rung == [source.pk]

    class Meanwhile(Address):
        others = [source.pk]

        def read(self, address: str, allowed: Any, *, etag: str = "", most_bytes: int) -> ReadFile:
            """Let another worker try while the first one reads."""
            assert not self.others or runs.read(self.others.pop()) is None
            return super().read(address, allowed, etag=etag, most_bytes=most_bytes)

    slow = Meanwhile()
    slow.answer = ReadFile(SECOND.encode(), "")
    monkeypatch.setattr(runs.outbound, "read_file", slow.read)
    assert read_again(source) is not None
    assert len(slow.asked) == 1


def test_one_that_is_paused_while_it_is_read_stays_paused(
    caller: User, first: ContactImport, there: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = keeping.add(caller, first, ADDRESS, 1)

    def paused(*args: Any, **kwargs: Any) -> ReadFile:
        keeping.switch(source.pk, caller)
        raise NotRead("away")

    monkeypatch.setattr(runs.outbound, "read_file", paused)
    read_again(source)
    assert (source.next_at, source.halted_at) == (None, None)
