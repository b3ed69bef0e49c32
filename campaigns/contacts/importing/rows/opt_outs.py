"""Wishes of a file: rows of do-not-call files judged, and the numbers that a saved file puts on the list."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.formats.plain_text import plain_text
from campaigns.contacts.do_not_call import Forbidden, OptOut, forbid_each
from campaigns.contacts.doubtful_wishes import DoubtfulRow
from campaigns.contacts.importing.cells.cell_numbers import numbers_in_cell
from campaigns.contacts.importing.cells.consent import DATE_UNCLEAR, DATE_UNKNOWN
from campaigns.contacts.importing.cells.dates import UNCLEAR, FoundDate, read_date
from campaigns.contacts.importing.cells.wish_words import Wish
from campaigns.contacts.importing.columns import mapping as meanings
from campaigns.contacts.importing.columns import phone_columns
from campaigns.contacts.importing.columns.mapping import ColumnMapping, plain_title
from campaigns.contacts.importing.files.reading import Table
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.notes import PART_UNREAD, WISH_DOUBTFUL
from campaigns.contacts.importing.rows.number_policy import NOTHING_REFUSED
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.contacts.importing.rows.verdicts import JudgedRow, RowVerdict
from campaigns.core.all_numbers import further_numbers
from campaigns.core.stop_requests import Stops
from campaigns.models import ContactImport, DoNotCall
from campaigns.models.imports import TwoNumbers
from campaigns.numbers import EMPTY, understand_number
from campaigns.reasons import MAX_REASON

REASON, UNTIL = "reason", "until"
FIELDS: dict[str, Promise] = {
    meanings.PHONE: gettext_lazy("Phone number"),
    meanings.NAME: gettext_lazy("Name"),
    meanings.DO_NOT_CALL: gettext_lazy("Do not call (yes or no)"),
    REASON: gettext_lazy("Reason"),
    UNTIL: gettext_lazy("Last day"),
}
"""What a column of a do-not-call file may mean; several may be phone numbers, names or yes and no."""
_TITLES = {
    REASON: ("reason", "why", "دلیل", "علت", "چرا"),
    UNTIL: ("until", "expires", "expires at", "last day", "تا", "تا تاریخ", "پایان", "آخرین روز"),
}
_FOR_EVER = datetime.datetime.max.replace(tzinfo=datetime.UTC)


def sheets_to_read(mapping: ColumnMapping) -> list[str]:
    """Return the visible sheets that hold phone numbers: leaving one out would leave people callable."""
    return [sheet.name for sheet in mapping.found if sheet.has_numbers]


def guess_columns(
    mapping: ColumnMapping, titles: Sequence[str], rows: Sequence[Sequence[str]], region: str
) -> ColumnMapping:
    """Return the meanings of a do-not-call file's columns, given what they would mean in a file of people.

    Every column whose cells are phone numbers counts; what is of no use for the list is left out. `rows` are examples.
    """
    own = {plain_title(title): meaning for meaning, names in _TITLES.items() for title in names}
    own |= {plain_title(_("Reason")): REASON, plain_title(_("Until")): UNTIL}
    weighed = [
        phone_columns.weigh(column, [row[column] for row in rows if column < len(row)], title, region)
        for column, title in enumerate(titles)
    ]
    phones = phone_columns.choose_all(weighed) or mapping.columns_of(meanings.PHONE)
    found: dict[int, str] = {}
    for column, title in enumerate(titles):
        meaning = mapping.columns.get(column, meanings.IGNORED)
        # Our own list names the zone of its times in the title, as in "Until (Asia/Tehran)".
        own_meaning = own.get(plain_title(title.partition(" (")[0]), "")
        if own_meaning and own_meaning not in found.values():
            meaning = own_meaning
        if column in phones:
            meaning = meanings.PHONE
        elif meaning == meanings.PHONE or meaning not in FIELDS:
            meaning = meanings.IGNORED
        found[column] = meaning
    return replace(mapping, columns=found, asks={})


class OptOutReader(Reader):
    """Reads a do-not-call file: a row may hold several numbers, and counts if one of them can be read."""

    def __init__(self, table: Table, mapping: ColumnMapping, region: str, **options: Any) -> None:
        super().__init__(table, mapping, region, **options)
        self._reason, self._until = (next(iter(mapping.columns_of(meaning)), -1) for meaning in (REASON, UNTIL))
        self.file_end: datetime.datetime | None = None
        """When the entries of rows without an own last day expire."""

    @classmethod
    def of(cls, record: ContactImport) -> OptOutReader:
        """Open the file of an import. Raises FileRefused."""
        reader = super().of(record)
        assert isinstance(reader, OptOutReader)
        reader.file_end = record.opt_out_until
        # All numbers of a cell are the person's: none of them is to be called.
        reader.two_numbers = TwoNumbers.BOTH
        # A number that nobody may call anyhow can be on the list, too.
        reader.policy = NOTHING_REFUSED
        return reader

    def people(self) -> Iterator[FileRow]:
        """Yield every row in order; one that repeats only numbers of earlier wishes names the first of those."""
        seen: dict[str, tuple[str, int]] = {}
        for row in super().people():
            numbers = self.numbers_of(row)
            if not numbers:
                yield row._replace(same_as=0, problem=row.problem or row.phone.code, note="")
                continue
            problem = "" if row.problem == row.phone.code else row.problem
            # As the cell itself reads: a number of a further column is no correction here.
            alone = understand_number(row.raw, self.region, self.trust)
            phone = alone if alone.e164 else row.phone
            row = row._replace(phone=phone, same_as=0, same_as_sheet="", problem=problem)
            if self.is_wish(row):
                earlier = [seen.setdefault(number, row.key) for number in numbers]
                if row.key not in earlier:
                    row = row._replace(same_as=earlier[0][1], same_as_sheet=earlier[0][0])
            yield row._replace(note=problem or self._note_of(row))

    def is_wish(self, row: FileRow) -> bool:
        """Tell whether a row with numbers says that they are not to be called, now or later."""
        if row.is_left_out or (self.wishes.are_there and self.wishes.of(row.cells)[0] is not Wish.YES):
            return False
        end = self.end_of(row).moment or self.file_end
        return end is None or end > self.now

    @property
    def has_ends(self) -> bool:
        """Tell whether a column holds last days."""
        return self._until >= 0

    def end_of(self, row: FileRow) -> FoundDate:
        """Return when the entry of a row expires: a date without a time means the end of that day."""
        text = row.cells[self._until].strip() if 0 <= self._until < len(row.cells) else ""
        if not text:
            return FoundDate()
        found = read_date(text, self.order, self.now, is_past=False)
        if found.moment is None or found.has_time:
            return found
        return found._replace(moment=found.moment + datetime.timedelta(days=1))

    def reason_of(self, row: FileRow) -> str:
        """Return the reason that a row itself gives."""
        return plain_text(row.cells[self._reason], MAX_REASON) if 0 <= self._reason < len(row.cells) else ""

    def _note_of(self, row: FileRow) -> str:
        """Return what a user should look at in a row that counts; empty if nothing."""
        for cell in (row.cells[column] for column in self._phones if column < len(row.cells)):
            code = understand_number(cell, self.region).code
            if code and code != EMPTY and not numbers_in_cell(cell, self.region):
                return PART_UNREAD
        problem = self.end_of(row).problem
        return {"": "", UNCLEAR: DATE_UNCLEAR}.get(problem, DATE_UNKNOWN)


def judge_opt_outs(batch: Sequence[FileRow], reader: OptOutReader) -> list[JudgedRow]:
    """Return each row of a do-not-call file with its verdict, compared with the list in one query."""
    numbers = [reader.numbers_of(row) for row in batch]
    on_list = _ends_on_list([number for own in numbers for number in own], reader.now)
    return [_judge_row(row, own, reader, on_list) for row, own in zip(batch, numbers, strict=True)]


def _judge_row(
    row: FileRow, numbers: Sequence[str], reader: OptOutReader, on_list: Mapping[str, datetime.datetime]
) -> JudgedRow:
    if row.is_left_out:
        return JudgedRow(row, RowVerdict.LEFT_OUT)
    if not numbers:
        return JudgedRow(row, RowVerdict.BAD, row.problem or EMPTY)
    if not reader.is_wish(row):
        wish = reader.wishes.of(row.cells)[0] if reader.wishes.are_there else Wish.YES
        if wish is Wish.DOUBTFUL:
            return JudgedRow(row, RowVerdict.HELD, WISH_DOUBTFUL)
        return JudgedRow(row, RowVerdict.ENDED if wish is Wish.YES else RowVerdict.SAYS_NO)
    if row.same_as:
        return JudgedRow(row, RowVerdict.DUPLICATE_IN_FILE)
    end = reader.end_of(row).moment or reader.file_end or _FOR_EVER
    if all(on_list.get(number, reader.now) >= end for number in numbers):
        return JudgedRow(row, RowVerdict.DO_NOT_CALL, row.note)
    was_fixed = row.note or row.phone.was_fixed
    return JudgedRow(row, RowVerdict.FIXED if was_fixed else RowVerdict.GOOD, row.note)


def _ends_on_list(numbers: Sequence[str], now: datetime.datetime) -> dict[str, datetime.datetime]:
    """Return the numbers with an entry in force, each with its end."""
    entries = DoNotCall.objects.in_force(now).filter(phone__in=numbers).values_list("phone", "expires_at")
    return {phone: end or _FOR_EVER for phone, end in entries}


# Saving

FURTHER = "further_numbers"
"""Key of a checked file's counts: further numbers of the same people, put on the list with those of the file."""
FORBIDDEN, SKIPPED_CALLS, ASKED_CALLS, OUT_CALLS = "forbidden", "skipped_calls", "asked_calls", "out_calls"
"""Keys of `ContactImport.counts`: entries that the file made, waiting calls that were taken out of the queue, live
calls that vendors are asked to leave, and live calls that may still ring."""
_COUNTED = (RowVerdict.GOOD, RowVerdict.FIXED, RowVerdict.DO_NOT_CALL, RowVerdict.DUPLICATE_IN_FILE)
"""Verdicts of a do-not-call file whose rows are a wish; a number that is on the list already is confirmed by it."""


def wished_numbers(record: ContactImport, reader: Reader, judged: Sequence[JudgedRow]) -> dict[str, OptOut]:
    """Return the numbers of a batch that saving puts on the list, each with the wish that lasts longest."""
    wishes: dict[str, OptOut] = {}
    if not isinstance(reader, OptOutReader) and not reader.wishes.are_there:
        return wishes
    for one in judged:
        wish = _wish_of(record, reader, one)
        if wish is None:
            continue
        for number in reader.numbers_of(one.row):
            kept = wishes.get(number)
            if kept is None or (wish.expires_at or _FOR_EVER) > (kept.expires_at or _FOR_EVER):
                wishes[number] = wish
    return wishes


def count_further(record: ContactImport, reader: Reader, judged: Sequence[JudgedRow]) -> int:
    """Count the further numbers of the same people, which saving puts on the list with those of a batch."""
    wished = wished_numbers(record, reader, judged)
    return len(further_numbers(wished)) if wished else 0


def put_on_list(record: ContactImport, reader: Reader, judged: Sequence[JudgedRow]) -> Forbidden:
    """Put the numbers of a batch on the do-not-call list, inside the transaction that saves the batch."""
    wishes = wished_numbers(record, reader, judged)
    if not wishes:
        return Forbidden()
    source = record.opt_out_source or DoNotCall.Source.IMPORT
    # A list of numbers that others keep is an entry of whoever imports it; what people asked for is their own wish.
    is_own_wish = not record.is_of_opt_outs or source in {DoNotCall.Source.PERSON, DoNotCall.Source.VENDOR}
    return forbid_each(wishes, source=source, person=record.owner, imported_by=record.pk, is_own_wish=is_own_wish)


def doubtful_rows(reader: Reader, judged: Sequence[JudgedRow]) -> list[DoubtfulRow]:
    """Return the rows of a batch whose do-not-call cell says neither yes nor no, with all numbers of each."""
    return [
        DoubtfulRow(reader.numbers_of(one.row), reader.wishes.of(one.row.cells)[1], one.row.sheet, one.row.number)
        for one in judged
        if one.verdict == RowVerdict.HELD
    ]


def count_stops(counts: Counter[str], done: Forbidden) -> None:
    """Add what became of calls to these numbers to an import's counts."""
    found = {SKIPPED_CALLS: done.skipped, ASKED_CALLS: done.stops.asked, OUT_CALLS: done.stops.out}
    counts.update({key: count for key, count in found.items() if count})


def stops_of(record: ContactImport) -> Stops:
    """Return what became of live calls to the numbers that a saved file put on the list."""
    return Stops(record.counts.get(ASKED_CALLS, 0), record.counts.get(OUT_CALLS, 0))


def _wish_of(record: ContactImport, reader: Reader, one: JudgedRow) -> OptOut | None:
    """Return the opt-out that a judged row says; None if it says none."""
    row = one.row
    if isinstance(reader, OptOutReader):
        if one.verdict not in _COUNTED:
            return None
        end = reader.end_of(row).moment or record.opt_out_until
        return OptOut(reader.reason_of(row) or record.opt_out_reason, end)
    if one.verdict == RowVerdict.LEFT_OUT:
        return None
    wish, cell = reader.wishes.of(row.cells)
    # The file's name and what it says, in its own words: the entry is read in any language.
    return OptOut(f"{record.original_name}: {' '.join(cell.split())}"[:MAX_REASON]) if wish is Wish.YES else None
