"""Check of an import: a verdict for each row, before anything is saved."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.contacts.importing.limits import BATCH, FileRefused
from campaigns.contacts.importing.lookups import known_numbers
from campaigns.contacts.importing.mapping import FIELDS
from campaigns.contacts.importing.people_rows import DIFFERS, NOTES, ONE_OF_SEVERAL, FileRow, Reader
from campaigns.contacts.importing.verdicts import RowVerdict, keep_all, letters_of
from campaigns.core.csv_cells import BOM, PassingFile, safe_cell
from campaigns.core.eligibility_numbers import forbidden_numbers
from campaigns.models import ContactImport
from campaigns.numbers import SEVERAL
from campaigns.reasons import MAX_REASON

SAMPLES = 5
"""Rows of each verdict that the check page shows."""
MAX_RAW_SAMPLE, MAX_NAME_SAMPLE = 60, 80
"""Characters of the number as written, and of the name, in them."""
Status = ContactImport.Status


class JudgedRow(NamedTuple):
    """A row and its verdict."""

    row: FileRow
    verdict: RowVerdict
    note: str = ""
    """Key of `NOTES`, or empty."""


def batches(rows: Iterable[FileRow], size: int = BATCH) -> Iterator[list[FileRow]]:
    """Split a stream of rows into lists of at most `size`."""
    stream = iter(rows)
    while batch := list(islice(stream, size)):
        yield batch


def judge(batch: Sequence[FileRow], reader: Reader, list_id: int | None) -> list[JudgedRow]:
    """Return each row with its verdict, compared with the database in two queries."""
    callable_rows = [row for row in batch if not row.problem and not row.same_as]
    numbers = [row.phone.e164 for row in callable_rows]
    others = [number for row in callable_rows if row.others for number in row.others]
    known = known_numbers(numbers, list_id) if numbers else {}
    forbidden = forbidden_numbers([*numbers, *others]) if numbers else set()
    look_closer = reader.has_notes()
    judged = []
    for row in batch:
        number, note = row.phone.e164, row.note
        if row.is_left_out:
            verdict = RowVerdict.LEFT_OUT
        elif row.problem:
            verdict, note = RowVerdict.BAD, row.problem
        elif row.same_as:
            verdict = RowVerdict.DUPLICATE_IN_FILE
        elif forbidden and (number in forbidden or not forbidden.isdisjoint(row.others)):
            verdict = RowVerdict.DO_NOT_CALL
        elif number in known:
            verdict = RowVerdict.IN_LIST if known[number] else RowVerdict.KNOWN
        else:
            verdict = RowVerdict.FIXED if row.phone.was_fixed else RowVerdict.GOOD
            note = row.note or (reader.details_of(row).note if look_closer else "")
            verdict = RowVerdict.FIXED if note else verdict
        judged.append(JudgedRow(row, verdict, note))
    return judged


def to_decide(judged: Iterable[JudgedRow]) -> tuple[int, int]:
    """Count the rows that a person should decide about: several numbers in a cell; other values than an earlier row."""
    several = differ = 0
    for _row, verdict, note in judged:
        several += note in (SEVERAL, ONE_OF_SEVERAL)
        differ += note == DIFFERS and verdict == RowVerdict.DUPLICATE_IN_FILE
    return several, differ


def check_import(import_id: int) -> ContactImport:
    """Count and sample the rows of an uploaded file by verdict; writes only the import's own row and those verdicts.

    An import whose file cannot be read to its end becomes refused, with the reason. A saved import is not changed.
    """
    record = ContactImport.objects.get(pk=import_id)
    if record.status not in {Status.UPLOADED, Status.CHECKED}:
        return record
    counts: Counter[str] = Counter()
    letters: list[str] = []
    decisions: list[tuple[int, int]] = []
    samples: dict[str, list[dict[str, Any]]] = {verdict: [] for verdict in RowVerdict}
    changes: dict[str, Any]
    try:
        reader = Reader.of(record)
        for batch in batches(reader.people()):
            judged = judge(batch, reader, record.contact_list_id)
            counts.update(one.verdict for one in judged)
            decisions.append(to_decide(judged))
            letters.append(letters_of(one.verdict for one in judged))
            for one in judged:
                if len(samples[one.verdict]) < SAMPLES:
                    samples[one.verdict].append(_sample(one, reader))
    except FileRefused as refusal:
        changes = {"status": Status.REFUSED, "refused_reason": str(refusal)[:MAX_REASON]}
    else:
        changes = {
            "status": Status.CHECKED,
            "counts": {
                verdict.value: counts[verdict]
                for verdict in RowVerdict
                if counts[verdict] or verdict != RowVerdict.LEFT_OUT
            },
            "rows_with_several": sum(several for several, _differ in decisions),
            "rows_that_differ": sum(differ for _several, differ in decisions),
            "samples": samples,
            "total_rows": sum(counts.values()),
            "done_rows": 0,
        }
    # Compare-and-set: a check that ends after the saving began must not reset the status.
    with transaction.atomic():
        open_still = ContactImport.objects.filter(pk=import_id, status__in=[Status.UPLOADED, Status.CHECKED])
        if open_still.update(**changes):
            keep_all(import_id, "".join(letters) if changes["status"] == Status.CHECKED else "")
    record.refresh_from_db()
    return record


def _sample(one: JudgedRow, reader: Reader) -> dict[str, Any]:
    row = one.row
    return {
        "row": row.number,
        "raw": row.raw[:MAX_RAW_SAMPLE],
        "e164": row.phone.e164,
        "name": reader.name_of(row)[:MAX_NAME_SAMPLE],
        "note": one.note,
        "same_as": row.same_as,
        **({"sheet": row.sheet, "same_as_sheet": row.same_as_sheet} if len(reader.mapping.sheets) > 1 else {}),
    }


def bad_rows(record: ContactImport) -> Iterator[str]:
    """Return CSV lines of the bad rows, with their row numbers and what is wrong. Raises FileRefused.

    Titles and reasons are in the language active at this call, even though the lines are produced later.
    """
    reader = Reader.of(record)
    titles = [*titles_to_read_again(record, reader), _("Row in the file"), _("Reason")]
    reasons = {code: str(note) for code, note in NOTES.items()}
    return _write_bad_rows(reader, titles, reasons)


def titles_to_read_again(record: ContactImport, reader: Reader) -> list[str]:
    """Return the titles of the columns; of a file without titles, those by which the columns are recognized again."""
    mapping = reader.mapping
    if any(layout.titles for layout in mapping.layouts.values()) or (mapping.has_titles and not mapping.layouts):
        return list(record.headers)
    names = mapping.variables()
    return [
        names.get(column) or str(FIELDS.get(mapping.columns.get(column, ""), title))
        for column, title in enumerate(record.headers)
    ]


def _write_bad_rows(reader: Reader, titles: Sequence[str], reasons: Mapping[str, str]) -> Iterator[str]:
    writer = csv.writer(PassingFile())
    yield BOM
    yield writer.writerow(map(safe_cell, titles))
    width = len(titles) - 2
    has_sheets = len(reader.mapping.sheets) > 1
    for row in reader.people():
        if row.problem and not row.is_left_out:
            cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
            where = f"{row.sheet}: {row.number}" if has_sheets else row.number
            yield writer.writerow([*map(safe_cell, cells), safe_cell(where), reasons[row.problem]])
