"""The page of an import's columns, without scripts: sheets, titles, columns that compete, names of variables."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.models import Contact, ContactImport
from tests.campaigns.contacts.workbooks import workbook

pytestmark = pytest.mark.django_db

TEHRAN = [["Name", "Mobile"], ["Sara", "09121234501"]]
SHIRAZ = [["Name", "Mobile"], ["Omid", "09121234502"], ["Nima", "09121234503"]]


@pytest.fixture
def page(client: Client, caller: User) -> ColumnsPage:
    """Return a caller's way to the page."""
    client.force_login(caller)
    return ColumnsPage(client)


class ColumnsPage:
    """The page of one upload, and what its form would send."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.answer: Any = None

    @property
    def text(self) -> str:
        return str(self.answer.content.decode())

    @property
    def record(self) -> ContactImport:
        return ContactImport.objects.latest("pk")

    def upload(self, content: str | bytes, name: str = "people.csv", region: str = "IR") -> None:
        raw = content if isinstance(content, bytes) else content.encode()
        file = SimpleUploadedFile(name, raw)
        self.answer = self.client.post(reverse("import-new"), {"file": file, "region": region}, follow=True)

    def upload_sheets(self, folder: Path, sheets: Mapping[str, Sequence[Sequence[Any]]], **options: Any) -> None:
        self.upload(workbook(folder / "people.xlsx", sheets, **options).read_bytes(), "people.xlsx")

    def send(self, **changes: Any) -> None:
        form = self.answer.context["form"]
        sent = {name: form[name].value() for name in form.fields} | changes
        sent = {name: value for name, value in sent.items() if value not in (None, False)}
        self.answer = self.client.post(reverse("import-map", args=[self.record.pk]), sent, follow=True)

    def save(self) -> None:
        self.answer = self.client.post(reverse("import-save", args=[self.record.pk]), follow=True)


def test_competing_phone_columns_are_asked_side_by_side(page: ColumnsPage) -> None:
    page.upload("Name,Pilot phone,Passenger phone\nSara,09121234501,09351234501\nOmid,09121234502,0935\n")
    for words in ("Column with the phone number to call", "09351234501", "2 of 2 rows can be called"):
        assert words in page.text
    assert "phone" not in page.record.mapping.values()
    page.send()
    assert (page.answer.status_code, "Choose one of these columns." in page.text) == (422, True)
    page.send(asked_phone="2")
    assert page.record.counts["good"] == 1
    assert page.record.samples["good"][0]["e164"] == "+989351234501"
    page.save()
    assert Contact.objects.get().variables == {"Pilot phone": "09121234501"}


def test_none_of_the_competing_columns(page: ColumnsPage) -> None:
    page.upload("نام,موبایل ضامن,ش\nسارا,09121234501,09351234501\nامید,09121234502,09351234502\n")
    page.send(asked_phone="none", column_2="kept")
    assert "Choose the column with the phone number." in page.text
    page.send(asked_phone="none", column_2="phone")
    assert (page.record.counts["good"], page.record.samples["good"][0]["e164"]) == (2, "+989351234501")


def test_competing_columns_of_names_are_asked(page: ColumnsPage) -> None:
    page.upload("Customer name,Contact name,Mobile\nACME,Sara,09121234501\nZen,Omid,09121234502\n")
    assert "Column with the name" in page.text
    page.send(asked_name="1")
    page.save()
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Omid", "Sara"]
    assert Contact.objects.first().variables["Customer name"] in {"ACME", "Zen"}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "content",
    ["Sara,0912000910\nOmid,09121234502\nNima,09121234503\n", "مریم,ندارد\nOmid,09121234502\nNima,09121234503\n",
     "Sara\tnot known 0912\nOmid\t09121234502\nNima\t09121234503\n"],
)  # fmt: skip
def test_a_person_in_the_first_row_stays_one(page: ColumnsPage, content: str) -> None:
    page.upload(content)
    assert "Every row is read as a contact" in page.text
    page.send()
    assert {verdict: count for verdict, count in page.record.counts.items() if count} == {"good": 2, "bad": 1}
    assert page.record.samples["bad"][0]["row"] == 1


def test_titles_are_marked_and_one_press_takes_others(page: ColumnsPage) -> None:
    page.upload("بهار ۱۴۰۵,,\n,,\nنام,شماره همراه,شهر\nسارا,09121234501,تهران\nامید,09121234502,شیراز\n")
    shown = page.answer.context["tops"][0]["rows"]
    assert [(row.number, row.is_title, row.is_above) for row in shown] == [
        (1, False, True), (3, True, False), (4, False, False), (5, False, False),
    ]  # fmt: skip
    for words in ('value="0:4"', 'value="0:0"', "Titles", "The titles are in row 3.", "Rows above row 3 are skipped"):
        assert words in page.text
    page.send(titles="0:4", list_name="Typed before")
    assert (page.record.headers, page.record.total_rows) == (["سارا", "09121234501", "تهران"], 1)
    assert 'value="Typed before"' in page.text
    page.send(titles="0:0", region="US")
    assert (page.record.total_rows, page.record.region, page.record.mapping["layouts"][""]["titles"]) == (4, "US", [])
    for nonsense in ("", "x", "7:1", "0:-1"):
        page.send(titles=nonsense)
        assert page.record.total_rows == 4
    page.send(titles="0:3", region="IR")
    page.send()
    assert page.record.counts["good"] == 2
    assert "The titles are in row 3." in page.text


def test_sheets_are_listed_and_taken(page: ColumnsPage, tmp_path: Path) -> None:
    page.upload_sheets(tmp_path, {"Cover": [["Hello"]], "Tehran": TEHRAN, "Shiraz": SHIRAZ})
    for words in (
        "Tehran: 1 row",
        "Shiraz: 2 rows",
        "Cover: 1 row",
        "Skipped sheets: “Cover” (1 row), “Shiraz”",
    ):
        assert words in page.text
    assert page.record.mapping["sheets"] == ["Tehran"]
    # Other sheets are chosen: their columns are shown before anything is checked.
    page.send(sheets=["Tehran", "Shiraz"])
    assert page.answer.request["PATH_INFO"].endswith("/columns/")
    assert (page.record.mapping["sheets"], page.record.total_rows) == (["Tehran", "Shiraz"], 3)
    assert "Columns were detected again" in page.text
    page.send()
    assert page.record.counts["good"] == 3
    assert "Sheets to import: “Tehran” (1 row), “Shiraz” (2 rows)." in page.text
    page.save()
    assert Contact.objects.count() == 3
    assert "Skipped sheets: “Cover” (1 row)." in page.text


def test_no_sheet_is_a_mistake_and_the_button_alone_reads_others(page: ColumnsPage, tmp_path: Path) -> None:
    page.upload_sheets(tmp_path, {"تهران": TEHRAN, "شیراز": SHIRAZ})
    page.send(sheets=[])
    assert (page.answer.status_code, "Choose at least one sheet." in page.text) == (422, True)
    page.send(sheets=["شیراز"], read_sheets="yes")
    assert page.record.mapping["sheets"] == ["شیراز"]
    page.send()
    page.save()
    assert sorted(Contact.objects.values_list("name", flat=True)) == ["Nima", "Omid"]


@pytest.mark.parametrize(("choice", "rows", "words"), [("skip", 2, "4 hidden rows are skipped."),
                                                       ("read", 6, "4 hidden rows are included.")])  # fmt: skip
def test_hidden_rows_are_asked_for(page: ColumnsPage, tmp_path: Path, choice: str, rows: int, words: str) -> None:
    people = [["Name", "Mobile"], *([f"P{n}", f"091212345{n:02d}"] for n in range(6))]
    page.upload_sheets(tmp_path, {"A": people}, hidden={"A": [2, 5, 6, 7]})
    assert "6 rows, 2 visible" in page.text
    # Each of them is marked where the file's first rows are shown.
    assert page.answer.context["tops"][0]["hidden"] == {2, 5, 6, 7}
    assert page.text.count("Hidden in the spreadsheet") == 4
    page.send()
    assert (page.answer.status_code, "Choose what to do with the hidden rows." in page.text) == (422, True)
    page.send(hidden_rows=choice)
    assert (page.record.counts["good"], page.record.total_rows) == (rows, rows)
    assert words in page.text


def test_variables_get_the_names_that_a_person_gives_them(page: ColumnsPage) -> None:
    page.upload("Mobile,Ord No.,,\n09121234501,A1,blue,\n09121234502,A2,green,\n")
    assert "Column 3" in page.text
    page.send(column_2="kept")
    assert "Name this column, or skip it." in page.text
    for name, words in (
        ("ord_no", "Another column has this name"),
        ("{name}", "is reserved for the contact&#x27;s name"),
        ("!", "Name this"),
    ):
        page.send(column_2="kept", variable_2=name)
        assert words in page.text
    page.send(variable_1="Order", column_2="kept", variable_2="{رنگ}")
    page.save()
    assert [contact.variables for contact in Contact.objects.order_by("phone")] == [
        {"Order": "A1", "رنگ": "blue"},
        {"Order": "A2", "رنگ": "green"},
    ]


def test_another_country_guesses_anew_and_keeps_what_was_chosen_by_hand(page: ColumnsPage) -> None:
    page.upload("Client,Ref,Line\nPriya,A1,9876543210\nRahul,A2,9876543211\nAsha,A3,9876543212\n")
    assert "phone" not in page.record.mapping.values()
    # Whoever only changes the country sees the columns before anything is checked.
    page.send(region="IN", column_0="name", variable_1="Order")
    assert page.answer.request["PATH_INFO"].endswith("/columns/")
    assert "Your manual choices are unchanged" in page.text
    mapping = page.record.mapping
    assert (page.record.region, mapping["0"], mapping["1"], mapping["2"]) == ("IN", "name", "var:Order", "phone")
    page.send()
    assert page.record.counts["good"] == 3


def test_another_country_asks_for_no_second_look_where_nothing_changes(page: ColumnsPage) -> None:
    page.upload("Name,Mobile\nSara,+989121234501\nOmid,+989121234502\n")
    page.send(region="IN")
    assert (page.record.region, page.record.counts["good"]) == ("IN", 2)


def test_what_has_no_title_is_left_out_and_said(page: ColumnsPage) -> None:
    page.upload("09121234501,Sara,4\n09121234502,Omid,5\n")
    page.send()
    assert "Skipped, no title: “Column 3”." in page.text
    page.save()
    assert [(contact.name, contact.variables) for contact in Contact.objects.order_by("phone")] == [
        ("Sara", {}),
        ("Omid", {}),
    ]


def test_an_import_that_began_before_sheets_were_known_goes_on(page: ColumnsPage) -> None:
    page.upload("Name,Mobile\nSara,09121234501\n")
    record = page.record
    record.mapping = {"0": "name", "1": "phone", "has_titles": True, "update_known": False}
    record.save()
    page.answer = page.client.get(reverse("import-map", args=[record.pk]))
    assert [row.is_title for row in page.answer.context["tops"][0]["rows"]] == [True, False]
    page.send()
    assert page.record.counts["good"] == 1


def test_dangerous_words_of_a_sheet_stay_text(page: ColumnsPage, tmp_path: Path) -> None:
    evil = "<img src=x onerror=1>"
    page.upload_sheets(tmp_path, {"<b>": [["Mobile", evil], ["09121234501", evil]], "B": [[evil, "x"], [evil, "y"]]})
    assert evil not in page.text
    page.send(sheets=["<b>", "B"])
    page.send()
    assert evil not in page.text
    assert "<b>" not in page.text
    bad = page.client.get(reverse("import-bad-rows", args=[page.record.pk]))
    assert io.BytesIO(b"".join(bad.streaming_content)).read().count(b"B 1") == 1  # type: ignore[attr-defined]
