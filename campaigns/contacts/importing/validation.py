"""Check of an import: a verdict for each row, before anything is saved."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaigns.contacts.importing.limits import BATCH, FileRefused
from campaigns.contacts.importing.lookups import forbidden_numbers, known_numbers
from campaigns.contacts.importing.people_rows import NOTES, FileRow, Reader
from campaigns.core.csv_cells import BOM, PassingFile, safe_cell
from campaigns.models import ContactImport
from campaigns.reasons import MAX_REASON

SAMPLES = 5
"""Rows of each verdict that the check page shows."""
MAX_RAW_SAMPLE, MAX_NAME_SAMPLE = 60, 80
"""Characters of the number as written, and of the name, in them."""
Status = ContactImport.Status


class RowVerdict(models.TextChoices):
    """What will be done with a row."""

    GOOD = "good", gettext_lazy("Good")
    FIXED = "fixed", gettext_lazy("Fixed")
    KNOWN = "known", gettext_lazy("Already known")
    IN_LIST = "in_list", gettext_lazy("Already in this list")
    DUPLICATE_IN_FILE = "duplicate_in_file", gettext_lazy("Twice in this file")
    DO_NOT_CALL = "do_not_call", gettext_lazy("On the do-not-call list")
    BAD = "bad", gettext_lazy("Bad")


MEANINGS: dict[str, Promise] = {
    RowVerdict.GOOD: gettext_lazy("New people, saved as written."),
    RowVerdict.FIXED: gettext_lazy("New people, saved after we put the row right. Check that we read it well."),
    RowVerdict.KNOWN: gettext_lazy("We have these people already: they join the list, nobody is made twice."),
    RowVerdict.IN_LIST: gettext_lazy("They stand in this list already: nothing is added."),
    RowVerdict.DUPLICATE_IN_FILE: gettext_lazy("The same number stands further up: only its first row counts."),
    RowVerdict.DO_NOT_CALL: gettext_lazy("They asked not to be called: left out."),
    RowVerdict.BAD: gettext_lazy("Nobody who can be called. Download these rows, put them right, import them again."),
}

SAVED = (RowVerdict.GOOD, RowVerdict.FIXED, RowVerdict.KNOWN)
"""Verdicts of rows whose people this file adds to the list."""


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
    numbers = [row.phone.e164 for row in batch if not row.problem and not row.same_as]
    known = known_numbers(numbers, list_id) if numbers else {}
    forbidden = forbidden_numbers(numbers) if numbers else set()
    look_closer = reader.has_notes()
    judged = []
    for row in batch:
        number, note = row.phone.e164, ""
        if row.problem:
            verdict, note = RowVerdict.BAD, row.problem
        elif row.same_as:
            verdict = RowVerdict.DUPLICATE_IN_FILE
        elif number in forbidden:
            verdict = RowVerdict.DO_NOT_CALL
        elif number in known:
            verdict = RowVerdict.IN_LIST if known[number] else RowVerdict.KNOWN
        else:
            verdict = RowVerdict.FIXED if row.phone.was_fixed else RowVerdict.GOOD
            note = row.note or (reader.details_of(row).note if look_closer else "")
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
    counts: Counter[str] = Counter()
    samples: dict[str, list[dict[str, Any]]] = {verdict: [] for verdict in RowVerdict}
    changes: dict[str, Any]
    try:
        reader = Reader.of(record)
        for batch in batches(reader.people()):
            judged = judge(batch, reader, record.contact_list_id)
            counts.update(verdict for _row, verdict, _note in judged)
            for one in judged:
                if len(samples[one.verdict]) < SAMPLES:
                    samples[one.verdict].append(_sample(one, reader))
    except FileRefused as refusal:
        changes = {"status": Status.REFUSED, "refused_reason": str(refusal)[:MAX_REASON]}
    else:
        changes = {
            "status": Status.CHECKED,
            "counts": {verdict.value: counts[verdict] for verdict in RowVerdict},
            "samples": samples,
            "total_rows": sum(counts.values()),
            "done_rows": 0,
        }
    # Compare-and-set: a check that ends after the saving began must not reset the status.
    ContactImport.objects.filter(pk=import_id, status__in=[Status.UPLOADED, Status.CHECKED]).update(**changes)
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
    titles = [*record.headers, _("Row in the file"), _("Reason")]
    reasons = {code: str(note) for code, note in NOTES.items()}
    return _write_bad_rows(Reader.of(record), titles, reasons)


def _write_bad_rows(reader: Reader, titles: Sequence[str], reasons: Mapping[str, str]) -> Iterator[str]:
    writer = csv.writer(PassingFile())
    yield BOM
    yield writer.writerow(map(safe_cell, titles))
    width = len(titles) - 2
    for row in reader.people():
        if row.problem:
            cells = [*row.cells[:width], *[""] * (width - len(row.cells))]
            place = f"{row.sheet} {row.number}" if len(reader.mapping.sheets) > 1 else row.number
            yield writer.writerow([*map(safe_cell, cells), safe_cell(place), reasons[row.problem]])
