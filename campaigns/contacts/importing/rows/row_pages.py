"""All rows of an import, page by page: by verdict and by words, each with what was written and what was made of it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import islice, zip_longest
from typing import NamedTuple

from django.utils.functional import Promise

from campaigns.contacts.importing.rows.details import PersonDetails
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.notes import DIFFERS, NOTES, WISH_DOUBTFUL
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.contacts.importing.rows.validation import batches, judge, reader_of
from campaigns.contacts.importing.rows.verdicts import VERDICT_OF, RowVerdict, verdicts_of
from campaigns.models import ContactImport
from campaigns.numbers import text_of_digits

ROWS = 50
"""Rows of a page."""
DOUBTFUL = "doubtful"
"""Beside the verdicts: rows that we put right, and rows with other values than an earlier row of the same number."""


FIXABLE = frozenset(
    {RowVerdict.BAD, RowVerdict.FIXED, RowVerdict.DUPLICATE_IN_FILE, RowVerdict.LEFT_OUT, RowVerdict.HELD}
)


class ShownRow(NamedTuple):
    """One row as the page shows it."""

    row: FileRow
    verdict: RowVerdict
    name: str
    details: PersonDetails
    note: Promise | str
    """What is wrong or doubtful; empty if nothing."""
    first: FileRow | None = None
    """The earlier row of the same number, if this one has other values."""

    @property
    def address(self) -> str:
        """The name of the row in an address: its number, and its sheet if the file has several."""
        return f"{self.row.number}:{self.row.sheet}" if self.row.sheet else str(self.row.number)

    @property
    def changes(self) -> list[tuple[str, str]]:
        """Each corrected cell, as it stands in the file and as it counts now."""
        before = self.row.original
        if before is None:
            return []
        pairs = zip_longest(before, self.row.cells, fillvalue="")
        return [(old, new) for old, new in pairs if old != new]

    @property
    def first_words(self) -> str:
        """What the earlier row of the same number says."""
        return " · ".join(cell for cell in self.first.cells if cell.strip()) if self.first else ""

    @property
    def is_corrected(self) -> bool:
        """Tell whether a user corrected the row or left it out."""
        return self.row.original is not None

    @property
    def may_be_fixed(self) -> bool:
        """Tell whether correcting the row can change what becomes of it."""
        return self.verdict in FIXABLE


@dataclass(slots=True)
class RowPage:
    """One page of rows."""

    rows: list[ShownRow] = field(default_factory=list)
    number: int = 1
    has_next: bool = False
    count: int | None = None
    """How many rows match in all; None where words are looked for."""


def page_of(record: ContactImport, *, verdict: str = "", words: str = "", number: int = 1) -> RowPage:
    """Return one page of an import's rows, of one verdict (or `DOUBTFUL`) if given, that hold all the words.

    Reads the file to the end of the page; with words, until a page is full. Raises FileRefused.
    """
    letters = verdicts_of(record.pk)
    reader = reader_of(record)
    wanted = [part for part in _plain(words).split() if part]
    number = max(1, number)
    page = RowPage(number=number)
    if letters and not wanted and verdict != DOUBTFUL:
        positions = [at for at, letter in enumerate(letters) if not verdict or VERDICT_OF[letter] == verdict]
        page.count = len(positions)
        shown = positions[(number - 1) * ROWS : number * ROWS]
        page.has_next = len(positions) > number * ROWS
        found = _at(reader, set(shown), letters)
    else:
        matching = (
            (row, kept) for row, kept in _judged(record, reader, letters) if _fits(row, kept, verdict, wanted, reader)
        )
        found = list(islice(matching, (number - 1) * ROWS, number * ROWS + 1))
        page.has_next = len(found) > ROWS
        found = found[:ROWS]
    firsts = _first_rows(reader, {(row.same_as_sheet, row.same_as) for row, _kept in found if row.note == DIFFERS})
    page.rows = [_shown(row, kept, reader, firsts) for row, kept in found]
    return page


def row_of(record: ContactImport, sheet: str, number: int) -> FileRow | None:
    """Return one row of an import by sheet and row number, as it reads now; None if there is none."""
    return next((row for row in reader_of(record).people() if row.key == (sheet, number)), None)


def verdict_of(record: ContactImport, row: FileRow) -> RowVerdict:
    """Return the verdict on one row as it would be now."""
    return judge([row], reader_of(record), record.contact_list_id)[0].verdict


def _at(reader: Reader, positions: Collection[int], letters: str) -> list[tuple[FileRow, RowVerdict]]:
    last = max(positions, default=-1)
    rows = enumerate(islice(reader.people(), last + 1))
    return [(row, VERDICT_OF[letters[at]]) for at, row in rows if at in positions]


def _judged(record: ContactImport, reader: Reader, letters: str) -> Iterator[tuple[FileRow, RowVerdict]]:
    """Yield every row with its verdict: the stored one, or else the one that it would get now."""
    if letters:
        for row, letter in zip(reader.people(), letters, strict=False):
            yield row, VERDICT_OF[letter]
        return
    for batch in batches(reader.people()):
        for one in judge(batch, reader, record.contact_list_id):
            yield one.row, one.verdict


def _fits(row: FileRow, kept: RowVerdict, verdict: str, wanted: list[str], reader: Reader) -> bool:
    if verdict == DOUBTFUL:
        if kept != RowVerdict.FIXED and row.note != DIFFERS:
            return False
    elif verdict and kept != verdict:
        return False
    if not wanted:
        return True
    text = _plain(" ".join([*row.cells, *(row.original or ()), row.phone.e164, *row.others]))
    joined = text.replace(" ", "").replace("-", "")
    return all(part in text or (part.lstrip("+0") and part.lstrip("+0") in joined) for part in wanted)


def _plain(text: str) -> str:
    return text_of_digits(text).casefold()


def _first_rows(reader: Reader, keys: Collection[tuple[str, int]]) -> dict[tuple[str, int], FileRow]:
    """Return rows by sheet and number; read again, because only these are kept while reading."""
    found: dict[tuple[str, int], FileRow] = {}
    for row in reader.people() if keys else ():
        if row.key in keys:
            found[row.key] = row
            if len(found) == len(keys):
                break
    return found


def _shown(row: FileRow, kept: RowVerdict, reader: Reader, firsts: dict[tuple[str, int], FileRow]) -> ShownRow:
    details = reader.details_of(row)
    code = row.note or (details.note if kept == RowVerdict.FIXED else "")
    code = {RowVerdict.BAD: row.problem, RowVerdict.HELD: WISH_DOUBTFUL}.get(kept, code)
    first = firsts.get((row.same_as_sheet, row.same_as)) if row.note == DIFFERS else None
    return ShownRow(row, kept, details.name, details, NOTES[code] if code else "", first)
