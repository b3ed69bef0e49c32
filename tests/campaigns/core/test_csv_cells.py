"""Cells of our files are no formulas in any spreadsheet, whatever its list separator, and come back as they were."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.core.csv_cells import csv_lines, safe_cell, text_cell, unguarded

SEPARATORS = (",", ";", "\t", "|")
CELLS = st.text(st.sampled_from(list("'=+-@ \t\n\r;|,0ab\"＝")), max_size=10)
ROWS = st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=3)


def seen_by(text: str, separator: str) -> list[str]:
    """Return the cells of a text as spreadsheets with this list separator may see them: by quotes, and without."""
    try:
        found = [cell for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) for cell in row]
    except csv.Error:
        found = []
    lines = text.replace("\r", "\n").split("\n")
    return found + [cell for line in lines for cell in line.split(separator)]


def is_formula(cell: str) -> bool:
    return cell.lstrip(' "\u00a0\t\r\n')[:1] in tuple("=+-@＝＋－＠")


@given(ROWS)
def test_no_part_of_a_file_is_a_formula(rows: list[list[str]]) -> None:
    text = csv_lines([list(map(safe_cell, row)) for row in rows])
    for separator in SEPARATORS:
        assert [cell for cell in seen_by(text, separator) if is_formula(cell)] == []


@given(ROWS)
def test_the_file_comes_back_whole(rows: list[list[str]]) -> None:
    text = csv_lines([list(map(safe_cell, row)) for row in rows])
    back = [list(map(unguarded, row)) for row in csv.reader(io.StringIO(text, newline=""))]
    assert back == rows
    assert [[unguarded(text_cell(cell)) for cell in row] for row in rows] == rows


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("x;=1+1", "x;'=1+1"),
        ("x|@SUM(1)", "x|'@SUM(1)"),
        ("x\t-2", "x\t'-2"),
        ("line\n=1", "line\n'=1"),
        ("a, +b", "a,' +b"),
        ('x;"=1', "x;'\"=1"),
        ("=1;'=2", "'=1;''=2"),
        ("1-2=3", "1-2=3"),
        ("at 10:00; then", "at 10:00; then"),
        ("+989121234567", "+989121234567"),
    ],
)
def test_the_guard_stands_where_a_formula_would_begin(text: str, written: str) -> None:
    assert safe_cell(text) == written
    assert unguarded(written) == text


@pytest.mark.parametrize("text", ["-50000", "@sara", "=x", "a;=x"])
def test_cells_of_others_are_read_as_they_are(text: str) -> None:
    assert unguarded(text) == text
