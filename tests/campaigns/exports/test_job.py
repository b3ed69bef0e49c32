"""Exports: what is asked for is what is written, once, by whoever gets to it, for those who may have it."""

from __future__ import annotations

import csv
import datetime
import io
import uuid
from typing import Any

import openpyxl
import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from python_calamine import CalamineWorkbook

from callcenter.access.fresh import PROVED_AT
from callcenter.access.rights import ADMIN, CALLER, MANAGER
from callcenter.audit.models import AuditEvent
from campaigns import minute_job, queue
from campaigns.calls import call_columns
from campaigns.calls.call_log_filters import CallFilters
from campaigns.core import stored_files
from campaigns.core.refusals import Refusal
from campaigns.exports import contents, files, job, requests
from campaigns.models import Call, CallExport
from tests.conftest import make_call, make_campaign, make_contact, make_person

State = CallExport.State


@pytest.fixture(autouse=True)
def own_folder(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def nudged(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    ids: list[int] = []
    monkeypatch.setattr(queue, "nudge_export", ids.append)
    return ids


def ask(person: User, file_format: str = "csv", **filters: Any) -> CallExport:
    columns = call_columns.chosen(["person", "number", "talked", "cost", "sent"])
    return requests.ask(person, CallFilters(**filters), columns, words=[], file_format=file_format)


def rows_of(export: CallExport) -> list[dict[str, str]]:
    text = stored_files.path_here(files.name_of(export)).read_bytes().decode()
    assert text.startswith("\ufeff")
    return list(csv.DictReader(io.StringIO(text[1:])))


# Through the screens


def test_a_manager_exports_exactly_what_the_log_shows(client: Client, manager: User, nudged: list[int]) -> None:
    campaign = make_campaign()
    wanted = make_call(campaign=campaign, contact=make_contact(name="=HYPERLINK(1)"), status="completed")
    make_call(campaign=campaign, status="completed")
    make_call(status="busy")
    client.force_login(manager)
    Call.objects.filter(pk=wanted.pk).update(talk_seconds=75)
    query = f"campaign={campaign.pk}&state=talked&talked_to=1:30&column=person&column=number"
    page = client.get(f"{reverse('calls-export')}?{query}").content.decode()
    assert "1 call" in page
    form = {"query": query, "file_format": "csv", "form_token": str(uuid.uuid4())}
    for _ in range(2):
        assert client.post(reverse("calls-export"), form)["Location"] == reverse("exports")
    export = CallExport.objects.get()
    assert nudged == [export.pk]
    assert export.words == [["Result", "Answered"], ["Campaign", str(campaign)], ["Maximum talk time", "1:30"]]
    assert "Waiting" in client.get(reverse("exports")).content.decode()
    assert client.get(reverse("exports-live")).status_code == 200
    assert client.get(reverse("export-fetch", args=[export.pk]))["Location"] == reverse("exports")
    assert job.write(export.pk)
    assert client.get(reverse("exports-live")).status_code == 286
    answer = client.get(reverse("export-fetch", args=[export.pk]))
    assert answer["Content-Disposition"].endswith(f'-{export.pk}.csv"')
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert list(csv.reader(io.StringIO(text[1:]))) == [["Contact", "Number"], ["'=HYPERLINK(1)", wanted.to_number]]
    actions = AuditEvent.objects.filter(actor=manager).order_by("id").values_list("action", flat=True)
    assert list(actions) == ["calls.exported", "calls.export_fetched"]


def test_a_large_file_is_fetched_after_a_fresh_sign_in_alone(
    client: Client, manager: User, settings: Any, nudged: list[int]
) -> None:
    make_call()
    export = ask(manager)
    job.write(export.pk)
    client.force_login(manager)
    session = client.session
    session[PROVED_AT] = 1
    session.save()
    address = reverse("export-fetch", args=[export.pk])
    settings.LARGE_EXPORT_ROWS = 2
    assert client.get(address).status_code == 200
    settings.LARGE_EXPORT_ROWS = 1
    assert client.get(address)["Location"].startswith(reverse("prove"))


def test_a_wrong_filter_or_an_old_form_exports_nothing(client: Client, manager: User) -> None:
    client.force_login(manager)
    for form in (
        {"query": "since=soon", "file_format": "csv", "form_token": str(uuid.uuid4())},
        {"query": "", "file_format": "csv"},
        {"query": "", "file_format": "pdf", "form_token": str(uuid.uuid4())},
    ):
        assert client.post(reverse("calls-export"), form).status_code == 422
    assert not CallExport.objects.exists()


@pytest.mark.parametrize(("role", "status", "listed"), [(CALLER, 403, 403), (ADMIN, 403, 200), (MANAGER, 200, 200)])
def test_who_may_export(client: Client, db: None, role: str, status: int, listed: int) -> None:
    client.force_login(make_person(role))
    assert client.get(reverse("calls-export")).status_code == status
    assert client.get(reverse("exports")).status_code == listed


def test_files_are_for_their_owner_and_for_admins_who_may_see_numbers(
    client: Client, manager: User, admin_person: User, nudged: list[int]
) -> None:
    make_call()
    export = ask(manager)
    job.write(export.pk)
    address = reverse("export-fetch", args=[export.pk])
    client.force_login(make_person(MANAGER))
    assert client.get(address).status_code == 404
    client.force_login(admin_person)
    assert client.get(address).status_code == 403, "it holds whole numbers"
    assert "only the user who created it can download it" in client.get(reverse("exports")).content.decode()
    CallExport.objects.update(shows_numbers=False)
    assert client.get(address).status_code == 200
    client.post(reverse("export-delete", args=[export.pk]))
    export.refresh_from_db()
    assert export.state == State.DELETED
    assert not stored_files.path_here(files.name_of(export)).exists()
    client.force_login(manager)
    assert client.get(address)["Location"] == reverse("exports")
    manager.groups.set([Group.objects.get(name=CALLER)])
    assert client.get(address).status_code == 302, "another role is another log-in"
    client.force_login(manager)
    assert client.get(address).status_code == 403


def test_the_history_shows_no_whole_number(client: Client, manager: User, nudged: list[int]) -> None:
    client.force_login(manager)
    form = {"query": "person=09121234567", "file_format": "csv", "form_token": str(uuid.uuid4())}
    client.post(reverse("calls-export"), form)
    export = CallExport.objects.get()
    assert export.words == [["Name or number", "…4567"]]
    assert "1234567" not in str(AuditEvent.objects.get().detail)


# Writing


def test_a_workbook_holds_numbers_times_and_no_formula(manager: User, nudged: list[int]) -> None:
    at = datetime.datetime(2026, 5, 5, 8, 30, tzinfo=datetime.UTC)
    make_call(
        contact=make_contact(name="=1+1"), to_number="+989121234567", talk_seconds=42, cost="0.0350", currency="USD",
        placing_at=at, status="completed",
    )  # fmt: skip
    make_call(contact=make_contact(name="a<b & \x01 _x0041_"))
    with timezone.override("Asia/Tehran"):
        export = ask(manager, "xlsx")
    assert job.write(export.pk)
    export.refresh_from_db()
    sheet = openpyxl.load_workbook(stored_files.path_here(files.name_of(export))).worksheets[0]
    cells = {sheet.cell(1, column).value: sheet.cell(3, column) for column in range(1, sheet.max_column + 1)}
    assert (cells["Contact"].value, cells["Contact"].data_type, cells["Contact"].quotePrefix) == ("=1+1", "s", True)
    assert cells["Number"].value == "+989121234567"
    assert (cells["Talk time (seconds)"].value, cells["Cost"].value, cells["Currency"].value) == (42, 0.035, "USD")
    assert cells["Sent (Asia/Tehran)"].value == datetime.datetime(2026, 5, 5, 12, 0)
    rows = CalamineWorkbook.from_path(stored_files.path_here(files.name_of(export))).get_sheet_by_index(0).to_python()
    assert rows[1][0] == "a<b &  _x0041_"
    assert export.size == stored_files.path_here(files.name_of(export)).stat().st_size
    assert stored_files.path_here(files.name_of(export)).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_slices_and_killed_writers_leave_every_row_once(
    manager: User, monkeypatch: pytest.MonkeyPatch, nudged: list[int], file_format: str
) -> None:
    monkeypatch.setattr(job, "BATCH", 2)
    wanted = [str(make_call(talk_seconds=n).talk_seconds) for n in range(7)][::-1]
    export = ask(manager, file_format)
    assert not job.write(export.pk, seconds=0)
    export.refresh_from_db()
    assert (export.state, export.done_rows, export.total_rows, export.lease_until) == (State.WRITING, 2, 7, None)
    make_call(talk_seconds=99)

    # A writer dies in the middle of a batch: bytes behind the certain ones, and its lease still runs.
    with files.part_of(export).open("ab") as part:
        part.write(b"half a ro")
    later = timezone.now() + datetime.timedelta(seconds=60)
    CallExport.objects.update(lease=uuid.uuid4(), lease_until=later)
    assert not job.write(export.pk)
    assert job.unfinished(timezone.now()) == []
    CallExport.objects.update(lease_until=timezone.now() - datetime.timedelta(seconds=1))
    nudged.clear()
    minute_job.sweep()
    assert nudged == [export.pk]

    # The dead one was only slow: what it still writes goes nowhere.
    with files.part_of(export).open("ab") as slow:
        assert job.write(export.pk)
        slow.write(b"too late")
    export.refresh_from_db()
    if file_format == "csv":
        talked = [row["Talk time (seconds)"] for row in rows_of(export)]
    else:
        sheet = openpyxl.load_workbook(stored_files.path_here(files.name_of(export))).worksheets[0]
        talked = [str(row[3]) for row in sheet.iter_rows(min_row=2, values_only=True)]
    assert talked == wanted
    assert export.done_rows == 7
    assert [path.name for path in stored_files.path_here("exports/any").parent.iterdir()] == [export.file]


def test_what_the_disk_lost_is_written_again(manager: User, monkeypatch: pytest.MonkeyPatch, nudged: list[int]) -> None:
    monkeypatch.setattr(job, "BATCH", 1)
    for _ in range(3):
        make_call()
    export = ask(manager)
    job.write(export.pk, seconds=0)
    export.refresh_from_db()
    files.part_of(export).write_bytes(b"")
    assert job.write(export.pk)
    export.refresh_from_db()
    assert len(rows_of(export)) == 3
    assert export.done_rows == 3


def test_one_export_is_written_at_a_time_and_the_next_is_rung_for(manager: User, nudged: list[int]) -> None:
    first, second = ask(manager), ask(manager)
    CallExport.objects.filter(pk=first.pk).update(
        state=State.WRITING, lease=uuid.uuid4(), lease_until=timezone.now() + datetime.timedelta(minutes=1)
    )
    assert not job.write(second.pk)
    CallExport.objects.filter(pk=first.pk).update(lease_until=None, lease=None)
    nudged.clear()
    assert job.write(first.pk)
    assert nudged == [second.pk]


def test_a_deleted_export_is_given_up(manager: User, monkeypatch: pytest.MonkeyPatch, nudged: list[int]) -> None:
    monkeypatch.setattr(job, "BATCH", 1)
    for _ in range(2):
        make_call()
    export = ask(manager)
    job.write(export.pk, seconds=0)
    export.refresh_from_db()
    requests.delete_file(export, manager)
    assert not job.write(export.pk)
    assert list(stored_files.path_here("exports/any").parent.iterdir()) == []


def test_why_a_file_cannot_be_written_is_said(manager: User, nudged: list[int]) -> None:
    campaign = make_campaign()
    gone = ask(manager, campaign=campaign)
    campaign.delete()
    assert not job.write(gone.pk)
    gone.refresh_from_db()
    assert (gone.state, "no longer exists" in gone.error) == (State.FAILED, True)
    demoted = ask(manager)
    manager.groups.clear()
    job.write(demoted.pk)
    demoted.refresh_from_db()
    assert "no longer has permission to export" in demoted.error


def test_a_writing_that_never_gets_on_ends(manager: User, monkeypatch: pytest.MonkeyPatch, nudged: list[int]) -> None:
    make_call()
    export = ask(manager)

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(contents, "csv_lines", broken)
    for _ in range(job.MOST_TRIES):
        with pytest.raises(OSError, match="no space"):
            job.write(export.pk)
    assert not job.write(export.pk)
    export.refresh_from_db()
    assert (export.state, "disk may be full" in export.error) == (State.FAILED, True)


def test_old_files_go_and_their_rows_stay(manager: User, nudged: list[int]) -> None:
    make_call()
    export = ask(manager)
    job.write(export.pk)
    export.refresh_from_db()
    assert requests.delete_old(timezone.now()) == 0
    assert requests.delete_old(timezone.now() + requests.KEPT) == 1
    assert not stored_files.path_here(files.name_of(export)).exists()
    export.refresh_from_db()
    assert (export.state, export.done_rows) == (State.DELETED, 1)


def test_days_are_those_of_whoever_asked(client: Client, manager: User, nudged: list[int]) -> None:
    call = make_call()
    Call.objects.filter(pk=call.pk).update(created_at=datetime.datetime(2026, 5, 4, 21, 0, tzinfo=datetime.UTC))
    client.force_login(manager)
    client.cookies["timezone"] = "Asia/Tehran"
    for day, found in (("2026-05-05", 1), ("2026-05-04", 0)):
        form = {"query": f"since={day}&until={day}", "file_format": "csv", "form_token": str(uuid.uuid4())}
        client.post(reverse("calls-export"), form)
        export = CallExport.objects.latest("id")
        timezone.deactivate()
        assert job.write(export.pk)
        export.refresh_from_db()
        assert export.done_rows == found


def test_masked_files_hold_masked_numbers(manager: User, nudged: list[int]) -> None:
    make_call(to_number="+989121234567")
    export = ask(manager)
    CallExport.objects.update(shows_numbers=False)
    job.write(export.pk)
    export.refresh_from_db()
    assert rows_of(export)[0]["Number"] == "…4567"


def test_a_person_has_so_many_under_way(manager: User, nudged: list[int]) -> None:
    for _ in range(requests.MOST_UNFINISHED):
        ask(manager)
    with pytest.raises(Refusal):
        ask(manager)
