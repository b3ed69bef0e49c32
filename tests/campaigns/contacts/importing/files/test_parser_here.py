"""Files that tests parse in their own process are parsed as by the process that the product starts."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.utils import translation

from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.files.parser import parse
from tests.files import people_file, write
from tests.parsed_here import parse_here


def workbook(path: Path) -> Path:
    """Write a workbook with a hidden sheet, hidden rows, a day, a length of time and a mark beside a row."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["name", "phone", "day", "wait"])
    sheet.append(["مریم", 9121234567, datetime.datetime(2026, 3, 4), datetime.timedelta(hours=25, seconds=9)])
    sheet.append(["Ann \x85 Lee", "+989121234568", True, 1.5])
    sheet.row_dimensions[3].hidden = True
    book.create_sheet("Hidden").append(["a"])
    book["Hidden"].sheet_state = "hidden"
    book.save(path)
    return path


FILES: dict[str, Callable[[Path], Path]] = {
    "people.csv": lambda path: people_file(path, *[f"0912{n:07d}" for n in range(700)]),
    "persian.csv": lambda path: write(path, "نام;تلفن\nحسين;0912\n".encode("cp1256")),
    "broken.csv": lambda path: write(path, b'name,phone\nA\xffB,1\n"open,2\n'),
    "book.xlsx": workbook,
    "cut.xlsx": lambda path: write(path, workbook(path).read_bytes()[:900]),
    "wide.csv": lambda path: write(path, ",".join(map(str, range(500)))),
    "empty.csv": lambda path: write(path, ""),
}


def said(ask: Any, path: Path, language: str) -> list[Any]:
    """Return every answer about a file, or why it was refused."""
    heard: list[Any] = []
    with translation.override(language):
        try:
            for action in ("measure", "open"):
                heard += ask(action, path)
            details = {"table": heard[-1]["table"], "sheet": heard[0]["sheets"][0][0], "skip_hidden": True}
            heard += ask("rows", path, details)
        except FileRefused as refusal:
            heard.append((str(refusal), refusal.values))
    return heard


@pytest.mark.parametrize("name", FILES)
def test_both_ways_say_the_same(tmp_path: Path, name: str) -> None:
    path = FILES[name](tmp_path / name)
    for language, _name in settings.LANGUAGES:
        here = said(parse_here, path, language)
        assert here == said(parse, path, language)
        assert here


def test_a_fault_of_ours_is_told_in_the_same_words(tmp_path: Path) -> None:
    path = people_file(tmp_path / "a.csv", "1")
    for ask in (parse, parse_here):
        # There is no such question.
        with pytest.raises(FileRefused, match="cannot be read"):
            next(ask("ask", path))
