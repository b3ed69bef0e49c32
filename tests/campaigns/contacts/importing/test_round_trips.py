"""Our own files come back whole: what is exported and imported again is what left, and no row or digit is lost."""

from __future__ import annotations

import csv
import datetime
import io
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from campaigns.contacts.importing.cells.cell_numbers import numbers_in_cell
from campaigns.contacts.importing.columns.mapping import (
    IGNORED,
    NAME,
    OTHER_PHONE,
    OUR_ROW_TITLES,
    OUR_TITLES,
    PHONE,
    VARIABLE,
    ColumnMapping,
    plain_title,
)
from campaigns.contacts.importing.files.reading import open_table
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.contacts.importing.rows.validation import bad_rows, batches, check_import, judge
from campaigns.contacts.importing.rows.verdicts import LETTERS, RowVerdict, verdicts_of
from campaigns.core.csv_cells import safe_cell, text_cell, unguarded
from campaigns.models import Contact, ContactImport, DoNotCall
from campaigns.models.imports import TwoNumbers
from campaigns.numbers import text_of_digits
from tests.campaigns.contacts.imported_files import save, save_opt_outs, take, take_opt_outs
from tests.conftest import MANAGER, make_person
from tests.files import write

CELLS = st.text(st.sampled_from(list("'=+-@ \t0ab۱،\"")), max_size=8)
PARTS = ("09120009101", "+98 935 000 9102", "۰۲۱۸۸۷۷۰۰۰۱", "0912000", "+98912", "x", "", "-5", "=1", "'", "12")
SIGNS = (" / ", "-", ", ", "،", ";", " و ", " or ", " ", "", "*", "ext ")
NUMBERS = st.lists(st.tuples(st.sampled_from(PARTS), st.sampled_from(SIGNS)), min_size=1, max_size=3).map(
    lambda parts: "".join(part + sign for part, sign in parts)
)


# The guard against formulas


@given(CELLS)
def test_a_guarded_cell_is_read_as_it_was(text: str) -> None:
    assert unguarded(safe_cell(text)) == text
    assert unguarded(text_cell(text)) == text
    written = safe_cell(text)
    assert written[:1] not in tuple("=+-@\t") or re.fullmatch(r"\+[1-9]\d{6,14}", written)
    # A second round changes nothing more.
    assert safe_cell(unguarded(written)) == written


@pytest.mark.parametrize("text", ["O'Brien", "'90s", "", "'", "''", "'a", "rock'n'roll", "'+989120009101"])
def test_other_quotes_stay(text: str) -> None:
    assert unguarded(text) == safe_cell(text) == text


# Bad rows


BAD = [
    ["Sara", "0912000910", "-50000", "@sara"],
    ["Omid", "091300091", "-1,200", "=x"],
    ["'=y", "x", "+12", "''"],
    ["O'Brien", "-", "\tz", "a\nb"],
    ["", "", "0", "'@kept"],
]


@pytest.mark.django_db
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_bad_rows_come_back_whole(tmp_path: Path, language: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["Name", "Mobile", "Balance", "Handle"], *BAD, ["Nima", "09120009109", "1", "2"]])
    first = take(write(tmp_path / "a.csv", text.getvalue()))
    assert verdicts_of(first.pk) == "bbbbbg"
    rounds = [[row.cells for row in Reader.of(first).people() if row.problem]]
    record = first
    for number in (1, 2):
        with translation.override(language):
            exported = "".join(bad_rows(record))
        record = take(write(tmp_path / f"{number}.csv", exported), list_name=f"Round {number}")
        mapping = ColumnMapping.from_json(record.mapping)
        # Our own two columns are left out, all others mean what they meant.
        assert [mapping.columns.get(column) for column in (0, 1, 4, 5)] == [NAME, PHONE, IGNORED, IGNORED]
        assert [mapping.columns.get(column) for column in (2, 3)] == [VARIABLE + "Balance", VARIABLE + "Handle"]
        rounds.append([row.cells[:4] for row in Reader.of(record).people()])
    assert rounds[0] == rounds[1] == rounds[2]


@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_our_own_columns_are_known_in_every_language(language: str) -> None:
    with translation.override(language):
        assert plain_title(translation.gettext("Row in the file")) in OUR_ROW_TITLES
        assert plain_title(translation.gettext("Reason")) in OUR_TITLES


@pytest.mark.django_db
def test_a_reason_of_somebody_elses_file_is_kept(tmp_path: Path) -> None:
    record = take(write(tmp_path / "a.csv", "Name,Mobile,Reason\nSara,09120009101,late bill\n"))
    save(record)
    assert Contact.objects.get().variables == {"Reason": "late bill"}


# The do-not-call list


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
@pytest.mark.parametrize("language", [code for code, _name in settings.LANGUAGES])
def test_the_do_not_call_list_comes_back_whole(tmp_path: Path, client: Client, kind: str, language: str) -> None:
    admin = make_person(MANAGER)
    client.force_login(admin)
    later = timezone.now().replace(microsecond=0) + datetime.timedelta(days=40, minutes=7)
    for number, (reason, end) in enumerate(
        [
            ("asked, twice", None),
            ("=HYPERLINK(1)", later),
            ("-5", None),
            ("'=kept", None),
            ("خواست", later),
            ("+1", None),
        ]
    ):
        DoNotCall.objects.create(phone=f"+98912000910{number}", reason=reason, expires_at=end)
    before = list(DoNotCall.objects.order_by("phone").values_list("phone", "reason", "expires_at"))
    name = "do-not-call-export" + ("-xlsx" if kind == "xlsx" else "")
    answer = client.get(reverse(name), headers={"accept-language": language})
    assert f".{kind}" in answer["Content-Disposition"]
    path = tmp_path / f"list.{kind}"
    path.write_bytes(b"".join(answer.streaming_content))  # type: ignore[attr-defined]
    DoNotCall.objects.all().delete()
    # Read in another time zone than it was written in.
    with timezone.override("Asia/Tokyo"):
        record = take_opt_outs(path, admin)
        save_opt_outs(record)
    assert list(DoNotCall.objects.order_by("phone").values_list("phone", "reason", "expires_at")) == before


# No row, no digit


@how(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(CELLS, NUMBERS, NUMBERS), min_size=1, max_size=12),
    which=st.sampled_from(TwoNumbers.values),
)
def test_no_digit_of_a_saved_number_is_invented_or_dropped(
    tmp_path: Path, rows: list[tuple[str, str, str]], which: str
) -> None:
    """Every number that would be saved stands in its row as a whole number of its own."""
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["Name", "Mobile", "Work"], *rows, ["End", "09120000001", ""]])
    columns = {0: NAME, 1: PHONE, 2: OTHER_PHONE}
    reader = Reader(open_table(path), ColumnMapping(columns), "IR", two_numbers=which)
    for row in reader.people():
        for number in filter(None, (row.phone.e164, *row.others)):
            assert any(_stands_in(cell, number) for cell in row.cells[1:]), (row.cells, number)


def _stands_in(cell: str, number: str) -> bool:
    """Tell whether a cell is this number, with no digit but the country's prefix more or less, or one of several."""
    if number in [one.e164 for one in numbers_in_cell(cell, "IR")]:
        return True
    return _digits(cell).lstrip("0").removeprefix("98") == number.removeprefix("+98")


def _digits(text: str) -> str:
    return "".join(sign for sign in text_of_digits(text) if sign.isdigit())


@pytest.mark.django_db
def test_no_row_is_ever_unaccounted_for(tmp_path: Path, caller: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The verdicts of all rows of all sheets that are taken add up to their rows, at the check and after saving."""
    DoNotCall.objects.create(phone="+989350009102")
    rows: list[list[Any]] = [
        [f"P{place}", first + sign + second, PARTS[place % len(PARTS)]]
        for place, (first, sign, second) in enumerate(
            (first, sign, second) for first in PARTS for sign in SIGNS[::3] for second in PARTS[::4]
        )
    ]
    text = io.StringIO()
    csv.writer(text).writerows([["Name", "Mobile", "Work"], *rows])
    record = take(write(tmp_path / "a.csv", text.getvalue()), caller)
    for which in TwoNumbers.values:
        ContactImport.objects.filter(pk=record.pk).update(two_numbers=which)
        record = check_import(record.pk)
        letters = verdicts_of(record.pk)
        read = [one for batch in batches(Reader.of(record).people()) for one in judge(batch, Reader.of(record), None)]
        assert len(letters) == len(rows) == record.total_rows == sum(record.counts.values()) == len(read)
        assert letters == "".join(LETTERS[one.verdict] for one in read)
        assert {verdict: letters.count(LETTERS[verdict]) for verdict in record.counts} == record.counts
    record = save(record, caller)
    letters = verdicts_of(record.pk)
    assert len(letters) == len(rows) == sum(record.counts.get(verdict, 0) for verdict in RowVerdict)
    assert record.counts["made"] == Contact.objects.count() == letters.count("g") + letters.count("f")
