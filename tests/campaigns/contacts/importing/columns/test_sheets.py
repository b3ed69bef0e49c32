"""Workbooks of several sheets: which are read, as one table, and that every row of theirs is accounted for."""

from __future__ import annotations

import datetime
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.contacts.importing.cells.cell_texts import length_in_words
from campaigns.contacts.importing.columns.mapping import READ, SKIP, ColumnMapping
from campaigns.contacts.importing.columns.sheets import Arrangement, arrange
from campaigns.contacts.importing.files.cell_values import Length, text_of
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.files.reading import measure, open_table
from campaigns.contacts.importing.rows.people_rows import Reader
from tests.campaigns.contacts.workbooks import workbook

NORTH = [["Name", "Mobile", "City"], ["Sara", "09121234501", "Rasht"], ["Omid", "09121234502", "Sari"]]
SOUTH = [["Mobile", "Name", "Age"], ["09121234503", "Nima", "30"], ["09121234501", "Sara", "41"], ["12", "Ali", "9"]]


def arranged(path: Path, region: str = "IR", **options: Any) -> Arrangement:
    return arrange(measure(path), region, **options)


def read(path: Path, found: Arrangement) -> list[tuple[str, int, str, str, dict[str, str], str]]:
    """Return of each row: sheet, number, name, phone, variables, and what is wrong with it."""
    reader = Reader(open_table(path), found.mapping, "IR")
    return [
        (row.sheet, row.number, details.name, row.phone.e164, details.variables, row.problem or row.note)
        for row in reader.people()
        for details in [reader.details_of(row)]
    ]


@pytest.mark.parametrize(
    ("sheets", "hidden_sheets", "taken"),
    [
        ({"Contacts": NORTH}, (), "Contacts"),
        ({"Empty": [], "Contacts": NORTH}, (), "Contacts"),
        ({"جلد": [["گزارش مشتریان"], ["تهیه: علی"]], "مشتریان": NORTH}, (), "مشتریان"),
        ({"Cover": [["Version", "1"], ["Contact", "Ann Lee"]], "Contacts": NORTH, "South": SOUTH}, (), "Contacts"),
        ({"جلد": [["گزارش"], ["تلفن پشتیبانی", "02188776655"]], "Contacts": NORTH}, (), "Contacts"),
        ({"Secret": SOUTH, "Contacts": NORTH}, ("Secret",), "Contacts"),
        ({"Words": [["a", "b"], ["c", "d"]]}, (), "Words"),
    ],
)
def test_an_empty_or_a_cover_sheet_hides_no_people(
    tmp_path: Path, sheets: dict[str, list[list[str]]], hidden_sheets: tuple[str, ...], taken: str
) -> None:
    found = arranged(workbook(tmp_path / "a.xlsx", sheets, hidden_sheets=hidden_sheets)).mapping
    assert found.sheets == (taken,)
    # Visible sheets with rows are listed, the others are not.
    assert [sheet.name for sheet in found.found] == [
        name for name, rows in sheets.items() if rows and name not in hidden_sheets
    ]
    assert [sheet.rows for sheet in found.found if sheet.name == "South"] in ([], [3])


def test_several_sheets_are_one_table_whatever_the_order_of_their_columns(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", {"North": NORTH, "South": SOUTH, "Rest": [["x"]]})
    found = arranged(path, taken=["North", "South"])
    assert (found.headers, found.rows) == (["Name", "Mobile", "City", "Age"], 5)
    assert read(path, found) == [
        ("North", 2, "Sara", "+989121234501", {"City": "Rasht"}, ""),
        ("North", 3, "Omid", "+989121234502", {"City": "Sari"}, ""),
        ("South", 2, "Nima", "+989121234503", {"Age": "30"}, ""),
        ("South", 3, "Sara", "+989121234501", {"Age": "41"}, "differs"),
        ("South", 4, "Ali", "", {"Age": "9"}, "too_short"),
    ]
    same = [row for row in Reader(open_table(path), found.mapping, "IR").people() if row.same_as]
    assert [(row.sheet, row.number, row.same_as_sheet, row.same_as) for row in same] == [("South", 3, "North", 2)]
    assert [(sheet.name, sheet.rows) for sheet in found.mapping.not_read] == [("Rest", 1)]
    assert ColumnMapping.from_json(found.mapping.to_json()) == found.mapping


def test_phones_under_different_titles_are_one_column(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        {"A": NORTH, "B": [["تلفن", "نام"], ["09121234509", "مینا"]], "C": [["09121234508", "Reza"]]},
    )
    found = arranged(path, taken=["A", "B", "C"])
    assert [(row[2], row[3]) for row in read(path, found)[2:4]] == [
        ("مینا", "+989121234509"),
        ("Reza", "+989121234508"),
    ]


def test_titles_of_each_sheet_stand_where_they_stand(tmp_path: Path) -> None:
    late = [["", ""], ["بهار", None], ["نام", "همراه"], ["سارا", 9121234501]]
    path = workbook(tmp_path / "a.xlsx", {"A": NORTH, "B": late})
    found = arranged(path, taken=["A", "B"])
    assert {name: layout.titles for name, layout in found.mapping.layouts.items()} == {"A": (1,), "B": (3,)}
    assert [row[:2] for row in read(path, found)] == [("A", 2), ("A", 3), ("B", 4)]
    # A person's choice counts, also that there are none.
    found = arranged(path, taken=["B"], titles={"B": ()})
    assert ([row[1] for row in read(path, found)], found.rows) == ([2, 3, 4], 3)


def test_hidden_rows_are_counted_and_read_only_on_wish(tmp_path: Path) -> None:
    rows = [["Name", "Mobile"], *([f"P{n}", f"091212345{n:02d}"] for n in range(6))]
    path = workbook(tmp_path / "a.xlsx", {"A": rows}, hidden={"A": [4, 5, 6, 7]})
    asked = arranged(path).mapping
    assert [(sheet.rows, sheet.hidden) for sheet in asked.found] == [(6, 4)]
    for hidden_rows, numbers in ((SKIP, [2, 3]), (READ, [2, 3, 4, 5, 6, 7])):
        found = arranged(path, hidden_rows=hidden_rows)
        assert ([row[1] for row in read(path, found)], found.rows) == (numbers, len(numbers))


def test_formulas_without_a_value_and_errors_are_told(tmp_path: Path) -> None:
    rows = [
        ["Name", "Mobile", "City"],
        ["Sara", '="0"&"9121234501"', "Rasht"],
        ["Omid", "09121234502", "=A1"],
        ["Nima", "#N/A", "Sari"],
        ["#REF!", "09121234503", "Sari"],
        ["Mina", "09121234504", "Sari"],
    ]
    path = workbook(tmp_path / "a.xlsx", {"A": rows})
    told = [(row[2], row[4], row[5]) for row in read(path, arranged(path))]
    assert told == [
        ("Sara", {"City": "Rasht"}, "without_value"),
        ("Omid", {}, "without_value"),
        ("Nima", {"City": "Sari"}, "without_value"),
        ("", {"City": "Sari"}, "without_value"),
        ("Mina", {"City": "Sari"}, ""),
    ]
    # A sheet that begins further to the right, and a column that nobody uses.
    rows = [
        [None, None, "Name", "Mobile", "x"],
        [None, None, "Sara", "=A1", ""],
        [None, None, "Ali", "09121234501", "=A1"],
    ]
    path = workbook(tmp_path / "b.xlsx", {"A": rows})
    found = arranged(path)
    found = replace(found, mapping=replace(found.mapping, columns=found.mapping.columns | {2: ""}))
    assert [row[5] for row in read(path, found)] == ["without_value", ""]


def test_errors_that_a_spreadsheet_saved_as_csv_are_told_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("Name,Mobile\n#NAME?,09121234501\nSara,#N/A\nOmid,09121234502\n")
    assert [(row[2], row[5]) for row in read(path, arranged(path))] == [
        ("", "without_value"),
        ("Sara", "without_value"),
        ("Omid", ""),
    ]


def words(value: Any, language: str) -> str:
    text = text_of(value)
    return length_in_words(text.seconds, language) if isinstance(text, Length) else text


@pytest.mark.parametrize(
    ("value", "english", "persian"),
    [
        (datetime.datetime(2026, 12, 5, 9, 15), "2026-12-05 09:15", None),
        (datetime.datetime(2026, 12, 5, 9, 15, 30), "2026-12-05 09:15:30", None),
        (datetime.datetime(2026, 12, 5), "2026-12-05", None),
        (datetime.datetime(2026, 12, 5, 9, 14, 59, 999_900), "2026-12-05 09:15", None),
        (datetime.time(9, 15), "09:15", None),
        (datetime.time(9, 14, 59, 999_900), "09:15", None),
        (datetime.timedelta(hours=26), "26 hours", "26 ساعت"),
        (datetime.timedelta(minutes=90), "1 hour 30 minutes", "1 ساعت و 30 دقیقه"),
        (datetime.timedelta(seconds=5), "5 seconds", "5 ثانیه"),
        (datetime.timedelta(), "0 seconds", "0 ثانیه"),
        (-datetime.timedelta(hours=1), "minus 1 hour", "منفی 1 ساعت"),
        (0.1 + 0.2, "0.3", None),
        (9121234567.0, "9121234567", None),
        (True, "TRUE", None),
    ],
)
def test_values_are_written_as_people_say_them(value: Any, english: str, persian: str | None) -> None:
    assert words(value, "en") == english
    assert words(value, "fa") == (persian or english)


def test_lengths_of_time_keep_the_language_of_whoever_chose_the_columns(tmp_path: Path) -> None:
    rows = [["Name", "Mobile", "Length", "At"],
            ["Sara", "09121234501", datetime.timedelta(hours=26), datetime.datetime(2026, 12, 5, 9, 15)]]  # fmt: skip
    path = workbook(tmp_path / "a.xlsx", {"A": rows}, formats={"C2": "[h]:mm"})
    with translation.override("fa"):
        found = arranged(path)
    # The worker that saves it has another language.
    assert read(path, found)[0][4] == {"Length": "26 ساعت", "At": "2026-12-05 09:15"}


def test_sheets_have_a_limit_of_rows_together(tmp_path: Path, settings: Any) -> None:
    path = workbook(tmp_path / "a.xlsx", {"North": NORTH, "South": SOUTH})
    settings.IMPORT_MAX_ROWS = 4
    assert arranged(path, taken=["South"]).rows == 3
    with pytest.raises(FileRefused, match="more than 4 rows together"):
        arranged(path, taken=["North", "South"])
    with pytest.raises(FileRefused, match="at least one sheet"):
        arranged(path, taken=["West"])


ROWS = st.lists(
    st.tuples(st.sampled_from(["", "Sara", "امید", "12"]), st.sampled_from(["", "12", "09121234501", "=A1", "Mobile"])),
    max_size=7,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=3), st.sampled_from(["", READ, SKIP]), st.sets(st.integers(1, 8)))
def test_no_row_is_unaccounted_for(
    tmp_path: Path,
    tables: list[list[tuple[str, str]]],
    hidden_rows: str,
    hidden: set[int],
) -> None:
    """Rows that are read, those above the titles with them, and those that are hidden are all that the sheets have."""
    names = [f"S{place}" for place in range(len(tables))]
    path = workbook(
        tmp_path / "a.xlsx", dict(zip(names, tables, strict=True)), hidden=dict.fromkeys(names, sorted(hidden))
    )
    try:
        found = arranged(path, taken=names, hidden_rows=hidden_rows)
    except FileRefused:
        return
    people = list(Reader(open_table(path), found.mapping, "IR").people())
    expected = [
        (name, number)
        for name, rows in zip(names, tables, strict=True)
        if name in found.mapping.sheets
        for number, row in enumerate(rows, start=1)
        if any(row)
        and number > max(found.mapping.layouts[name].titles, default=0)
        and not (hidden_rows == SKIP and number in hidden)
    ]
    assert [(row.sheet, row.number) for row in people] == expected
    assert len(people) == found.rows
