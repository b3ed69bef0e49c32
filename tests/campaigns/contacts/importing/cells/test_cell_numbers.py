"""Several numbers in a cell, and further columns of numbers: what is called, what is kept, what is asked."""

from __future__ import annotations

import pytest

from campaigns.contacts.importing.cells.cell_numbers import numbers_in_cell, numbers_of
from campaigns.models.imports import TwoNumbers
from campaigns.numbers import EMPTY, NOT_A_NUMBER, NOT_IN_USE, SEVERAL, SHORT, understand_number

A, B, C = "+989120009101", "+989350009102", "+982188770001"
FIRST, SECOND, BOTH, ASK = TwoNumbers.FIRST, TwoNumbers.SECOND, TwoNumbers.BOTH, TwoNumbers.ASK


@pytest.mark.parametrize(
    "between",
    ["/", " / ", "-", " - ", "–", ", ", ",", "،", ";", "؛", " ::: ", " و ", "و", " یا ", " or ", " OR ", " and ",
     "\n", "  ", "|", " & "],
)  # fmt: skip
def test_two_numbers_are_found_whatever_stands_between(between: str) -> None:
    for first, second in [("09120009101", "09350009102"), ("0912 000 9101", "+98 935 000 9102")]:
        found = [number.e164 for number in numbers_in_cell(first + between + second, "IR")]
        assert found == [A, B], (first, between, second)


@pytest.mark.parametrize(
    "cell",
    ["0912-000-9101", "+98 912 000 9101", "021 8877 0001-2", "+43 1 5134 / 5135", "0912000910 / 0935000910",
     "", "Sara or Omid", "09120009101 / call in the evening", "09120009101 ext 12", "+49 30 901820*227", "x" * 5000],
)  # fmt: skip
def test_one_number_or_none_is_not_two(cell: str) -> None:
    assert numbers_in_cell(cell, "IR") == []


def test_the_same_number_twice_is_one() -> None:
    assert [one.e164 for one in numbers_in_cell("09120009101 / +98 912 000 9101", "IR")] == [A]


@pytest.mark.parametrize(
    ("cells", "which", "phone", "others", "flags"),
    [
        # A further column is used where the first is empty or bad, and kept where it is not.
        (["09120009101", "09350009102", ""], ASK, A, (B,), ""),
        (["", "09350009102", "02188770001"], ASK, B, (C,), "fallback"),
        (["0912000", "", "02188770001"], ASK, C, (), "fallback"),
        (["09120009101", "x", ""], ASK, A, (), ""),
        (["09120009101", "0912 000 9101", ""], ASK, A, (), ""),
        (["", "", ""], ASK, EMPTY, (), ""),
        (["123", "x", ""], ASK, SHORT, (), ""),
        (["0912000910", "x", ""], ASK, NOT_IN_USE, (), ""),
        (["", "x", ""], ASK, NOT_A_NUMBER, (), ""),
        # Two in one cell: asked, then as somebody said.
        (["09120009101 / 09350009102", "", ""], ASK, SEVERAL, (), "several"),
        (["09120009101 / 09350009102", "", "02188770001"], FIRST, A, (C,), "several"),
        (["09120009101 / 09350009102", "", "02188770001"], SECOND, B, (C,), "several"),
        (["09120009101 / 09350009102", "", "02188770001"], BOTH, A, (B, C), "several"),
        (["", "09120009101 و 09350009102", ""], BOTH, A, (B,), "fallback several"),
        # Beside a number to call, several others are all kept, without a question.
        (["02188770001", "09120009101 / 09350009102", ""], ASK, C, (A, B), ""),
    ],
)
def test_which_number_is_called(cells: list[str], which: str, phone: str, others: tuple[str, ...], flags: str) -> None:
    found = numbers_of(cells, [0, 1, 2], "IR", which)
    assert (found.phone.e164 or found.phone.code, found.others) == (phone, others)
    assert (found.is_fallback, found.is_several) == ("fallback" in flags, "several" in flags)
    if flags and found.phone.e164:
        assert found.phone.was_fixed
    # No digit of a saved number was invented: each one stands in the row as a number.
    for number in filter(None, (found.phone.e164, *found.others)):
        parts = [one.e164 for cell in cells for one in numbers_in_cell(cell, "IR") or [understand_number(cell, "IR")]]
        assert number in parts
