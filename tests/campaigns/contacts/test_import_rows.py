"""All rows of an import in a table: seen by verdict and by words, corrected in place, refused ones found again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from campaigns.contacts.importing.columns.mapping import OTHER_PHONE, ColumnMapping
from campaigns.contacts.importing.rows import corrections, row_pages
from campaigns.contacts.importing.rows.validation import bad_rows, check_import
from campaigns.contacts.importing.rows.verdicts import LETTERS, RowVerdict, verdicts_of
from campaigns.contacts.importing.saved import saving
from campaigns.core.refusals import Refusal
from campaigns.models import Contact, ContactImport, CorrectedRow, DoNotCall, OtherNumber, RefusedRow
from campaigns.models.imports import TwoNumbers
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import make_contact, make_person
from tests.files import people_file, write

pytestmark = pytest.mark.django_db
HOUSEHOLD = (
    "Name,Mobile,Appointment\nReza,02188770001,Mon 9:00\nSara,02188770001,Tue 14:00\nReza,02188770001,Mon 9:00\n"
)
TWO = "Name,Mobile\nSara,09120009101 / 09350009102\nOmid,09130009103\n"


def page_text(client: Client, record: ContactImport, **asked: Any) -> str:
    return client.get(reverse("import-rows", args=[record.pk]), asked).content.decode()


def fix(client: Client, record: ContactImport, row: object, **sent: Any) -> Any:
    return client.post(reverse("import-row-fix", args=[record.pk]), {"row": row, **sent}, follow=True)


def others_in(record: ContactImport, *columns: int) -> ContactImport:
    """Take further columns of a file for numbers, and check it again."""
    mapping = ColumnMapping.from_json(record.mapping)
    changed = mapping.columns | dict.fromkeys(columns, OTHER_PHONE)
    record.mapping = record.mapping | {str(column): meaning for column, meaning in changed.items()}
    record.save(update_fields=["mapping"])
    return check_import(record.pk)


# Seen


def test_every_row_is_in_the_table_once(tmp_path: Path, client: Client, caller: User) -> None:
    client.force_login(caller)
    numbers = [f"0912{n:07}" if n % 3 else f"12{n}" for n in range(130)]
    record = take(people_file(tmp_path / "a.csv", *numbers), caller)
    shown = [row for n in (1, 2, 3, 4) for row in row_pages.page_of(record, number=n).rows]
    assert [one.row.number for one in shown] == [*range(2, 132)]
    assert [row_pages.page_of(record, number=n).has_next for n in (1, 2, 3)] == [True, True, False]
    for verdict, count in record.counts.items():
        theirs = [one for n in (1, 2, 3) for one in row_pages.page_of(record, verdict=verdict, number=n).rows]
        assert len(theirs) == count == row_pages.page_of(record, verdict=verdict).count
        assert {one.verdict for one in theirs} <= {verdict}
    assert [one.row.number for one in row_pages.page_of(record, words="person 77").rows] == [79]
    assert [one.row.number for one in row_pages.page_of(record, words="۰۹۱۲ ۰۰۰۰۰۷۷").rows] == [79]
    text = page_text(client, record, verdict="bad", page=1)
    assert "Fix here" in text
    assert "The number is too short" in text
    assert "No matching rows" in page_text(client, record, q="nobody")


def test_a_saved_import_keeps_the_verdicts_of_its_saving(tmp_path: Path, client: Client, caller: User) -> None:
    client.force_login(caller)
    record = save(take(people_file(tmp_path / "a.csv", "09121234567", "x", "09131234567"), caller))
    assert verdicts_of(record.pk) == "gbg"
    assert [one.verdict for one in row_pages.page_of(record, verdict="good").rows] == ["good", "good"]
    assert "Fix here" not in page_text(client, record)
    with pytest.raises(Refusal):
        corrections.correct_row(record.pk, "", 3, {1: "09141234567"}, caller)
    assert "can no longer be changed" in fix(client, record, 3, cell_1="09141234567").content.decode()


def test_letters_are_never_two_of_a_kind() -> None:
    assert set(LETTERS) == set(RowVerdict)
    assert len(set(LETTERS.values())) == len(LETTERS)


def test_rows_are_seen_by_the_owner_only(tmp_path: Path, client: Client, caller: User) -> None:
    record = take(people_file(tmp_path / "a.csv", "09121234567"), caller)
    client.force_login(make_person())
    for name in ("import-rows", "import-row-fix", "import-numbers"):
        address = reverse(name, args=[record.pk])
        assert (client.get(address) if name == "import-rows" else client.post(address)).status_code == 404


# Corrected


def test_a_bad_row_is_fixed_in_place(tmp_path: Path, client: Client, caller: User) -> None:
    client.force_login(caller)
    path = write(tmp_path / "a.csv", "Name,Mobile,City\nSara,0912000910,Pune\nOmid,09130009100,Goa\n")
    record = take(path, caller)
    assert 'name="cell_1"' in page_text(client, record, verdict="bad", fix="2")
    answer = fix(client, record, 2, cell_0="Sara", cell_1="0912 000 9101", cell_2="Pune")
    text = answer.content.decode()
    assert "Row 2: Corrected" in text
    # Before and after.
    assert "0912000910" in text
    assert "0912 000 9101" in text
    record.refresh_from_db()
    assert (record.counts["bad"], record.counts["fixed"], verdicts_of(record.pk)) == (0, 1, "fg")
    # Only what was changed is stored, and every reading agrees: check, file of bad rows, save.
    assert CorrectedRow.objects.get().cells == {"1": "0912 000 9101"}
    assert len("".join(bad_rows(record)).splitlines()) == 1
    record = save(record, caller)
    sara = Contact.objects.get(phone="+989120009101")
    assert (sara.name, sara.variables) == ("Sara", {"City": "Pune"})
    assert sum(record.counts[verdict] for verdict in RowVerdict if verdict in record.counts) == record.total_rows == 2


def test_a_row_that_is_still_bad_says_so(tmp_path: Path, client: Client, caller: User) -> None:
    client.force_login(caller)
    record = take(people_file(tmp_path / "a.csv", "123", "09121234567"), caller)
    assert "Row 2 still cannot be saved" in fix(client, record, 2, cell_0="A", cell_1="1234").content.decode()
    assert (
        "Nothing was changed in row 3"
        in fix(client, record, 3, cell_0="Person 1", cell_1="09121234567").content.decode()
    )
    assert "no longer in the file" in fix(client, record, 99).content.decode()
    assert fix(client, record, "x").status_code == 200
    # A corrected number that an earlier row has is a duplicate, not a second person.
    fix(client, record, 2, cell_0="A", cell_1="09121234567")
    record.refresh_from_db()
    assert verdicts_of(record.pk) == "ft"


def test_a_row_is_left_out_and_taken_in_again(tmp_path: Path, client: Client, caller: User) -> None:
    client.force_login(caller)
    record = take(people_file(tmp_path / "a.csv", "123", "09121234567"), caller)
    fix(client, record, 2, action="leave_out")
    record.refresh_from_db()
    assert (record.counts["left_out"], record.counts["bad"]) == (1, 0)
    assert len("".join(bad_rows(record)).splitlines()) == 1
    fix(client, record, 2, action="restore")
    assert verdicts_of(record.pk) == "bg"


# Two rows of one number, two numbers in a cell, further columns


def test_the_second_row_of_a_household_is_not_lost_in_silence(tmp_path: Path, client: Client, caller: User) -> None:
    client.force_login(caller)
    record = take(write(tmp_path / "a.csv", HOUSEHOLD), caller)
    # The third row says the same as the first, so that nothing of it is lost.
    assert (record.counts["duplicate_in_file"], record.rows_that_differ) == (2, 1)
    assert (
        "1 row repeats the number of an earlier row"
        in client.get(reverse("import-check", args=[record.pk])).content.decode()
    )
    text = page_text(client, record, verdict="duplicate_in_file")
    for words in ("Sara", "Tue 14:00", "Reza · 02188770001 · Mon 9:00", "Save this row instead"):
        assert words in text
    fix(client, record, 3, action="use_instead")
    save(ContactImport.objects.get(pk=record.pk), caller)
    kept = Contact.objects.get()
    assert (kept.name, kept.variables) == ("Sara", {"Appointment": "Tue 14:00"})
    # Whoever was not taken is found, with the reason and the file.
    assert RefusedRow.objects.get().name == "Reza"


def test_two_numbers_in_a_cell_are_asked_for_once(tmp_path: Path, client: Client, caller: User) -> None:
    client.force_login(caller)
    record = take(write(tmp_path / "a.csv", TWO), caller)
    assert (record.counts["bad"], record.rows_with_several) == (1, 1)
    check = reverse("import-check", args=[record.pk])
    assert "1 row has several numbers in one cell" in client.get(check).content.decode()
    for which, phones, others in [
        (TwoNumbers.FIRST, ["+989120009101"], []),
        (TwoNumbers.SECOND, ["+989350009102"], []),
        (TwoNumbers.BOTH, ["+989120009101"], ["+989350009102"]),
    ]:
        client.post(reverse("import-numbers", args=[record.pk]), {"which": which})
        record.refresh_from_db()
        assert record.counts["fixed"] == 1
        rows = row_pages.page_of(record, verdict="fixed").rows
        assert [one.row.phone.e164 for one in rows] == phones
        assert [*rows[0].row.others] == others
    client.post(reverse("import-numbers", args=[record.pk]), {"which": "all"})
    save(ContactImport.objects.get(pk=record.pk), caller)
    sara = Contact.objects.get(name="Sara")
    assert [one.phone for one in sara.other_numbers.all()] == ["+989350009102"]


def test_the_command_says_and_takes_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = str(write(tmp_path / "a.csv", HOUSEHOLD + "Omid,09120009101 / 09350009102,\n"))
    call_command("import_contacts", path, "--list", "One")
    said = capsys.readouterr().out
    for words in (
        "Rows with several numbers in a cell: 1. Say --two-numbers first, second or both.",
        "Rows with the number of an earlier row and other values: 1, not saved.",
        "Duplicate in this file, row 3: An earlier row has the same number but other values.",
    ):
        assert words in said
    call_command("import_contacts", path, "--list", "Two", "--two-numbers", "both")
    omid = Contact.objects.get(name="Omid")
    assert (omid.phone, [one.phone for one in omid.other_numbers.all()]) == ("+989120009101", ["+989350009102"])


def test_further_columns_are_a_fallback_and_kept(tmp_path: Path, caller: User) -> None:
    known = make_contact(phone="+989120009105", name="Ali")
    text = (
        "Name,Mobile,Work,Home\nSara,09120009101,09350009102,02188770001\nOmid,,09130009103,\nNima,0912,x,02188770002\n"
        "Ali,09120009105,09130009106,\nReza,,,\n"
    )
    DoNotCall.objects.create(phone="+982188770002")
    record = others_in(take(write(tmp_path / "a.csv", text), caller), 2, 3)
    assert verdicts_of(record.pk) == "gfdkb"
    save(record, caller)
    assert {
        contact.name: (contact.phone, [one.phone for one in contact.other_numbers.all()])
        for contact in Contact.objects.all()
    } == {
        "Sara": ("+989120009101", ["+989350009102", "+982188770001"]),
        "Omid": ("+989130009103", []),
        "Ali": ("+989120009105", ["+989130009106"]),
    }
    assert known.pk == Contact.objects.get(name="Ali").pk


def test_a_number_of_the_row_that_asked_not_to_be_called_holds_for_the_row(tmp_path: Path, caller: User) -> None:
    DoNotCall.objects.create(phone="+989350009102")
    record = others_in(take(write(tmp_path / "a.csv", "Name,Mobile,Work\nSara,09120009101,09350009102\n"), caller), 2)
    assert verdicts_of(record.pk) == "d"


# Refused and saved in parts


def test_refused_rows_are_kept_with_reason_while_the_file_is(tmp_path: Path, caller: User) -> None:
    DoNotCall.objects.create(phone="+989131234567")
    record = save(take(people_file(tmp_path / "a.csv", "۱۲-۳", "09131234567", "09141234567"), caller))
    assert sorted(RefusedRow.objects.values_list("row", "name", "digits", "code")) == [
        (2, "Person 0", "123", "short"),
        (3, "Person 1", "989131234567", "do_not_call"),
    ]
    assert RefusedRow.objects.filter(contact_import=record).count() == 2


def test_a_save_in_several_parts_keeps_every_verdict_once(
    tmp_path: Path, caller: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = take(people_file(tmp_path / "a.csv", *[f"0912{n:07}" for n in range(25)], "x"), caller)
    monkeypatch.setattr(saving, "batches", lambda people: _tens(people))
    save(record, caller)
    assert verdicts_of(record.pk) == "g" * 25 + "b"
    assert OtherNumber.objects.count() == 0


def _tens(people: Any) -> Any:
    from campaigns.contacts.importing.rows.validation import batches

    return batches(people, 10)
