"""Files of do-not-call numbers in four steps, and do-not-call columns of people's files: nobody is missed or added."""

from __future__ import annotations

import datetime
import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.contacts.do_not_call import forbid
from campaigns.contacts.do_not_call_files import export_entries
from campaigns.contacts.duplicates import merge_people
from campaigns.contacts.importing import upload
from campaigns.contacts.importing.columns.mapping import PHONE, ColumnMapping
from campaigns.contacts.importing.rows.corrections import leave_out
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.rows.verdicts import OF_OPT_OUTS
from campaigns.contacts.importing.saved import undoing
from campaigns.core.refusals import Refusal
from campaigns.models import Contact, ContactImport, DoNotCall
from providers.types import CallStatus
from tests.campaigns.contacts.imported_files import save, save_opt_outs, take, take_opt_outs
from tests.campaigns.contacts.workbooks import workbook
from tests.conftest import MARYAM, make_call, make_contact
from tests.files import write

Source = DoNotCall.Source
pytestmark = pytest.mark.django_db


def numbers() -> list[str]:
    return sorted(entry.phone.removeprefix("+98") for entry in DoNotCall.objects.all())


def counted(record: ContactImport) -> dict[str, int]:
    """Return the verdicts that rows got; every row has one."""
    found = {verdict: count for verdict in OF_OPT_OUTS if (count := record.counts.get(verdict, 0))}
    assert sum(found.values()) == record.total_rows
    return found


# Files of numbers


def test_every_row_is_accounted_for_and_only_what_was_shown_is_added(tmp_path: Path, manager: User) -> None:
    forbid("+989120000009", reason="", source=Source.PERSON)
    waiting = make_call(to_number="+989120000001")
    path = write(
        tmp_path / "a.csv",
        "phone;who\n0912 000 0001;A\n۰۹۱۲۰۰۰۰۰۰۲;B\n+98 912 000 0001;A again\nx;C\n09120000009;D\n\"Bro;09120000005\n",
    )  # fmt: skip
    record = take_opt_outs(path, manager)
    assert counted(record) == {"fixed": 2, "duplicate_in_file": 1, "do_not_call": 1, "bad": 2}
    assert numbers() == ["9120000009"]
    record = save_opt_outs(record)
    assert counted(record) == {"fixed": 2, "duplicate_in_file": 1, "do_not_call": 1, "bad": 2}
    assert (record.counts["forbidden"], record.counts["skipped_calls"]) == (2, 1)
    assert numbers() == ["9120000001", "9120000002", "9120000009"]
    waiting.refresh_from_db()
    assert (waiting.status, waiting.skip_reason) == (CallStatus.SKIPPED, "do_not_call")
    assert DoNotCall.objects.get(phone="+989120000001").added_by == manager
    assert not Contact.objects.exists()
    again = save_opt_outs(take_opt_outs(path))
    assert (again.counts["forbidden"], again.counts["do_not_call"]) == (0, 3)


MIXED = "Name,Mobile,Home phone\nA,09120000001,02188770001\nB,,02188770002\nC,09120000003,n/a\nD,x,y\n"


def test_every_phone_column_counts(tmp_path: Path) -> None:
    record = take_opt_outs(write(tmp_path / "a.csv", MIXED))
    mapping = ColumnMapping.from_json(record.mapping)
    assert [record.headers[column] for column in mapping.columns_of(PHONE)] == ["Mobile", "Home phone"]
    assert counted(record) == {"good": 2, "fixed": 1, "bad": 1}
    assert [sample["note"] for sample in record.samples["fixed"]] == ["part_unread"]
    save_opt_outs(record)
    assert numbers() == ["2188770001", "2188770002", "9120000001", "9120000003"]


CUSTOMERS = {
    "counted landlines": (
        "Name,Customer Number,Contact\nA,2144000000,09120000001\nB,2144000317,09120000002\nC,2144000634,09120000003\n"
        "D,2144000951,09120000004\nE,2144001268,09120000005\n",
        ["Contact"],
    ),
    "account numbers": (
        "Account number;Caller;Asked on\n3133000001;0912 000 0001;2024-05-01\n3133000002;0912 000 0002;2024-05-02\n"
        "3133000003;0912 000 0003;2024-05-02\n3133000004;0912 000 0004;2024-05-02\n",
        ["Caller"],
    ),
    "persian": (
        "نام,شماره مشتری,تماس گیرنده\nA,4132000000,۰۹۱۲۰۰۰۰۰۰۱\nB,4132000001,۰۹۱۲۰۰۰۰۰۰۲\nC,4132000002,۰۹۱۲۰۰۰۰۰۰۳\n"
        "D,4132000003,۰۹۱۲۰۰۰۰۰۰۴\n",
        ["تماس گیرنده"],
    ),
}


@pytest.mark.parametrize("kind", CUSTOMERS)
def test_numbers_of_another_kind_forbid_nobody(tmp_path: Path, kind: str) -> None:
    text, phones = CUSTOMERS[kind]
    path = write(tmp_path / "a.csv", text)
    rows = len(text.splitlines()) - 1
    printed = StringIO()
    call_command("import_do_not_call", str(path), "--reason", "Asked us", "--json", stdout=printed)
    assert json.loads(printed.getvalue())["phones"] == phones
    assert numbers() == [f"912000000{number}" for number in range(1, rows + 1)]


def test_every_sheet_with_numbers_is_read(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        {
            "Cover": [["Do not call"]],
            "March": [["Phone"], ["09120000001"]],
            "April": [["Name", "Phone"], ["B", "09120000002"], ["C", "09120000003"]],
        },
    )
    record = take_opt_outs(path)
    assert (ColumnMapping.from_json(record.mapping).sheets, counted(record)) == (("March", "April"), {"good": 3})
    save_opt_outs(record)
    assert numbers() == ["9120000001", "9120000002", "9120000003"]


def test_a_file_without_numbers_is_refused_by_the_command(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "name,city\nAnn,Pune\n")
    with pytest.raises(CommandError, match=r"No column of this file holds phone numbers.*name, city"):
        call_command("import_do_not_call", str(path), "--reason", "x")
    assert not DoNotCall.objects.exists()


def test_what_was_exported_can_be_imported_again(tmp_path: Path, manager: User) -> None:
    soon = (timezone.now() + datetime.timedelta(days=2)).replace(second=0, microsecond=0)
    forbid(MARYAM, reason="Asked twice", source=Source.PERSON)
    forbid("+919876543210", reason="Two days", source=Source.PERSON, expires_at=soon)
    forbid("+989120000009", reason="Finished", source=Source.PERSON, expires_at=soon - datetime.timedelta(days=9))
    path = write(tmp_path / "list.csv", "".join(export_entries(manager, shows_numbers=True)))
    DoNotCall.objects.all().delete()
    record = take_opt_outs(path)
    assert counted(record) == {"good": 2, "ended": 1}
    save_opt_outs(record)
    found = {entry.phone: (entry.reason, entry.expires_at) for entry in DoNotCall.objects.all()}
    assert found == {MARYAM: ("Asked twice", None), "+919876543210": ("Two days", soon)}


def test_rows_have_their_own_reason_and_last_day(tmp_path: Path) -> None:
    day = timezone.localdate() + datetime.timedelta(days=3)
    path = write(tmp_path / "a.csv", f"شماره,دلیل,تا\n09121234567,Moved,{day}\n09131234567,,\n09141234567,,soon\n")
    end = timezone.now() + datetime.timedelta(days=9)
    record = take_opt_outs(path)
    assert [sample["note"] for sample in record.samples["fixed"]] == ["date_unknown"]
    save_opt_outs(record, end)
    moved = DoNotCall.objects.get(phone=MARYAM)
    assert (moved.reason, timezone.localtime(moved.expires_at)) == (
        "Moved",
        timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time.min)),
    )
    others = DoNotCall.objects.exclude(pk=moved.pk)
    assert {(entry.reason, entry.expires_at) for entry in others} == {("Old list", end)}


def test_a_yes_no_column_in_a_do_not_call_file(tmp_path: Path) -> None:
    text = "Phone,DNC\n09120000001,yes\n09120000002,no\n09120000003,\n09120000004,perhaps\n09120000005,2024-05-01\n"
    record = take_opt_outs(write(tmp_path / "a.csv", text))
    assert counted(record) == {"good": 2, "says_no": 2, "held": 1}
    save_opt_outs(record)
    assert numbers() == ["9120000001", "9120000005"]


# Undo


def test_undo_removes_only_what_the_file_added_and_nothing_confirmed(tmp_path: Path, manager: User) -> None:
    forbid("+989120000001", reason="Asked", source=Source.PERSON)
    forbid("+989120000002", reason="Was", source=Source.PERSON, expires_at=timezone.now())
    path = write(tmp_path / "a.csv", "phone\n" + "".join(f"0912000000{number}\n" for number in range(1, 7)))
    first = save_opt_outs(take_opt_outs(path, manager))
    assert first.counts["forbidden"] == 5
    # Confirmed since: by a person, by another file, and by a do-not-call column.
    forbid("+989120000003", reason="Asked too", source=Source.PERSON)
    save_opt_outs(take_opt_outs(write(tmp_path / "b.csv", "phone\n09120000004\n")))
    save(take(write(tmp_path / "c.csv", "Phone,DNC\n09120000005,1\n")))
    done = undoing.undo_import(first.pk, manager)
    assert (done["numbers"], done["confirmed"]) == (2, 3)
    assert numbers() == ["9120000001", "9120000003", "9120000004", "9120000005"]
    with pytest.raises(Refusal, match="Only a saved import"):
        undoing.undo_import(first.pk, manager)


def test_undo_ends_after_a_day_and_covers_other_numbers_of_the_same_people(tmp_path: Path, manager: User) -> None:
    kept, other = make_contact(phone=MARYAM), make_contact(phone="+989131234567")
    merge_people(kept.pk, other.pk, manager)
    path = write(tmp_path / "a.csv", f"phone\n{MARYAM}\n")
    record = take_opt_outs(path, manager)
    # What is added beside the file's own numbers is shown before.
    assert record.counts["further_numbers"] == 1
    record = save_opt_outs(record)
    assert numbers() == ["9121234567", "9131234567"]
    ContactImport.objects.update(saved_at=timezone.now() - datetime.timedelta(hours=25))
    with pytest.raises(Refusal, match="24 hours"):
        undoing.undo_import(record.pk, manager)
    ContactImport.objects.update(saved_at=timezone.now())
    assert undoing.undo_import(record.pk, manager)["numbers"] == 2
    assert numbers() == []


# Do-not-call columns of people's files

PEOPLE = {
    "crm": "Name,Phone,Do Not Call\nA,09120000001,1\nB,09120000002,0\nC,09120000003,\nD,09120000004,?\n",
    "words": "Name;Phone;Opt-out\nA;09120000001;yes please\nB;09120000002;No.\nC;09120000003;-\nD;09120000004;maybe\n",
    "persian": "نام,موبایل,عدم تماس\nA,09120000001,بله\nB,09120000002,خیر\nC,09120000003,\nD,09120000004,نامشخص\n",
    "ticks": "Name,Phone,DNC flag\nA,09120000001,✓\nB,09120000002,☐\nC,09120000003,n/a\nD,09120000004,✗\n",
}


@pytest.mark.parametrize("kind", PEOPLE)
def test_a_wish_in_a_file_of_people(tmp_path: Path, kind: str) -> None:
    record = take(write(tmp_path / "a.csv", PEOPLE[kind]))
    assert {verdict: count for verdict, count in record.counts.items() if count} == {
        "good": 2, "opted_out": 1, "held": 1,
    }  # fmt: skip
    record = save(record)
    assert numbers() == ["9120000001"]
    assert DoNotCall.objects.get().reason.startswith("a.csv: ")
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["B", "C"]
    assert "opt" not in str(Contact.objects.values_list("variables", flat=True))


def test_a_wish_counts_whatever_else_is_wrong_with_the_row(tmp_path: Path) -> None:
    forbid("+989120000009", reason="", source=Source.PERSON)
    text = (
        "Name,Phone,DNC\nA,09120000001,\nA again,09120000001,yes\nKnown,09120000009,yes\nBroken,x,yes\n"
        "Twice,09120000002,yes\nTwice,09120000002,no\n"
    )
    record = take(write(tmp_path / "a.csv", text))
    assert sum(record.counts.values()) == record.total_rows == 6
    assert (record.counts["opted_out"], record.counts["do_not_call"], record.counts["bad"]) == (2, 1, 1)
    save(record)
    assert numbers() == ["9120000001", "9120000002", "9120000009"]


def test_a_row_that_a_user_left_out_forbids_nobody(tmp_path: Path, caller: User) -> None:
    record = take(write(tmp_path / "a.csv", "Name,Phone,DNC\nA,09120000001,yes\nB,09120000002,yes\n"), caller)
    leave_out(record.pk, "", 2, caller)
    save(check_import(record.pk))
    assert numbers() == ["9120000002"]


def test_a_doubtful_value_is_decided_once_for_the_file(tmp_path: Path) -> None:
    text = "Name,Phone,DNC\nA,09120000001,Pending\nB,09120000002,pending.\nC,09120000003,on file\n"
    record = take(write(tmp_path / "a.csv", text))
    asked = record.samples["doubtful_wishes"]
    assert [(found["value"], found["count"]) for found in asked] == [("Pending", 2), ("on file", 1)]
    upload.answer(record, dates=None, wishes={asked[0]["key"]: "no", asked[1]["key"]: "yes"})
    record = check_import(record.pk)
    assert (record.counts["good"], record.counts["opted_out"], record.counts.get("held", 0)) == (2, 1, 0)
    save(record)
    assert numbers() == ["9120000003"]


def test_undo_of_people_says_what_it_does_with_their_wishes(tmp_path: Path, client: Client, caller: User) -> None:
    text = "Name,Phone,DNC\nA,09120000001,1\nB,09120000002,yes\nC,09120000003,\n"
    record = save(take(write(tmp_path / "a.csv", text), caller))
    forbid("+989120000002", reason="Asked", source=Source.PERSON)
    client.force_login(caller)
    page = client.get(reverse("import", args=[record.pk])).content.decode()
    assert "Numbers that only this file added are removed from the do-not-call list" in page
    page = client.post(reverse("import-undo", args=[record.pk]), follow=True).content.decode()
    assert "1 contact was removed. 1 number stays on the do-not-call list until a second user confirms" in page
    assert "1 number stayed on it because the contact asked not to be called" in page
    assert "1 number stayed on it because it was confirmed again later" in page
    assert numbers() == ["9120000001", "9120000002"]


def test_the_command_for_people_takes_wishes_and_asks_for_dates(tmp_path: Path) -> None:
    text = "Name,Phone,DNC,Consent date\nA,09120000001,1,\nB,09120000002,perhaps,\nC,09120000003,no,03/04/2024\n"
    path, printed = write(tmp_path / "a.csv", text), StringIO()
    with pytest.raises(CommandError, match="day and month could be either: give --dates"):
        call_command("import_contacts", str(path), "--list", "New")
    assert not ContactImport.objects.exists()
    call_command("import_contacts", str(path), "--list", "New", "--dates", "day-first", stdout=printed)
    assert "1 new people" in printed.getvalue()
    assert "Neither yes nor no, so these rows are held: perhaps." in printed.getvalue()
    assert numbers() == ["9120000001"]
    assert timezone.localtime(Contact.objects.get().consent_at).date() == datetime.date(2024, 4, 3)


# Screens


def post(client: Client, page: str, /, *arguments: Any, **data: Any) -> Any:
    return client.post(reverse(page, args=arguments), data, follow=True)


def test_four_steps_of_a_do_not_call_file(client: Client, admin_person: User, caller: User, tmp_path: Path) -> None:
    # The admin may add to the list, and not import people.
    client.force_login(admin_person)
    with write(tmp_path / "dnc.csv", MIXED).open("rb") as file:
        page = post(client, "do-not-call-import", file=file, region="IR")
    record = ContactImport.objects.get()
    assert page.request["PATH_INFO"] == reverse("import-map", args=[record.pk])
    html = page.content.decode()
    assert "All columns marked as phone number are used" in html
    assert "Add to list" not in html
    form = page.context["form"]
    answers = {name: field.initial or "" for name, field in form.fields.items()} | {"region": "IR", "has_titles": "on"}
    answers |= {f"column_{column}": "" for column in range(3)}
    assert "Choose the columns with phone numbers" in post(client, "import-map", record.pk, **answers).content.decode()
    answers |= {"column_0": "name", "column_1": "phone", "column_2": "phone"}
    page = post(client, "import-map", record.pk, **answers)
    html = page.content.decode()
    assert "Add the numbers of 3 rows to the do-not-call list" in html
    assert "Not added: no readable number" in html
    assert not DoNotCall.objects.exists()
    assert post(client, "import-save", record.pk, reason="", source="import").status_code == 422
    page = post(client, "import-save", record.pk, reason="Old list", source="authority")
    assert "Added to the do-not-call list" in page.content.decode()
    assert {entry.source for entry in DoNotCall.objects.all()} == {"authority"}
    assert len(numbers()) == 4
    bad = b"".join(client.get(reverse("import-bad-rows", args=[record.pk])).streaming_content)  # type: ignore[attr-defined]
    assert b"D,x,y,5" in bad
    page = post(client, "import-undo", record.pk)
    assert "4 numbers were removed from the do-not-call list" in page.content.decode()
    assert numbers() == []
    assert client.get(reverse("import-new")).status_code == 403
    people = take(write(tmp_path / "p.csv", "Name,Phone\nA,09120000001\n"), admin_person)
    assert client.get(reverse("import-check", args=[people.pk])).status_code == 404
    client.force_login(caller)
    assert client.get(reverse("import", args=[record.pk])).status_code == 404


def test_the_check_page_lets_a_person_decide_doubtful_values(client: Client, caller: User, tmp_path: Path) -> None:
    client.force_login(caller)
    record = take(write(tmp_path / "a.csv", PEOPLE["words"]), caller)
    page = client.get(reverse("import-check", args=[record.pk])).content.decode()
    assert "say neither yes nor no" in page
    assert "Add to the do-not-call list" in page
    page = post(client, "import-answers", record.pk, value_0="yes").content.decode()
    assert "say neither yes nor no" not in page
    post(client, "import-save", record.pk, tags="", consent_source="")
    assert numbers() == ["9120000001", "9120000004"]


def test_the_command_asks_for_the_order_of_dates_and_can_look_first(tmp_path: Path) -> None:
    year = timezone.localdate().year + 1
    path = write(tmp_path / "a.csv", f"phone,until\n09120000001,03/04/{year}\n09120000002,\n")
    arguments = [str(path), "--reason", "Asked"]
    with pytest.raises(CommandError, match="day and month could be either: give --dates"):
        call_command("import_do_not_call", *arguments)
    printed = StringIO()
    call_command("import_do_not_call", *arguments, "--dates", "month-first", "--dry-run", stdout=printed)
    assert "Nothing added yet; of 2 rows: 2 ok." in printed.getvalue()
    assert numbers() == []
    call_command("import_do_not_call", *arguments, "--dates", "month-first", stdout=printed)
    end = timezone.localtime(DoNotCall.objects.get(phone="+989120000001").expires_at)
    assert (end.month, end.day) == (3, 5)
    with pytest.raises(CommandError, match=r"no column “mobile”\. Its columns: phone, until"):
        call_command("import_do_not_call", *arguments, "--phone", "mobile")
