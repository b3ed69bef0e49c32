"""Files of people: what is read, what is said of each row, what is saved, and that no row is lost on the way."""

from __future__ import annotations

import codecs
import csv
import datetime
import io
import random
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from callcenter.audit.models import AuditEvent
from campaigns.contacts.duplicates import add_note, merge_people
from campaigns.contacts.importing.rows.validation import bad_rows, check_import
from campaigns.contacts.importing.saved import saving, undoing
from campaigns.core.csv_cells import safe_cell
from campaigns.core.refusals import Refusal
from campaigns.models import Campaign, Contact, ContactImport, ContactList, DoNotCall, ListMembership
from providers.types import CallStatus
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import MARYAM, make_call, make_campaign, make_contact, make_list
from tests.files import people_file, write
from tests.messy import MessyFile, write_messy_csv, write_messy_xlsx

Status = ContactImport.Status


# The check


@pytest.mark.django_db
@pytest.mark.parametrize("writer", [write_messy_csv, write_messy_xlsx])
@pytest.mark.parametrize(
    ("vendor", "endings"), [("", ()), ("bitel", ("0001", "0002", "9999")), ("unleashx", ("01",)), ("vocode", ("0007",))]
)
def test_every_row_of_a_messy_file_gets_its_verdict(
    tmp_path: Path, writer: Any, vendor: str, endings: tuple[str, ...]
) -> None:
    region = {"unleashx": "IN", "vocode": "US"}.get(vendor, "IR")
    messy: MessyFile = writer(tmp_path / "messy", vendor=vendor, region=region, endings=endings)
    DoNotCall.objects.bulk_create(DoNotCall(phone=phone) for phone in messy.do_not_call)
    record = take(messy.path, region=region)
    assert record.status == Status.CHECKED
    assert {verdict: count for verdict, count in record.counts.items() if count} == messy.counts
    assert record.total_rows == len(messy.rows) == sum(record.counts.values())
    assert Contact.objects.count() == ContactList.objects.count() == 0
    record = save(record)
    assert sorted(Contact.objects.values_list("phone", flat=True)) == sorted(messy.callable)
    assert len(set(messy.callable)) == len(messy.callable) > 100
    assert ListMembership.objects.filter(contact_list=record.contact_list).count() == len(messy.callable)
    assert record.counts["made"] == record.counts["joined"] == len(messy.callable)
    if endings:
        assert all(phone.endswith(endings) for phone in messy.callable)


@pytest.mark.django_db
def test_verdicts_against_the_list_and_the_tables(tmp_path: Path) -> None:
    contact_list = make_list()
    member, known = make_contact(phone="+989120000001"), make_contact(phone="+989120000002")
    ListMembership.objects.create(contact_list=contact_list, contact=member)
    DoNotCall.objects.create(phone="+989120000003")
    DoNotCall.objects.create(phone="+989120000004", expires_at=timezone.now() - datetime.timedelta(days=1))
    numbers = ["0912000000" + str(n) for n in (1, 2, 3, 4)] + ["+98 912 000 0002", "x", "0912 000 0005"]
    record = take(people_file(tmp_path / "a.csv", *numbers), contact_list=contact_list)
    assert record.counts == {
        "good": 1, "fixed": 1, "bad": 1, "duplicate_in_file": 1, "in_list": 1, "known": 1, "do_not_call": 1,
    }  # fmt: skip
    assert record.samples["duplicate_in_file"][0]["same_as"] == 3
    assert record.samples["bad"][0] == {
        "row": 7, "raw": "x", "e164": "", "name": "Person 5", "note": "not_a_number", "same_as": 0,
    }  # fmt: skip
    record = save(record)
    assert record.counts["made"] == 2
    assert record.counts["joined"] == 3
    known.refresh_from_db()
    assert (known.name, known.imported_by) == ("Maryam Hosseini", None)


@pytest.mark.django_db
def test_bad_rows_come_back_with_reasons_and_without_formulas(tmp_path: Path) -> None:
    path = people_file(tmp_path / "a.csv", "=1+1", "123", "09121234567", "+cmd|x", '"@SUM(1)"', "-2")
    text = "".join(bad_rows(take(path)))
    rows = list(csv.reader(io.StringIO(text.removeprefix(codecs.BOM_UTF8.decode()))))
    assert rows[0] == ["name", "phone", "Row in the file", "Reason"]
    assert [row[1] for row in rows[1:]] == ["'=1+1", "123", "'+cmd|x", "'@SUM(1)", "'-2"]
    assert [row[2] for row in rows[1:]] == ["2", "3", "5", "6", "7"]
    assert rows[1][3] == "This is not a phone number."
    assert rows[2][3] == "This is a short or emergency number: it is never called."


@pytest.mark.parametrize(
    ("value", "written"),
    [("+989121234567", "+989121234567"), ("+1", "'+1"), ("=A1", "'=A1"), ("\t=A1", "'\t'=A1"), (" =A1", "' =A1"),
     ("＝A1", "'＝A1"), ("Ali", "Ali"), (None, ""), (3, "3"), ("-5", "'-5")],
)  # fmt: skip
def test_cells_are_never_formulas(value: object, written: str) -> None:
    assert safe_cell(value) == written


# Saving


@pytest.mark.django_db
def test_what_a_row_says_is_kept(tmp_path: Path, caller: User) -> None:
    path = write(
        tmp_path / "a.csv",
        "First name,Last name,Phone,Time zone,Consent date,Order No.,Note\n"
        "Ann,  Lee\u200e ,09121234567,Asia/Dubai,2024-05-01,A-1,\n"
        "محمد‌رضا,,09131234567,Mars/Base,,,hello   there\n",
    )
    record = take(path, caller)
    # One zone lies in another country than the number, the other names no place.
    assert record.counts["fixed"] == 2
    save(record, caller, tags=["spring"], consent_source="Web form")
    ann, reza = Contact.objects.order_by("phone")
    assert (ann.name, ann.time_zone, ann.region, ann.tags) == ("Ann Lee", "Asia/Dubai", "IR", ["spring"])
    assert ann.variables == {"Order No.": "A-1"}
    assert (ann.consent_source, ann.consent_at and ann.consent_at.year, ann.owner) == ("Web form", 2024, caller)
    assert (reza.name, reza.time_zone, reza.variables) == ("محمد‌رضا", "", {"Note": "hello there"})
    # The file has a column of consent dates, and his is empty: what is typed for the file does not fill it.
    assert (reza.consent_source, reza.consent_at) == ("", None)
    assert AuditEvent.objects.filter(action="import.saved", actor=caller).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("update_known", [True, False])
def test_known_people_are_updated_only_on_wish(tmp_path: Path, update_known: bool) -> None:
    known = make_contact(phone="+989121234567", name="Old", variables={"city": "Pune", "age": "30"})
    path = write(tmp_path / "a.csv", "name,phone,city\nNew,09121234567,Goa\n")
    save(take(path, update_known=update_known), tags=["t"])
    known.refresh_from_db()
    assert known.name == ("New" if update_known else "Old")
    assert known.variables == {"city": "Goa" if update_known else "Pune", "age": "30"}


@pytest.mark.django_db
def test_a_double_click_saves_once(tmp_path: Path, caller: User) -> None:
    record = take(people_file(tmp_path / "a.csv", "09121234567"), caller)
    assert saving.begin_saving(record.pk, caller)
    assert not saving.begin_saving(record.pk, caller)
    assert saving.save_import(record.pk)
    assert saving.save_import(record.pk)
    assert not saving.begin_saving(record.pk, caller)
    assert Contact.objects.count() == ContactList.objects.count() == 1
    record.refresh_from_db()
    assert record.counts["made"] == 1
    assert check_import(record.pk).status == Status.SAVED


@pytest.mark.django_db
def test_saving_goes_on_where_it_broke_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    messy = write_messy_csv(tmp_path / "messy.csv", rows=500)
    DoNotCall.objects.bulk_create(DoNotCall(phone=phone) for phone in messy.do_not_call)
    monkeypatch.setattr(saving, "batches", lambda people: _small(people))
    record = take(messy.path)
    assert saving.begin_saving(record.pk, None)
    real, calls = saving._save_people, iter(range(100))

    def breaks(*arguments: Any) -> None:
        real(*arguments)
        if next(calls) == 3:
            raise RuntimeError("killed")

    monkeypatch.setattr(saving, "_save_people", breaks)
    with pytest.raises(RuntimeError):
        saving.save_import(record.pk)
    monkeypatch.setattr(saving, "_save_people", real)
    assert saving.unfinished() == [record.pk]
    record.refresh_from_db()
    assert (record.status, record.done_rows) == (Status.SAVING, 150)
    # Then it runs out of time, twice.
    assert not saving.save_import(record.pk, seconds=-1)
    assert not saving.save_import(record.pk, seconds=-1)
    record.refresh_from_db()
    assert (record.status, record.done_rows) == (Status.SAVING, 250)
    assert saving.save_import(record.pk)
    record.refresh_from_db()
    assert sorted(Contact.objects.values_list("phone", flat=True)) == sorted(messy.callable)
    assert {verdict: record.counts[verdict] for verdict in messy.counts} == messy.counts
    assert record.done_rows == 500
    assert saving.unfinished() == []


def _small(people: Any) -> Any:
    from campaigns.contacts.importing.rows.validation import batches

    return batches(people, 50)


@pytest.mark.django_db
def test_a_second_worker_does_not_save_the_same_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = take(people_file(tmp_path / "a.csv", "09121234567", "09131234567"))
    assert saving.begin_saving(record.pk, None)
    real = saving._try_batch

    def overtaken(*arguments: Any) -> bool:
        monkeypatch.setattr(saving, "_try_batch", real)
        assert saving.save_import(record.pk)
        return real(*arguments)

    monkeypatch.setattr(saving, "_try_batch", overtaken)
    assert not saving.save_import(record.pk)
    record.refresh_from_db()
    assert (record.status, record.counts["good"], record.counts["made"]) == (Status.SAVED, 2, 2)


@pytest.mark.django_db
def test_a_number_that_came_in_meanwhile_is_not_made_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = take(people_file(tmp_path / "a.csv", "09121234567", "09131234567"))
    real = saving.judge

    def late(*arguments: Any) -> Any:
        judged = real(*arguments)
        make_contact(phone="+989121234567")
        return judged

    monkeypatch.setattr(saving, "judge", late)
    record = save(record)
    assert (record.counts["made"], record.counts["joined"]) == (1, 2)


@pytest.mark.django_db
def test_a_list_name_taken_meanwhile_is_said_in_words(tmp_path: Path) -> None:
    record = take(people_file(tmp_path / "a.csv", "09121234567"), list_name="Spring")
    make_list(name="Spring")
    with pytest.raises(Refusal, match="Spring"):
        saving.begin_saving(record.pk, None)
    record.refresh_from_db()
    assert record.status == Status.CHECKED


@pytest.mark.django_db
def test_a_lost_file_stops_in_words(tmp_path: Path) -> None:
    record = take(people_file(tmp_path / "a.csv", "09121234567"))
    saving.begin_saving(record.pk, None)
    Path(record.file.path).unlink()
    assert not saving.save_import(record.pk)
    record.refresh_from_db()
    assert (record.status, record.refused_reason) == (Status.REFUSED, "The file can no longer be found.")


@pytest.mark.django_db
def test_random_files_lose_no_row(tmp_path: Path) -> None:
    chance = random.Random(5)
    for turn in range(6):
        numbers = [
            chance.choice([f"0912000{chance.randint(0, 60):04d}", "", "junk", f"+98 913 {chance.randint(0, 9):07d}"])
            for _ in range(80)
        ]
        record = save(take(people_file(tmp_path / f"{turn}.csv", *numbers), list_name=f"L{turn}"))
        verdicts = sum(count for verdict, count in record.counts.items() if verdict not in {"made", "joined"})
        assert verdicts == 80
        assert record.counts["made"] == Contact.objects.filter(imported_by=record).count()


# Undoing


@pytest.mark.django_db
def test_undo_takes_back_what_the_import_added(tmp_path: Path, caller: User) -> None:
    known = make_contact(phone="+989121234567")
    record = save(take(people_file(tmp_path / "a.csv", "09121234567", "09131234567", "09141234567")), caller)
    moved = Contact.objects.get(phone="+989141234567")
    ListMembership.objects.create(contact_list=make_list(name="Other"), contact=moved)
    assert undoing.undo_import(record.pk, caller) == {
        "people": 1, "places": 3, "kept": 1, "numbers": 0, "confirmed": 0, "own": 0,
    }  # fmt: skip
    assert set(Contact.objects.all()) == {known, moved}
    assert not ContactList.objects.filter(name="New list").exists()
    record.refresh_from_db()
    assert record.status == Status.UNDONE
    with pytest.raises(Refusal):
        undoing.undo_import(record.pk, caller)


@pytest.mark.django_db
def test_undo_is_refused_once_it_would_hurt(tmp_path: Path, caller: User) -> None:
    record = save(take(people_file(tmp_path / "a.csv", "09121234567", "09131234567")), caller)
    contact = Contact.objects.get(phone=MARYAM)
    assert undoing.why_not(record) == ""
    campaign = make_campaign(lists=[record.contact_list], status=Campaign.Status.PAUSED)
    assert "campaign" in str(undoing.why_not(record))
    Campaign.objects.filter(pk=campaign.pk).update(status=Campaign.Status.STOPPED)
    call = make_call(campaign=campaign, contact=contact)
    assert "is waiting. Cancel that call" in str(undoing.why_not(record))
    call.status, call.placing_at = CallStatus.NO_ANSWER, timezone.now()
    call.save()
    with pytest.raises(Refusal, match="has already been called"):
        undoing.undo_import(record.pk, caller)
    call.status, call.placing_at = CallStatus.SKIPPED, None
    call.save()
    ContactImport.objects.filter(pk=record.pk).update(saved_at=timezone.now() - datetime.timedelta(hours=25))
    record.refresh_from_db()
    assert "24 hours" in str(undoing.why_not(record))
    ContactImport.objects.filter(pk=record.pk).update(saved_at=timezone.now())
    undoing.undo_import(record.pk, caller)
    call.refresh_from_db()
    assert call.contact is None
    assert ContactList.objects.filter(pk=record.contact_list_id).exists()


@pytest.mark.django_db
def test_undo_keeps_whom_somebody_wrote_about_or_merged(tmp_path: Path, manager: User) -> None:
    save(take(people_file(tmp_path / "a.csv", *(f"0912123456{n}" for n in range(4)))), manager)
    people = list(Contact.objects.order_by("phone"))
    add_note(people[0], "Speaks French", manager)
    merge_people(people[1].pk, people[2].pk, manager)
    record = ContactImport.objects.get()
    assert undoing.undo_import(record.pk, manager) == {
        "people": 1, "places": 3, "kept": 3, "numbers": 0, "confirmed": 0, "own": 0,
    }  # fmt: skip
    assert set(Contact.objects.all()) == set(people[:3])


@pytest.mark.django_db
def test_known_people_get_the_tags_and_a_missing_consent(tmp_path: Path) -> None:
    first = make_contact(phone="+989121234567", name="Ann", tags=["vip"])
    second = make_contact(phone="+989131234567", name="Bob", consent_source="On paper")
    save(take(people_file(tmp_path / "a.csv", "09121234567", "09131234567")), tags=["spring"], consent_source="Web")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.name, first.tags, first.consent_source) == ("Ann", ["vip", "spring"], "Web")
    assert first.consent_at is not None
    assert (second.name, second.tags, second.consent_source) == ("Bob", ["spring"], "On paper")
