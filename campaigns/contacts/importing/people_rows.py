"""Parsing of a file's rows into people: number, name, variables and notes on problems. No database."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing import consent
from campaigns.contacts.importing import mapping as meanings
from campaigns.contacts.importing.cell_numbers import numbers_of
from campaigns.contacts.importing.cell_texts import CELL_ERRORS
from campaigns.contacts.importing.consent import Consent, ConsentColumns
from campaigns.contacts.importing.corrections import Correction, corrections_of
from campaigns.contacts.importing.csv_rows import OPEN_QUOTE, Row
from campaigns.contacts.importing.dates import DayMonth, FoundDate
from campaigns.contacts.importing.mapping import ColumnMapping, place_cells
from campaigns.contacts.importing.reading import Table, open_table, path_of
from campaigns.contacts.importing.wish_words import WishColumns
from campaigns.core.csv_cells import GUARD, unguarded
from campaigns.models import ContactImport
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_NAME
from campaigns.models.imports import TwoNumbers
from campaigns.numbers import EMPTY, PROBLEMS, Trust, UnderstoodNumber, countries_told, understand_number

UNREADABLE = "unreadable"
WITHOUT_VALUE = "without_value"
ZONE_UNKNOWN = "zone_unknown"
WISH_DOUBTFUL = "wish_doubtful"
PART_UNREAD = "part_unread"
OTHER_COLUMN = "other_column"
ONE_OF_SEVERAL = "one_of_several"
CORRECTED = "corrected"
DIFFERS = "differs"
MAX_VARIABLE = 1000
ROW_BITS = 24
"""Bits of a row's number where it is kept together with the place of its sheet."""
ROWS_THAT_TELL = 2000
"""Rows at the beginning of a file whose numbers tell of which countries those are that lost their plus."""

NOTES: dict[str, Promise] = {
    **PROBLEMS,
    OPEN_QUOTE: _("A quotation mark is opened and never closed in this row."),
    UNREADABLE: _("Letters of this row cannot be read: save the file as CSV (UTF-8) or XLSX."),
    WITHOUT_VALUE: _(
        "A formula in this row has no value, or an error. Open the file in a spreadsheet, save it and upload it again."
    ),
    ZONE_UNKNOWN: _("The time zone is not known and was left out; the number's own time counts."),
    consent.DATE_UNKNOWN: _("The date cannot be read and was left out."),
    consent.DATE_UNCLEAR: _("Day and month of the date could be either: say which comes first."),
    consent.DATE_FUTURE: _("The date of consent is in the future: no consent is noted."),
    consent.REFUSED: _("The file says that this person did not agree: no consent is noted."),
    consent.UNREADABLE: _("What the file says of consent is neither yes nor a source: no consent is noted."),
    PART_UNREAD: _("Not every number of this row can be read; only those that can are taken."),
    WISH_DOUBTFUL: _("The do-not-call column says neither yes nor no."),
    OTHER_COLUMN: _("The first number is missing or cannot be called: the one of another column is used."),
    ONE_OF_SEVERAL: _("The cell holds several numbers: the chosen one is called."),
    CORRECTED: _("Corrected on this page."),
    DIFFERS: _(
        "An earlier row has the same number and other values. Only the earlier row is saved: choose between them."
    ),
}

_CONTROLS = dict.fromkeys(
    [*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF], " "
)


class FileRow(NamedTuple):
    """One parsed row of a file."""

    number: int
    """Row number as a spreadsheet counts, titles included."""
    cells: list[str]
    raw: str
    phone: UnderstoodNumber
    same_as: int
    """Number of the earlier row with the same phone number, or 0."""
    problem: str
    """Key of `NOTES` if the row cannot become a person; else empty."""
    note: str = ""
    """Key of `NOTES` if the row can, but a person should look at it; else empty."""
    others: tuple[str, ...] = ()
    """Further numbers of the person, E.164."""
    sheet: str = ""
    """Name of its sheet if the file is a workbook; row numbers count within it."""
    is_left_out: bool = False
    """Whether a user left the row out."""
    original: Sequence[str] | None = None
    """The cells as they stand in the file, if a user corrected the row."""

    same_as_sheet: str = ""
    """Sheet of the row `same_as`."""

    @property
    def key(self) -> tuple[str, int]:
        """The name of the row within its file: sheet and row number."""
        return self.sheet, self.number


class PersonDetails(NamedTuple):
    """A row's values beside the phone number."""

    name: str
    time_zone: str
    consent: Consent
    variables: dict[str, str]
    note: str
    """Key of `NOTES` for a value that was ignored; else empty."""


class Reader:
    """Reads a file as people; used alike by the check, the saving and the file of bad rows."""

    def __init__(
        self,
        table: Table,
        mapping: ColumnMapping,
        region: str,
        *,
        two_numbers: str = TwoNumbers.ASK,
        corrections: Mapping[tuple[str, int], Correction] | None = None,
        answers: Mapping[str, Any] | None = None,
    ) -> None:
        self.table = replace(table, language=mapping.language)
        self.mapping = mapping
        self.region = region
        self.two_numbers = two_numbers
        self.corrections = corrections or {}
        # In a do-not-call file several columns are the phone number.
        phones = mapping.columns_of(meanings.PHONE) or [-1]
        self._phone = phones[0]
        self._phones = [*phones, *mapping.columns_of(meanings.OTHER_PHONE)]
        self._names = mapping.columns_of(meanings.NAME)
        self._variables = mapping.variables()
        self._zone, yes_no, source, given_at = (
            next(iter(mapping.columns_of(meaning)), -1)
            for meaning in (meanings.TIME_ZONE, meanings.CONSENT, meanings.CONSENT_SOURCE, meanings.CONSENT_AT)
        )
        said = answers or {}
        self.now = timezone.now()
        self.order = DayMonth(said["dates"]) if said.get("dates") else None
        self.consent = ConsentColumns(yes_no, source, given_at, self.order, self.now)
        self.wishes = WishColumns(mapping.columns_of(meanings.DO_NOT_CALL), said.get("wishes", {}))
        self._values = _values_at([column for column in self.used if column != self._phone])

    @classmethod
    def of(cls, record: ContactImport) -> Reader:
        """Open the file of an import, with the corrections that users made. Raises FileRefused."""
        return cls(
            open_table(path_of(record)),
            ColumnMapping.from_json(record.mapping),
            record.region,
            two_numbers=record.two_numbers,
            corrections=corrections_of(record.pk),
            answers=record.answers,
        )

    @property
    def phone_columns(self) -> list[int]:
        """The columns of numbers: the one to call, then the further ones."""
        return self._phones

    @property
    def used(self) -> list[int]:
        """The columns that become part of a person, in the file's order."""
        return sorted(column for column, meaning in self.mapping.columns.items() if meaning)

    @cached_property
    def trust(self) -> Trust:
        """What the file's other numbers say of those that lost their plus."""
        first = islice(chain.from_iterable(rows for _place, rows in self._sheets()), ROWS_THAT_TELL)
        cells = (row[self._phone] for _number, row, _problem in first if 0 <= self._phone < len(row))
        return Trust(lost_plus=countries_told(cells, self.region))

    def people(self) -> Iterator[FileRow]:
        """Yield every parsed row below the titles, in order, sheet by sheet."""
        seen: dict[int, int] = {}
        for place, rows in self._sheets():
            yield from self._people(rows, seen, place)

    def _sheets(self) -> Iterator[tuple[int, Iterator[Row]]]:
        """Yield the place of each sheet that is read, with its rows below the titles."""
        mapping = self.mapping
        for place, sheet in enumerate(mapping.sheets or ("",)):
            rows = self.table.rows(sheet, skip_hidden=mapping.hidden_rows == meanings.SKIP)
            layout = mapping.layouts.get(sheet)
            if layout is None:
                if mapping.has_titles:
                    next(rows, None)
                yield place, rows
                continue
            last = layout.titles[-1] if layout.titles else 0
            while last and (row := next(rows, None)) is not None:
                if row[0] > last:
                    rows = chain([row], rows)
                    break
            yield place, _placed(rows, layout.columns) if layout.columns else rows

    def _people(self, rows: Iterable[Row], seen: dict[int, int], place: int) -> Iterator[FileRow]:
        """Yield the rows of the sheet at a place.

        `seen` is, by number, where it stands first (place and row) and what else that row says, in one integer to keep
        memory small.
        """
        phone, region, trust, corrections = self._phone, self.region, self.trust, self.corrections
        has_others, values, used = len(self._phones) > 1, self._values, self.mapping.columns
        sheets = self.mapping.sheets or ("",)
        sheet = sheets[place]
        may_be_unreadable = self.table.has_broken_letters
        for number, cells, problem in rows:
            original, note, is_left_out, same_as, same_as_sheet = None, "", False, 0, ""
            others: tuple[str, ...] = ()
            text = "".join(cells)
            if GUARD in text:
                cells = list(map(unguarded, cells))
            if may_be_unreadable and not problem and "\ufffd" in text:
                problem = UNREADABLE
            if corrections and (correction := corrections.get((sheet, number))) is not None:
                original, is_left_out = cells, correction.is_left_out
                if correction.cells:
                    # A person has read the whole row, so that what spoilt it in the file holds no more.
                    cells, note, problem = correction.applied_to(cells), CORRECTED, ""
            if not CELL_ERRORS.isdisjoint(cells):
                lost = [column for column, cell in enumerate(cells) if cell in CELL_ERRORS]
                if phone in lost:
                    problem = problem or WITHOUT_VALUE
                elif any(used.get(column) for column in lost):
                    note = WITHOUT_VALUE
                cells = ["" if cell in CELL_ERRORS else cell for cell in cells]
            raw = cells[phone] if 0 <= phone < len(cells) else ""
            found = understand_number(raw, region, trust)
            if has_others or (found.code and found.code != EMPTY):
                theirs = numbers_of(cells, self._phones, region, self.two_numbers)
                found, raw, others = theirs.phone, theirs.raw, theirs.others
                if found.e164:
                    note = note or (OTHER_COLUMN if theirs.is_fallback else ONE_OF_SEVERAL if theirs.is_several else "")
            if found.code:
                problem = problem or found.code
            elif not problem and not is_left_out:
                said, here = values(cells), place << ROW_BITS | number
                packed = here | (hash(said) & _HASH) << _HERE_BITS
                first = seen.setdefault(int(found.e164[1:]), packed)
                if first & _HERE != here:
                    same_as, same_as_sheet = first & _ROW, sheets[(first & _HERE) >> ROW_BITS]
                    if first >> _HERE_BITS != packed >> _HERE_BITS and any(said):
                        note = DIFFERS
            yield FileRow(
                number, cells, raw, found, same_as, problem, note, others, sheet, is_left_out, original, same_as_sheet
            )

    def name_of(self, row: FileRow) -> str:
        """Return the person's name from the name columns of a row."""
        parts = [row.cells[column] for column in self._names if column < len(row.cells)]
        return plain_text(" ".join(parts), MAX_NAME)

    def details_of(self, row: FileRow) -> PersonDetails:
        """Return a row's values beside the phone number."""
        cells, note, width = row.cells, "", len(row.cells)
        zone = cells[self._zone].strip() if 0 <= self._zone < width else ""
        if zone and not _zone_exists(zone):
            zone, note = "", ZONE_UNKNOWN
        said = self.consent.of(cells)
        note = said.note or note
        variables = {
            name: text
            for column, name in self._variables.items()
            if column < width and (text := plain_text(cells[column], MAX_VARIABLE))
        }
        said = said._replace(source=plain_text(said.source, MAX_CONSENT_SOURCE))
        return PersonDetails(self.name_of(row), zone, said, variables, note)

    def numbers_of(self, row: FileRow) -> list[str]:
        """Return all numbers of a row that can be read, in E.164: a wish holds for each of them."""
        found = numbers_of(row.cells, self._phones, self.region, TwoNumbers.BOTH)
        return [found.phone.e164, *found.others] if found.phone.e164 else []

    @property
    def has_ends(self) -> bool:
        """Tell whether rows may say until when they hold, as those of do-not-call files do."""
        return False

    def end_of(self, row: FileRow) -> FoundDate:
        """Return until when a row holds; people are saved for good."""
        return FoundDate()

    def has_notes(self) -> bool:
        """Tell whether `details_of` may return notes, that is, whether a column can have invalid values."""
        return self._zone >= 0 or self.consent.is_there


_HERE_BITS = ROW_BITS + 16
_ROW, _HERE, _HASH = (1 << ROW_BITS) - 1, (1 << _HERE_BITS) - 1, (1 << 20) - 1


def _values_at(columns: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """Return a function that takes these columns out of a row, which may be shorter."""
    if len(columns) < 2:
        return lambda cells: tuple(cells[column] for column in columns if column < len(cells))
    taken = itemgetter(*columns)

    def values(cells: Sequence[str]) -> tuple[str, ...]:
        try:
            found: tuple[str, ...] = taken(cells)
        except IndexError:
            found = tuple(cells[column] if column < len(cells) else "" for column in columns)
        return found

    return values


def _placed(rows: Iterable[Row], columns: Sequence[int]) -> Iterator[Row]:
    """Yield a sheet's rows with their cells where the whole file has them."""
    for number, cells, problem in rows:
        yield number, place_cells(cells, columns), problem


def plain_text(text: str, most: int) -> str:
    """Return a text as one line without control and direction characters, cut to `most` characters."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")[:most]
    if not text.isprintable():
        text = text.translate(_CONTROLS)
    return " ".join(text.split())[:most]


@lru_cache(maxsize=512)
def _zone_exists(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
