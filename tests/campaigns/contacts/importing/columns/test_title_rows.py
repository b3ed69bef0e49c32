"""Which rows of a file are its titles: the first, one below a heading, two, or none."""

from __future__ import annotations

import pytest

from campaigns.contacts.importing.columns.title_rows import find_title_rows, headers_of, titles_of

PEOPLE = [["Sara", "09121234567", "Pune"], ["Omid", "09131234567", "Goa"]]


def numbered(rows: list[list[str]]) -> list[tuple[int, list[str]]]:
    """Return rows with their numbers, blank ones left out as the readers do."""
    return [(number, row) for number, row in enumerate(rows, start=1) if any(row)]


@pytest.mark.parametrize(
    ("above", "titles"),
    [
        ([["Name", "Mobile", "City"]], (1,)),
        ([["Customers of spring", "", ""], ["Name", "Mobile", "City"]], (2,)),
        ([["فهرست مشتریان بهار ۱۴۰۵", "", ""], ["نام", "شماره همراه", "شهر"]], (2,)),
        ([["Phone list", "", ""], [], ["Printed", "2026-11-30", ""], [], ["Name", "Mobile", "City"]], (5,)),
        ([["Tel: 021-88776655", "", ""], ["Name", "Mobile", "City"]], (2,)),
        ([["Full", "Phone", "City"], ["name", "number", ""]], (1, 2)),
        ([["Customer", "", ""], ["First", "Mobile", "Town"]], (2,)),
        ([["Contact", "Contact", ""], ["Name", "Mobile", "City"]], (1, 2)),
        ([["نام", "موبایل", "شهر"], ["Name", "Mobile", "City"]], (1, 2)),
        ([["Vorname", "Rufnummer", "Ort"]], (1,)),
        # A person stays a person, however broken the number.
        ([], ()),
        ([["Ann", "0912000910", "Pune"]], ()),
        ([["Ann", "12", "Pune"]], ()),
        ([["Ann", "n/a", "Pune"]], ()),
        ([["مریم", "ندارد", "تهران"]], ()),
        ([["Ann", "", "Pune"]], ()),
        ([["Ann", "9.89121E+11", "Pune"]], ()),
        ([["Ann", "call later", "Goa"]], ()),
        ([["Ann", "", ""]], ()),
        ([["Ann", "", "Customer"]], ()),
        ([["مریم", "", "مشتری"]], ()),
    ],
)
def test_titles_are_found(above: list[list[str]], titles: tuple[int, ...]) -> None:
    assert find_title_rows(numbered([*above, *PEOPLE])) == titles


@pytest.mark.parametrize(
    ("rows", "titles"),
    [([["Phone"], ["09121234567"]], (1,)), ([["abc"], ["09121234567"]], (1,)), ([["0912000910"], ["09121234567"]], ()),
     ([["name", "phone"]], (1,)), ([["name", "city"], ["Ann", "Pune"]], (1,)), ([["Ann", "Pune"], ["Bob", "Goa"]], ()),
     ([], ())],
)  # fmt: skip
def test_titles_of_small_files(rows: list[list[str]], titles: tuple[int, ...]) -> None:
    assert find_title_rows(numbered(rows)) == titles


@pytest.mark.parametrize(
    ("rows", "titles"),
    [
        ([["Name", " Mobile  no "], ], ["Name", "Mobile no", ""]),
        ([["Full", "Phone", "City"], ["name", "number", ""]], ["Full name", "Phone number", "City"]),
        ([["Customer", "", "Partner"], ["Name", "Mobile", "Mobile"]],
         ["Customer Name", "Customer Mobile", "Partner Mobile"]),
        ([["نام", "موبایل", "شهر"], ["Name", "Mobile", "City"]], ["Name", "Mobile", "City"]),
        ([["نام", "موبایل", "شهر"], ["", "(۱۱ رقم)", ""]], ["نام", "موبایل (۱۱ رقم)", "شهر"]),
        ([], ["", "", ""]),
    ],
)  # fmt: skip
def test_two_rows_become_one_title(rows: list[list[str]], titles: list[str]) -> None:
    assert titles_of(rows, 3) == titles


def test_columns_without_a_title_are_counted_and_equal_ones_numbered() -> None:
    assert headers_of(["Phone", "", "Phone"]) == ["Phone", "Column 2", "Phone (2)"]


def test_nothing_below_the_first_person_is_a_title() -> None:
    assert find_title_rows(numbered([["Sara", "09121234501"], ["Name", "Mobile"], ["Omid", "09121234502"]])) == ()
    # A broken number is a person's, too.
    assert find_title_rows(numbered([["Sara", "0912123"], ["Name", "Mobile"], ["Omid", "09121234502"]])) == ()
