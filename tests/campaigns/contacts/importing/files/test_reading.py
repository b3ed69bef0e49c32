"""Files in every shape: what is read, what is refused, what each column is taken for."""

from __future__ import annotations

import csv
import datetime
import io
import os
import struct
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.contacts.importing.columns.mapping import ColumnMapping, variable_name
from campaigns.contacts.importing.files import reading
from campaigns.contacts.importing.files.limits import FileRefused
from campaigns.contacts.importing.files.reading import measure, open_table
from campaigns.contacts.importing.rows.people_rows import Reader
from tests.files import people_file, write


def rows_of(path: Path) -> list[tuple[int, list[str], str]]:
    return list(open_table(path).rows())


# Reading


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "؛", "،", "^", "~"])
def test_any_separator_is_found(tmp_path: Path, separator: str) -> None:
    path = write(tmp_path / "a.csv", f'name{separator}phone\n"Lee, Ann"{separator}0912\n')
    assert rows_of(path)[1] == (2, ["Lee, Ann", "0912"], "")


def test_commas_in_addresses_are_no_separator(tmp_path: Path) -> None:
    rows = "".join(f"مریم {n},0912123456{n},تهران، خیابان ولیعصر، کوچه ۲، پلاک {n}\n" for n in range(9))
    assert len(rows_of(write(tmp_path / "a.csv", f"نام,تلفن,نشانی\n{rows}"))[3][1]) == 3


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp1256"])
@pytest.mark.parametrize("separator", ["\t", ";", ","])
def test_what_spreadsheets_save_in_persian_is_read(tmp_path: Path, encoding: str, separator: str) -> None:
    lines = [["نام", "شماره تلفن", "شهر"], *([f"حسين {n}", f"0912123456{n}", "تهران"] for n in range(9))]
    text = "\r\n".join(separator.join(line) for line in lines)
    path = write(tmp_path / "a.csv", text.encode(encoding))
    assert [cells for _number, cells, _problem in rows_of(path)] == lines


def test_separator_line_of_excel_is_no_row(tmp_path: Path) -> None:
    assert rows_of(write(tmp_path / "a.csv", "sep=;\nname;phone\nA;1\n")) == [
        (2, ["name", "phone"], ""),
        (3, ["A", "1"], ""),
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1256", "utf-32"])
def test_any_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    text = "نام,تلفن\n" + "".join(f"حسين رضائي {n},0912{n:07d}\n" for n in range(40))
    found = rows_of(write(tmp_path / "a.csv", text.encode(encoding)))
    assert found[1][1] == ["حسين رضائي 0", "09120000000"]
    assert len(found) == 41


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_any_line_ending_and_blank_lines(tmp_path: Path, ending: str) -> None:
    assert [row[1] for row in rows_of(write(tmp_path / "a.csv", f"a,b{ending}{ending}1,2{ending},{ending}3,4"))] == [
        ["a", "b"],
        ["1", "2"],
        ["3", "4"],
    ]


def test_an_open_quotation_mark_costs_one_row_only(tmp_path: Path) -> None:
    lines = ["name,phone", *(f"P{n},0912000{n:04d}" for n in range(20))]
    lines[5] = '"P4,09120000004'
    lines[9] = 'Ali "The Boss" Reza,09120000008'
    lines[12] = '"Ali" Reza,09120000011'
    lines[15] = '"Lee\nAnn",09120000014'
    found = rows_of(write(tmp_path / "a.csv", "\n".join(lines)))
    assert len(found) == 21
    assert [row[0] for row in found if row[2]] == [6]
    assert found[9][1] == ['Ali "The Boss" Reza', "09120000008"]
    assert found[12][1] == ["Ali Reza", "09120000011"]
    assert found[15][1] == ["Lee\nAnn", "09120000014"]
    assert found[16][0] == 18


def test_an_open_quotation_mark_at_the_end(tmp_path: Path) -> None:
    found = rows_of(write(tmp_path / "a.csv", 'name,phone\nA,1\n"B,2\nC,3\n'))
    assert [(row[0], row[2]) for row in found] == [(1, ""), (2, ""), (3, "open_quote"), (4, "")]


def test_nothing_but_quotation_marks_is_refused_quickly(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "name,phone\n" + '"A""\n' * 100_000)
    began = sum(os.times()[:4])
    with pytest.raises(FileRefused, match="quotation marks"):
        measure(path)
    # Of the processors, with those of processes that were started for it.
    assert sum(os.times()[:4]) - began < 20


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\n\n\n", "no rows"),
        (b"%PDF-1.7 x", "not a table"),
        (b"\x89PNG\r\n\x1a\n", "not a table"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "old or locked"),
        (b"<html><table><tr><td>0912</td></tr></table></html>", "web page"),
        (b"PK\x03\x04 not a zip", "damaged"),
        (bytes(range(256)) * 50, "not a table"),
        (b"a,b\n" + b"x" * 2_000_000, "does not end"),
        (b"a,b\n" + b"x" * 70_000 + b",1\n", "characters"),
        (b"a,b\n" + b"1," * 150 + b"\n", "columns"),
    ],
)
def test_what_is_no_table_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        measure(write(tmp_path / "a.csv", content))


def test_limits_of_bytes_and_rows(tmp_path: Path, settings: Any) -> None:
    path = people_file(tmp_path / "a.csv", *["1"] * 50)
    settings.IMPORT_MAX_ROWS = 50
    assert measure(path)[0].rows == 51
    settings.IMPORT_MAX_ROWS = 49
    with pytest.raises(FileRefused, match="more than 49 rows"):
        measure(path)
    settings.IMPORT_MAX_BYTES = 100
    with pytest.raises(FileRefused, match="larger"):
        open_table(path)


def test_zeros_and_broken_letters_are_reported_row_by_row(tmp_path: Path) -> None:
    good = "".join(f"محمد {n},0912000{n:04d}\n" for n in range(60)).encode()
    path = write(
        tmp_path / "a.csv", "نام,تلفن\n".encode() + good + b"Bro\xff\xfe,09130000001\nZe\x00ro,0913\x000000002\n"
    )
    people = list(Reader(open_table(path), ColumnMapping({0: "name", 1: "phone"}), "IR").people())
    assert len(people) == 62
    assert [person.problem for person in people[-2:]] == ["unreadable", ""]
    assert people[-1].phone.e164 == "+989130000002"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text('ab,"\n\r 12\x00', max_size=8), min_size=1, max_size=4), max_size=12))
def test_what_a_program_writes_is_read_back(tmp_path: Path, table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows(table)
    path = write(tmp_path / "a.csv", "first,second,third,fourth\n" + text.getvalue())
    read = [row[1] for row in reading.Table(path, "utf-8", ",").rows()][1:]
    assert read == [row for row in table if any(row)]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(tmp_path: Path, content: bytes) -> None:
    path = write(tmp_path / "a.csv", content)
    try:
        found = measure(path)
    except FileRefused:
        return
    assert [sheet.rows for sheet in found] == [len(rows_of(path))]


# XLSX


def sheet(path: Path, *rows: list[Any]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        assert book.active is not None
        book.active.append(row)
    book.save(path)
    return path


def test_xlsx_cells_become_text(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "a.xlsx", ["name", "phone", "x"], ["A", 989121234567, True], [], ["B", 9121234567.0, 2.5],
        ["C", "0912", datetime.date(2026, 1, 2)],
    )  # fmt: skip
    assert rows_of(path) == [
        (1, ["name", "phone", "x"], ""),
        (2, ["A", "989121234567", "TRUE"], ""),
        (4, ["B", "9121234567", "2.5"], ""),
        (5, ["C", "0912", "2026-01-02"], ""),
    ]


def zipped(path: Path, **entries: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in entries.items():
            package.writestr(name.replace("__", "/").replace("_xml", ".xml").replace("_bin", ".bin"), content)
    return path


def test_zip_bomb_is_refused_before_the_reader(tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_MAX_BYTES = 1024 * 1024
    path = zipped(tmp_path / "a.xlsx", xl__workbook_xml=b"<x/>", xl__worksheets__sheet1_xml=b"<x>" + b" " * 20_000_000)
    assert path.stat().st_size < 100_000
    with pytest.raises(FileRefused, match="too large when unpacked"):
        open_table(path)


def test_zip_bomb_that_lies_about_its_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.xlsx", xl__workbook_xml=b"<x/>", xl__worksheets__sheet1_xml=b"<x>" + b" " * 5_000_000)
    content = path.read_bytes().replace(struct.pack("<I", 5_000_003), struct.pack("<I", 100))
    with pytest.raises(FileRefused, match="too large when unpacked"):
        open_table(write(path, content))


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"word__document_xml": b"<x/>"}, "not an Excel"),
        ({"xl__workbook_xml": b"<x/>", "xl__vbaProject_bin": b"x"}, "macros"),
        ({"xl__workbook_xml": b"<x/>", "..__..__evil_xml": b"<x/>"}, "damaged"),
        ({"xl__workbook_xml": b'<!DOCTYPE lolz [<!ENTITY lol "lol">]><x/>'}, "damaged"),
        ({"xl__workbook_xml": "<x/>".encode("utf-16")}, "damaged"),
        ({"xl__workbook_xml": b"<x/>", "xl__worksheets__sheet1_xml": b'<c r="XFD1"/>'}, "columns"),
        ({"xl__workbook_xml": b"<x/>", "xl__worksheets__sheet1_xml": b"<c r = 'A1048576'/>"}, "rows"),
        ({"xl__workbook_xml": b"<x/>", "xl__worksheets__sheet1_xml": b'<c r="A1"/><c r="CV190000"/>'}, "cells"),
        ({"xl__workbook_xml": b"<x/>"} | {f"xl__{n}_xml": b"<x/>" for n in range(1200)}, "too large when unpacked"),
    ],
)
def test_dangerous_workbooks_are_refused(tmp_path: Path, entries: dict[str, bytes], words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        open_table(zipped(tmp_path / "a.xlsx", **entries))


def test_the_most_people_fit_into_a_workbook(tmp_path: Path, settings: Any) -> None:
    settings.IMPORT_MAX_ROWS = 200_000
    sheet_of_most = b'<row r="200001"><c r="D200001"/></row>'
    path = zipped(tmp_path / "a.xlsx", xl__workbook_xml=b"<x/>", xl__worksheets__sheet1_xml=sheet_of_most)
    assert open_table(path).is_workbook


# Columns


def test_variables_are_named_as_readable_as_their_titles() -> None:
    titles = ("Order No.", "کد سفارش", "{evil}", "!!", "A" * 90, "Amount: EUR", "Customer\nname", 'Size "L" | XL')
    assert [variable_name(title) for title in titles] == [
        "Order No.", "کد سفارش", "evil", "column", "A" * 80, "Amount EUR", "Customer name", "Size L XL"
    ]  # fmt: skip


def test_equal_names_get_a_number() -> None:
    taken: set[str] = set()
    assert [variable_name(title, taken) for title in ("Order no", "order_no", "ORDER NO", "B" * 90, "B" * 90)] == [
        "Order no", "order_no 2", "ORDER NO 3", "B" * 80, "B" * 76 + " 2"
    ]  # fmt: skip
