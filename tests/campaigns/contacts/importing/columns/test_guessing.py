"""What each column of a file is taken for: by what stands in it, its title, and when it has to be asked."""

from __future__ import annotations

import pytest

from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.columns.sheets import arrange
from campaigns.contacts.importing.files.reading import MeasuredSheet


def guessed(rows: list[list[str]], region: str = "IR") -> ColumnMapping:
    """Return what is guessed of a file of these rows."""
    width = max(map(len, rows))
    sheet = MeasuredSheet("", len(rows), width, list(enumerate(rows, start=1)), (), 0)
    return arrange([sheet], region).mapping


@pytest.mark.parametrize(
    ("titles", "row", "expected"),
    [
        (["Full Name", "Mobile No."], ["Ann", "09121234567"], ["name", "phone"]),
        (["نام و نام خانوادگی", "شماره موبايل"], ["مریم", "۰۹۱۲۱۲۳۴۵۶۷"], ["name", "phone"]),
        (["Naam", "Mobile nambar", "Shahar"], ["Priya", "+919876543210", "Pune"], ["name", "phone", "var:Shahar"]),
        (["नाम", "मोबाइल नंबर"], ["प्रिया", "+919876543210"], ["name", "phone"]),
        (["First name", "Last name", "Phone"], ["A", "B", "09121234567"], ["name", "name", "phone"]),
        (["Company name", "Name", "Tel"], ["ACME", "Ann", "02188776655"], ["var:Company name", "name", "phone"]),
        (["Home phone", "Mobile"], ["02188776655", "09121234567"], ["other_phone", "phone"]),
        (["Whatever", "Kontakt"], ["Ann", "09121234567"], ["var:Whatever", "phone"]),
        (["Ann", "09121234567"], ["Bob", "09131234567"], ["name", "phone"]),
        (["Phone", "Time zone", "Consent date"], ["09121234567", "Asia/Tehran", "1403-02-01"],
         ["phone", "time_zone", "consent_at"]),
        (["Phone", "Phone", "City", "City"], ["09121234567", "x", "Pune", "Goa"],
         ["phone", "var:Phone (2)", "var:City", "var:City (2)"]),
        (["Phone", "Reason", "Row in the file"], ["09121234567", "bad", "4"], ["phone", "", ""]),
        (["Name", "City"], ["Ann", "Pune"], ["name", "var:City"]),
    ],
)  # fmt: skip
def test_columns_are_guessed(titles: list[str], row: list[str], expected: list[str]) -> None:
    mapping = guessed([titles, row])
    assert [mapping.columns[column] for column in range(len(titles))] == expected
    assert ColumnMapping.from_json(mapping.to_json()) == mapping
