"""Consent in files: only what clearly says so is noted, with the file's own date or none; nothing is made up."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from campaigns.contacts.importing import upload
from campaigns.contacts.importing.cells.consent import ConsentColumns, Said, is_yes_no, read_cell
from campaigns.contacts.importing.cells.dates import DayMonth
from campaigns.contacts.importing.rows.validation import check_import
from campaigns.contacts.importing.saved import saving
from campaigns.core.refusals import Refusal
from campaigns.models import Contact
from tests.campaigns.contacts.imported_files import save, take
from tests.conftest import make_contact
from tests.files import write

NOW = datetime.datetime(2026, 11, 30, 12, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("Yes", "y", "TRUE", "1", "بله", "نعم", "Agreed", "given", "✓"), Said.GIVEN),
        (("No", "n", "0", "false", "خیر", "نه", "لا", "לא", "Withdrawn", "not given", "opted out",
          "رضایت ندارد", "DNC"), Said.REFUSED),
        (("", " ", "-", "N/A", "null"), Said.BLANK),
        (("?", "maybe", "pending", "7", "x", "✗", "نامشخص", "#REF!", "Ye\ufffd"), Said.UNREADABLE),
    ],
)  # fmt: skip
def test_cells_of_both_kinds_of_columns(cells: tuple[str, ...], said: Said) -> None:
    for is_yes_no_column in (True, False):
        found = {cell: read_cell(cell, is_yes_no_column=is_yes_no_column)[0] for cell in cells}
        assert {cell: one for cell, one in found.items() if one is not said} == {}


def test_a_source_is_consent_only_in_a_column_of_sources() -> None:
    assert read_cell("Web form", is_yes_no_column=False) == (Said.GIVEN, "Web form")
    assert read_cell("Web form", is_yes_no_column=True) == (Said.UNREADABLE, "")
    assert read_cell("did not agree by phone", is_yes_no_column=False) == (Said.REFUSED, "")
    assert is_yes_no(["Yes", "", "No", "خیر", "?"])
    assert not is_yes_no(["Web form", "By phone", "Yes"])


def test_the_columns_of_a_row_together() -> None:
    columns = ConsentColumns(0, 1, 2, None, NOW)
    assert columns.of(["Yes", "Web", "2024-05-01"])[:2] == (Said.GIVEN, "Web")
    assert columns.of(["Yes", "", ""]).said is Said.GIVEN
    assert columns.of(["No", "Web", "2024-05-01"])[:4] == (Said.REFUSED, "", None, "consent_refused")
    assert columns.of(["", "", "2024-05-01"]).said is Said.BLANK
    assert columns.of(["Yes", "", "2031-01-01"])[:4] == (Said.UNREADABLE, "", None, "date_future")
    unreadable = columns.of(["Yes", "Web", "some day"])
    assert (unreadable.said, unreadable.given_at, unreadable.note) == (Said.GIVEN, None, "date_unknown")
    only_dates = ConsentColumns(-1, -1, 0, None, NOW)
    assert [only_dates.of([text]).said for text in ("2024-05-01", "", "x")] == [
        Said.GIVEN, Said.BLANK, Said.UNREADABLE,
    ]  # fmt: skip


def test_what_is_typed_for_a_file_never_overrules_it() -> None:
    columns = ConsentColumns(0, -1, -1, None, NOW)
    assert columns.of(["Yes"]).noted("Web shop", NOW, "a.csv") == ("Web shop", None)
    assert columns.of(["Yes"]).noted("", NOW, "a.csv") == ("a.csv: Yes", None)
    for cell in ("No", "", "?"):
        assert columns.of([cell]).noted("Web shop", NOW, "a.csv") == ("", None), cell
    without = ConsentColumns(-1, -1, -1, None, NOW)
    assert without.of(["Yes"]).noted("Web shop", NOW, "a.csv") == ("Web shop", NOW)
    assert without.of(["Yes"]).noted("", NOW, "a.csv") == ("", None)


FILES = {
    "english": "Name,Mobile,Consent\nA,09120000001,Yes\nB,09120000002,No\nC,09120000003,\nD,09120000004,perhaps\n",
    "persian": "نام,موبایل,رضایت\nA,۰۹۱۲۰۰۰۰۰۰۱,بله\nB,09120000002,خیر\nC,09120000003,-\nD,09120000004,نامشخص\n",
    "sources": (
        "Name,Mobile,Consent\nA,09120000001,Web form\nB,09120000002,refused\nC,09120000003,\nD,09120000004,??\n"
        "E,09120000005,By phone\nF,09120000006,By phone\n"
    ),
    "dates": (
        "Name,Mobile,Consent date\nA,09120000001,1402-05-14\nB,09120000002,2099-01-01\nC,09120000003,\n"
        "D,09120000004,soon\n"
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("typed", ["", "Web shop"])
def test_of_four_people_one_agreed(tmp_path: Path, kind: str, typed: str) -> None:
    record = take(write(tmp_path / "a.csv", FILES[kind]))
    asked = sum(record.counts[f"consent_{said}"] for said in ("given", "refused", "blank", "unreadable")
                if f"consent_{said}" in record.counts)  # fmt: skip
    assert asked == record.total_rows
    save(record, consent_source=typed)
    people = {contact.name: contact.has_consent for contact in Contact.objects.all()}
    assert people == dict.fromkeys("ABCD", False) | {"A": True} | ({"E": True, "F": True} if kind == "sources" else {})


@pytest.mark.django_db
def test_a_no_takes_an_earlier_consent_away_and_an_empty_cell_does_not(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        make_contact(phone=f"+98912000000{number}", name=f"{number}", consent_source="Paper", consent_at=NOW)
    path = write(tmp_path / "a.csv", "Mobile,Consent\n09120000001,No\n09120000002,\n09120000003,Yes\n")
    save(take(path), consent_source="Web shop")
    assert dict(Contact.objects.values_list("name", "consent_source")) == {"1": "", "2": "Paper", "3": "Paper"}


@pytest.mark.django_db
def test_day_and_month_are_asked_for_once_a_file(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Name,Mobile,Consent date\nA,09120000001,03/04/2024\nB,09120000002,05/04/2024\n")
    record = take(path)
    assert record.counts["unclear_dates"] == 2
    with pytest.raises(Refusal, match="2 dates"):
        saving.begin_saving(record.pk, None)
    assert upload.answer(record, dates=DayMonth.MONTH_FIRST, wishes={})
    record = check_import(record.pk)
    assert "unclear_dates" not in record.counts
    save(record)
    days = {c.name: timezone.localtime(c.consent_at).date().isoformat() for c in Contact.objects.all()}
    assert days == {"A": "2024-03-04", "B": "2024-05-04"}


@pytest.mark.django_db
def test_a_date_of_the_file_that_proves_the_order_spares_the_question(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "Name,Mobile,Consent date\nA,09120000001,03/04/2024\nB,09120000002,25/04/2024\n")
    record = take(path)
    assert (record.counts.get("unclear_dates"), record.answers["dates"]) == (None, "day_first")
    save(record)
    assert timezone.localtime(Contact.objects.get(name="A").consent_at).date() == datetime.date(2024, 4, 3)


@pytest.mark.django_db
def test_the_page_asks_and_goes_on(client: Client, caller: object, tmp_path: Path) -> None:
    client.force_login(caller)  # type: ignore[arg-type]
    text = "Name,Mobile,Consent,Consent date\nA,09120000001,Yes,03/04/2024\nB,09120000002,No,\n"
    record = take(write(tmp_path / "a.csv", text), caller)  # type: ignore[arg-type]
    page = client.get(reverse("import-check", args=[record.pk])).content.decode()
    assert "day and month are not clear" in page
    assert "Not ready to save" in page
    assert "did not consent" in page
    assert "Save 2 people" not in page
    page = client.post(reverse("import-save", args=[record.pk]), {"tags": ""}, follow=True).content.decode()
    assert "Choose which comes first" in page
    answers = reverse("import-answers", args=[record.pk])
    page = client.post(answers, {"dates": "day_first"}, follow=True).content.decode()
    assert "Save 2 people" in page
    client.post(reverse("import-save", args=[record.pk]), {"tags": "", "consent_source": "Web shop"})
    a, b = Contact.objects.order_by("name")
    assert (a.consent_source, a.consent_at.date(), b.has_consent) == ("Web shop", datetime.date(2024, 4, 3), False)


@pytest.mark.django_db
def test_a_person_s_form_takes_no_day_ahead(client: Client, caller: object) -> None:
    client.force_login(caller)  # type: ignore[arg-type]
    contact = make_contact()
    ahead = timezone.localdate() + datetime.timedelta(days=1)
    page = client.post(
        reverse("person-edit", args=[contact.pk]), {"name": "A", "phone": contact.phone, "consent_at": ahead}
    )
    assert "This day is in the future" in page.content.decode()
    contact.refresh_from_db()
    assert contact.consent_at is None
