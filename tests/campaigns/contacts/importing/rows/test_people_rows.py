"""Rows of a file as people: what its other numbers say of one that lost its plus."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns import numbers
from campaigns.contacts.importing.columns.mapping import ColumnMapping
from campaigns.contacts.importing.files.reading import open_table
from campaigns.contacts.importing.rows.people_rows import Reader


@pytest.mark.parametrize(
    ("cells", "read"),
    [
        # Loan numbers in an Iranian file are nobody in Ohio.
        (["12345678901", "12345678902", "09121234567"], [numbers.NO_PLUS, numbers.NO_PLUS, "+989121234567"]),
        (["+1 202 555 0123", "12025550124", "09121234567"], ["+12025550123", numbers.NO_PLUS, "+989121234567"]),
        (["12025550124", "+1 202 555 0123", "0012025550125"], ["+12025550124", "+12025550123", "+12025550125"]),
        (["+447911123456", "+447911123457", "12025550124"], ["+447911123456", "+447911123457", numbers.NO_PLUS]),
    ],
)
def test_a_lost_plus_is_believed_where_the_files_other_numbers_say_so(
    cells: list[str], read: list[str], tmp_path: Path
) -> None:
    path = tmp_path / "people.csv"
    path.write_text("Mobile\n" + "\n".join(cells) + "\n")
    reader = Reader(open_table(path), ColumnMapping({0: "phone"}, True, False), "IR")
    assert [row.phone.e164 or row.phone.code for row in reader.people()] == read
