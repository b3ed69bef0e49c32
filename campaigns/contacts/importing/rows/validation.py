"""Check of an import: a verdict for each row, before anything is saved."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from campaigns.contacts.importing.cells.wish_words import Wish
from campaigns.contacts.importing.columns.mapping import FIELDS
from campaigns.contacts.importing.files.limits import BATCH, FileRefused
from campaigns.contacts.importing.files.parser import ReadingStopped
from campaigns.contacts.importing.rows import opt_outs
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.findings import Findings
from campaigns.contacts.importing.rows.lookups import known_numbers
from campaigns.contacts.importing.rows.notes import DIFFERS, NOTES, ONE_OF_SEVERAL, WISH_DOUBTFUL
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.contacts.importing.rows.verdicts import (
    SELDOM,
    VERDICT_OF,
    JudgedRow,
    RowVerdict,
    count_letters,
    keep_all,
    letters_of,
)
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


def batches(rows: Iterable[FileRow], size: int = BATCH) -> Iterator[list[FileRow]]:
    """Split a stream of rows into lists of at most `size`."""
    stream = iter(rows)
    while batch := list(islice(stream, size)):
        yield batch


def reader_of(record: ContactImport) -> Reader:
    """Open the file of an import as what its rows become. Raises FileRefused."""
    return opt_outs.OptOutReader.of(record) if record.is_of_opt_outs else Reader.of(record)


def judge(batch: Sequence[FileRow], reader: Reader, list_id: int | None) -> list[JudgedRow]:
    """Return each row with its verdict, compared with the database in two queries."""
    if isinstance(reader, opt_outs.OptOutReader):
        return opt_outs.judge_opt_outs(batch, reader)
    callable_rows = [row for row in batch if not row.problem and not row.same_as]
    numbers = [row.phone.e164 for row in callable_rows]
    others = [number for row in callable_rows if row.others for number in row.others]
    known = known_numbers(numbers, list_id) if numbers else {}
    forbidden = forbidden_numbers([*numbers, *others]) if numbers else set()
    look_closer, has_wishes = reader.has_notes(), reader.wishes.are_there
    good, fixed = RowVerdict.GOOD, RowVerdict.FIXED
    is_plain = not (forbidden or known or look_closer or has_wishes)
    judged = []
    for row in batch:
        if is_plain and not (row.problem or row.same_as or row.is_left_out):
            # Nothing is known of these numbers, and the file says nothing else: as nearly every row of a new file.
            verdict = fixed if row.note or row.phone.was_fixed else good
            judged.append(tuple.__new__(JudgedRow, (row, verdict, row.note)))
            continue
        number, note = row.phone.e164, row.note
        wish = reader.wishes.of(row.cells)[0] if has_wishes else Wish.BLANK
        if row.is_left_out:
            verdict = RowVerdict.LEFT_OUT
        elif wish is Wish.YES and (theirs := reader.numbers_of(row)):
            # Whatever else is wrong with the row, also where it repeats a number: the wish counts.
            is_known = set(theirs) <= forbidden_numbers(theirs)
            verdict = RowVerdict.DO_NOT_CALL if is_known else RowVerdict.OPTED_OUT
        elif wish is Wish.DOUBTFUL and not row.problem:
            verdict, note = RowVerdict.HELD, WISH_DOUBTFUL
        elif row.problem:
            verdict, note = RowVerdict.BAD, row.problem
        elif row.same_as:
            verdict = RowVerdict.DUPLICATE_IN_FILE
        elif forbidden and (number in forbidden or not forbidden.isdisjoint(row.others)):
            verdict = RowVerdict.DO_NOT_CALL
        elif number in known:
            verdict = RowVerdict.IN_LIST if known[number] else RowVerdict.KNOWN
        else:
            note = note or (reader.details_of(row).note if look_closer else "")
            verdict = fixed if note or row.phone.was_fixed else good
        judged.append(JudgedRow(row, verdict, note))
    return judged


def to_decide(judged: Iterable[JudgedRow]) -> tuple[int, int]:
    """Count the rows that a person should decide about: several numbers in a cell; other values than an earlier row."""
    several = differ = 0
    for _row, verdict, note in judged:
        if note:
            several += note in (SEVERAL, ONE_OF_SEVERAL)
            differ += note == DIFFERS and verdict == RowVerdict.DUPLICATE_IN_FILE
    return several, differ


def check_import(import_id: int) -> ContactImport:
    """Count and sample the rows of an uploaded file by verdict; writes only the import's own row and those verdicts.

    An import whose file cannot be read to its end becomes refused, with the reason. A saved import is not changed.
    Raises ReadingStopped where the reading was ended from outside, and changes nothing.
    """
    record = ContactImport.objects.get(pk=import_id)
    if record.status not in {Status.UPLOADED, Status.CHECKED}:
        return record
    changes: dict[str, Any]
    try:
        found = _look_at_rows(record)
        if found.findings.order_to_use is not None:
            # The file's own dates prove which of day and month comes first: its other dates are read so, too.
            record.answers = record.answers | {"dates": found.findings.order_to_use.value}
            found = _look_at_rows(record)
    except ReadingStopped:
        raise
    except FileRefused as refusal:
        changes = {"status": Status.REFUSED, "refused_reason": str(refusal)[:MAX_REASON]}
    else:
        changes = {
            "status": Status.CHECKED,
            "counts": {
                verdict.value: found.counts[verdict.value]
                for verdict in RowVerdict
                if found.counts[verdict.value] or verdict not in SELDOM
            }
            | found.findings.counts()
            | ({opt_outs.FURTHER: found.further} if found.further else {}),
            "rows_with_several": found.several,
            "rows_that_differ": found.differ,
            "samples": found.samples | found.findings.samples(),
            "answers": record.answers,
            "total_rows": found.counts.total(),
            "done_rows": 0,
        }
    # Compare-and-set: a check that ends after the saving began must not reset the status.
    with transaction.atomic():
        open_still = ContactImport.objects.filter(pk=import_id, status__in=[Status.UPLOADED, Status.CHECKED])
        if open_still.update(**changes):
            keep_all(import_id, "".join(found.letters) if changes["status"] == Status.CHECKED else "")
    record.refresh_from_db()
    return record


@dataclass(slots=True)
class _Found:
    """What one reading of a file found."""

    findings: Findings
    counts: Counter[str] = field(default_factory=Counter)
    letters: list[str] = field(default_factory=list)
    further: int = 0
    """Further numbers of people in rows that are a wish."""
    several: int = 0
    differ: int = 0
    samples: dict[str, list[dict[str, Any]]] = field(
        default_factory=lambda: {verdict.value: [] for verdict in RowVerdict if verdict not in SELDOM}
    )


def _look_at_rows(record: ContactImport) -> _Found:
    reader = reader_of(record)
    found = _Found(Findings(reader))
    for batch in batches(reader.people()):
        judged = judge(batch, reader, record.contact_list_id)
        letters = letters_of(judged)
        found.counts.update(count_letters(letters))
        several, differ = to_decide(judged)
        found.several, found.differ = found.several + several, found.differ + differ
        found.letters.append(letters)
        found.findings.look_at(batch)
        found.further += opt_outs.count_further(record, reader, judged)
        for letter in dict.fromkeys(letters):
            kept, at = found.samples.setdefault(VERDICT_OF[letter].value, []), letters.find(letter)
            while at >= 0 and len(kept) < SAMPLES:
                kept.append(_sample(judged[at], reader))
                at = letters.find(letter, at + 1)
    return found


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
    reader = reader_of(record)
    titles = [*titles_to_read_again(record, reader), _("Row in the file"), _("Reason")]
    reasons = {code: str(note) for code, note in NOTES.items()}
    return _write_bad_rows(reader, titles, reasons)


def titles_to_read_again(record: ContactImport, reader: Reader) -> list[str]:
    """Return the titles of the columns; of a file without titles, those by which the columns are recognized again."""
    if reader.mapping.has_titles:
        return list(record.headers)
    return [str(FIELDS.get(reader.mapping.columns.get(at, ""), title)) for at, title in enumerate(record.headers)]


def _write_bad_rows(reader: Reader, titles: Sequence[str], reasons: Mapping[str, str]) -> Iterator[str]:
    writer = csv.writer(PassingFile())
    yield BOM
    yield writer.writerow(map(safe_cell, titles))
    width = len(titles) - 2
    for row in reader.people():
        if row.problem and not row.is_left_out:
            cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
            place = f"{row.sheet} {row.number}" if len(reader.mapping.sheets) > 1 else row.number
            yield writer.writerow([*map(safe_cell, cells), safe_cell(place), reasons[row.problem]])
