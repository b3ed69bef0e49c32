"""`import_contacts`: which sheets, rows and columns it reads, what it says of them, and where it stops and asks."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from campaigns.models import Contact, ContactImport
from tests.campaigns.contacts.workbooks import workbook
from tests.files import write

pytestmark = pytest.mark.django_db

LOANS = "".join(f"{7_000_000_000 + 9311 * n},C{n},98765432{n:02d}\n" for n in range(10))
FIRST = [["Name", "Mobile"], ["Sara", "09121234501"]]
SECOND = [["نام", "موبایل"], ["امید", "09121234502"], ["نیما", "09121234503"]]


def run(path: Path, *options: str, capsys: pytest.CaptureFixture[str]) -> str:
    call_command("import_contacts", str(path), "--list", "Spring", *options)
    return capsys.readouterr().out


def phones() -> list[str]:
    return sorted(Contact.objects.values_list("phone", flat=True))


def test_loan_numbers_are_not_called(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = run(write(tmp_path / "a.csv", "Loan Number,Customer,Contact\n" + LOANS), "--region", "IN", capsys=capsys)
    assert phones() == [f"+9198765432{n:02d}" for n in range(10)]
    assert "Columns: phone number: “Contact”; name: “Customer”; variables: {Loan Number}." in said


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("content", "options", "said"),
    [
        (
            "Pilot phone,Passenger phone\n09121234501,09351234501\n",
            [],
            "Choose one: --phone “Pilot phone” (0912••••501) or --phone “Passenger phone” (0935••••501).",
        ),
        ("09121234501,09351234501\n", [], "not certain which column holds the phone numbers"),
        ("Loan Number,Customer\n" + "".join(f"{line.rsplit(',', 1)[0]}\n" for line in LOANS.splitlines()),
         ["--region", "IN"], "--phone “Loan Number” (7000•••000, 7000•••311, 7000•••622)"),
        ("مریم,شیراز,09121234501\nامید,تهران,09121234502\n", [], "--name “Column 1” (مریم, امید) or --name “Column 2”"),
        ("Name,Mobile\nSara,09121234501\n", ["--phone", "Cell"], "no column “Cell”. Its columns: Name, Mobile."),
        ("Name,Mobile\nSara,09121234501\n", ["--sheet", "May"], "no sheet “May”"),
    ],
)  # fmt: skip
def test_it_stops_with_the_choice_named(tmp_path: Path, content: str, options: list[str], said: str) -> None:
    with pytest.raises(CommandError) as stopped:
        call_command("import_contacts", str(write(tmp_path / "a.csv", content)), "--list", "Spring", *options)
    assert said in str(stopped.value)
    assert not Contact.objects.exists()
    # Nothing is left behind that somebody would have to clear.
    assert not ContactImport.objects.exists()


@pytest.mark.parametrize("named", ["Passenger phone", "passenger  PHONE", "2"])
def test_a_column_is_named_by_title_or_position(tmp_path: Path, named: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "a.csv", "Pilot phone,Passenger phone\n09121234501,09351234501\n")
    run(path, "--phone", named, capsys=capsys)
    assert phones() == ["+989351234501"]
    assert Contact.objects.get().variables == {"Pilot phone": "09121234501"}


@pytest.mark.parametrize(("options", "name"), [(["--name", "2"], "تهران"), (["--no-name"], "")])
def test_a_column_of_names_is_named(
    tmp_path: Path, options: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", "مریم,تهران,09121234501\nامید,شیراز,09121234502\n")
    run(path, *options, capsys=capsys)
    assert Contact.objects.get(phone="+989121234501").name == name


def test_sheets_that_are_read_and_not_read_are_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workbook(tmp_path / "a.xlsx", {"Cover": [["Hello"]], "First": FIRST, "دوم": SECOND})
    said = run(path, capsys=capsys)
    assert "Sheets to import: “First” (1 row)." in said
    assert "Skipped sheets: “Cover” (1 row), “دوم” (2 rows)." in said
    assert phones() == ["+989121234501"]
    said = run(path, "--sheet", "دوم", "--json", capsys=capsys)
    told = json.loads(said)
    assert (told["made"], told["sheets"], told["sheets_not_read"]) == (2, ["دوم"], {"Cover": 1, "First": 1})
    told = json.loads(run(path, "--all-sheets", "--json", capsys=capsys))
    assert (told["rows"], told["in_list"], told["bad"], told["sheets_not_read"]) == (4, 3, 1, {})


@pytest.mark.parametrize(("choice", "made"), [("skip", 1), ("read", 3)])
def test_hidden_rows_are_asked_for(tmp_path: Path, choice: str, made: int, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [["Name", "Mobile"], *([f"P{n}", f"091212345{n:02d}"] for n in range(3))]
    path = workbook(tmp_path / "a.xlsx", {"A": rows}, hidden={"A": [3, 4]})
    with pytest.raises(CommandError, match=r"3 rows, 1 visible\. Say --hidden-rows read or --hidden-rows skip"):
        run(path, capsys=capsys)
    told = json.loads(run(path, "--hidden-rows", choice, "--json", capsys=capsys))
    assert (told["made"], told["hidden_rows"]) == (made, {"rows": 2, "read": choice == "read"})


@pytest.mark.parametrize(
    ("options", "rows", "said"),
    [((), 2, "The titles are in row 2."), (("--titles", "3"), 1, "The titles are in row 3."),
     (("--titles", "0", "--phone", "2", "--no-name"), 4, "No title row found")],
)  # fmt: skip
def test_titles_are_found_or_named(
    tmp_path: Path, options: tuple[str, ...], rows: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.csv", "List of spring,\nName,Mobile\nSara,09121234501\nOmid,09121234502\n")
    out = run(path, *options, capsys=capsys)
    assert (f"of {rows} rows" in out or f"of {rows} row" in out, said in out) == (True, True)


def test_a_formula_without_a_value_is_a_bad_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = workbook(
        tmp_path / "a.xlsx", {"A": [["نام", "همراه"], ["سارا", '="0"&"9121234501"'], ["امید", "09121234502"]]}
    )
    said = run(path, capsys=capsys)
    assert "of 2 rows: 1 ok, 1 invalid." in said
    assert "Invalid, row 2: A formula in this row has no value or an error." in said
