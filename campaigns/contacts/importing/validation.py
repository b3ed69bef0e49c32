"""Check of an import: a verdict for each row, before anything is saved."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from django.utils.translation import gettext as _

from campaigns.contacts.importing import opt_outs
from campaigns.contacts.importing.findings import Findings
from campaigns.contacts.importing.limits import BATCH, FileRefused
from campaigns.contacts.importing.lookups import forbidden_numbers, known_numbers
from campaigns.contacts.importing.people_rows import NOTES, WISH_DOUBTFUL, FileRow, Reader
from campaigns.contacts.importing.verdicts import JudgedRow, RowVerdict
from campaigns.contacts.importing.wish_words import Wish
from campaigns.core.csv_cells import BOM, PassingFile, safe_cell
from campaigns.models import ContactImport
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
        return opt_outs.judge(batch, reader)
    numbers = [row.phone.e164 for row in batch if not row.problem and not row.same_as]
    known = known_numbers(numbers, list_id) if numbers else {}
    forbidden = forbidden_numbers(numbers) if numbers else set()
    look_closer = reader.has_notes()
    has_wishes = reader.wishes.are_there
    judged = []
    for row in batch:
        number, note = row.phone.e164, ""
        wish = reader.wishes.of(row.cells)[0] if has_wishes else Wish.BLANK
        if wish is Wish.YES and (theirs := reader.numbers_of(row)):
            # Whatever else is wrong with the row, also where it repeats a number: the wish counts.
            is_known = set(theirs) <= (forbidden if not row.problem and not row.same_as else forbidden_numbers(theirs))
            verdict = RowVerdict.DO_NOT_CALL if is_known else RowVerdict.OPTED_OUT
        elif wish is Wish.DOUBTFUL and not row.problem:
            verdict, note = RowVerdict.DOUBTFUL, WISH_DOUBTFUL
        elif row.problem:
            verdict, note = RowVerdict.BAD, row.problem
        elif row.same_as:
            verdict = RowVerdict.DUPLICATE_IN_FILE
        elif number in forbidden:
            verdict = RowVerdict.DO_NOT_CALL
        elif number in known:
            verdict = RowVerdict.IN_LIST if known[number] else RowVerdict.KNOWN
        else:
            verdict = RowVerdict.FIXED if row.phone.was_fixed else RowVerdict.GOOD
            if look_closer:
                note = reader.details_of(row).note
                verdict = RowVerdict.FIXED if note else verdict
        judged.append(JudgedRow(row, verdict, note))
    return judged


def check_import(import_id: int) -> ContactImport:
    """Count and sample the rows of an uploaded file by verdict; writes only the import's own row.

    An import whose file cannot be read to its end becomes refused, with the reason. A saved import is not changed.
    """
    record = ContactImport.objects.get(pk=import_id)
    if record.status not in {Status.UPLOADED, Status.CHECKED}:
        return record
    changes: dict[str, Any]
    try:
        counts, samples, findings = _look_at_rows(record)
        if findings.order_to_use is not None:
            # The file's own dates prove which of day and month comes first: its other dates are read so, too.
            record.answers = record.answers | {"dates": findings.order_to_use.value}
            counts, samples, findings = _look_at_rows(record)
    except FileRefused as refusal:
        changes = {"status": Status.REFUSED, "refused_reason": str(refusal)[:MAX_REASON]}
    else:
        changes = {
            "status": Status.CHECKED,
            "counts": {verdict.value: counts[verdict] for verdict in RowVerdict} | findings.counts(),
            "samples": samples | findings.samples(),
            "answers": record.answers,
            "total_rows": sum(counts.values()),
            "done_rows": 0,
        }
    # Compare-and-set: a check that ends after the saving began must not reset the status.
    ContactImport.objects.filter(pk=import_id, status__in=[Status.UPLOADED, Status.CHECKED]).update(**changes)
    record.refresh_from_db()
    return record


def _look_at_rows(record: ContactImport) -> tuple[Counter[str], dict[str, list[dict[str, Any]]], Findings]:
    counts: Counter[str] = Counter()
    samples: dict[str, list[dict[str, Any]]] = {verdict: [] for verdict in RowVerdict}
    reader = reader_of(record)
    findings = Findings(reader)
    for batch in batches(reader.people()):
        judged = judge(batch, reader, record.contact_list_id)
        counts.update(verdict for _row, verdict, _note in judged)
        for one in judged:
            findings.look_at(one.row)
            if len(samples[one.verdict]) < SAMPLES:
                samples[one.verdict].append(_sample(one, reader))
    return counts, samples, findings


def _sample(one: JudgedRow, reader: Reader) -> dict[str, Any]:
    row = one.row
    return {
        "row": row.number,
        "raw": row.raw[:MAX_RAW_SAMPLE],
        "e164": row.phone.e164,
        "name": reader.name_of(row)[:MAX_NAME_SAMPLE],
        "note": one.note,
        "same_as": row.same_as,
    }


def bad_rows(record: ContactImport) -> Iterator[str]:
    """Return CSV lines of the bad rows, with their row numbers and what is wrong. Raises FileRefused.

    Titles and reasons are in the language active at this call, even though the lines are produced later.
    """
    titles = [*record.headers, _("Row in the file"), _("Reason")]
    reasons = {code: str(note) for code, note in NOTES.items()}
    return _write_bad_rows(reader_of(record), titles, reasons)


def _write_bad_rows(reader: Reader, titles: Sequence[str], reasons: Mapping[str, str]) -> Iterator[str]:
    writer = csv.writer(PassingFile())
    yield BOM
    yield writer.writerow(map(safe_cell, titles))
    width = len(titles) - 2
    for row in reader.people():
        if row.problem:
            cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
            yield writer.writerow([*map(safe_cell, cells), row.number, reasons[row.problem]])
