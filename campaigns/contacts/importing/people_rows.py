"""Parsing of a file's rows into people: number, name, variables and notes on problems. No database."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

import jdatetime
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing import mapping as meanings
from campaigns.contacts.importing.cell_numbers import numbers_of
from campaigns.contacts.importing.cell_texts import CELL_ERRORS
from campaigns.contacts.importing.corrections import Correction, corrections_of
from campaigns.contacts.importing.csv_rows import OPEN_QUOTE, Row
from campaigns.contacts.importing.mapping import ColumnMapping, place_cells
from campaigns.contacts.importing.reading import Table, open_table, path_of
from campaigns.core.csv_cells import GUARD, unguarded
from campaigns.models import ContactImport
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_NAME
from campaigns.models.imports import TwoNumbers
from campaigns.numbers import EMPTY, PROBLEMS, UnderstoodNumber, text_of_digits, understand_number

UNREADABLE = "unreadable"
WITHOUT_VALUE = "without_value"
ZONE_UNKNOWN = "zone_unknown"
DATE_UNKNOWN = "date_unknown"
OTHER_COLUMN = "other_column"
ONE_OF_SEVERAL = "one_of_several"
CORRECTED = "corrected"
DIFFERS = "differs"
MAX_VARIABLE = 1000
ROW_BITS = 24
"""Bits of a row's number where it is kept together with the place of its sheet."""

NOTES: dict[str, Promise] = {
    **PROBLEMS,
    OPEN_QUOTE: _("A quotation mark is opened and never closed in this row."),
    UNREADABLE: _("Letters of this row cannot be read: save the file as CSV (UTF-8) or XLSX."),
    WITHOUT_VALUE: _(
        "A formula in this row has no value, or an error. Open the file in a spreadsheet, save it and upload it again."
    ),
    ZONE_UNKNOWN: _("The time zone is not known and was left out; the number's own time counts."),
    DATE_UNKNOWN: _("The date of consent cannot be read and was left out."),
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
_DATE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ](\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)


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
    sheet: str = ""
    """Name of its sheet if the file is a workbook; row numbers count within it."""
    same_as_sheet: str = ""
    """Sheet of the row `same_as`."""
    note: str = ""
    """Key of `NOTES` for a row that becomes a person and that somebody should look at; else empty."""
    others: tuple[str, ...] = ()
    """Further numbers of the person, E.164."""
    is_left_out: bool = False
    """Whether a user left the row out."""
    original: Sequence[str] | None = None
    """The cells as they stand in the file, if a user corrected the row."""

    @property
    def key(self) -> tuple[str, int]:
        """The name of the row within its file: sheet and row number."""
        return self.sheet, self.number


class PersonDetails(NamedTuple):
    """A row's values beside the phone number."""

    name: str
    time_zone: str
    consent_source: str
    consent_at: datetime.datetime | None
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
    ) -> None:
        self.table = replace(table, language=mapping.language)
        self.mapping = mapping
        self.region = region
        self.two_numbers = two_numbers
        self.corrections = corrections or {}
        phones = mapping.columns_of(meanings.PHONE)
        self._phone = phones[0] if phones else -1
        self._phones = [self._phone, *mapping.columns_of(meanings.OTHER_PHONE)]
        self._names = mapping.columns_of(meanings.NAME)
        self._variables = mapping.variables()
        self._single = {
            meaning: next(iter(mapping.columns_of(meaning)), -1)
            for meaning in (meanings.TIME_ZONE, meanings.CONSENT_SOURCE, meanings.CONSENT_AT)
        }
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
        )

    @property
    def phone_columns(self) -> list[int]:
        """The columns of numbers: the one to call, then the further ones."""
        return self._phones

    @property
    def used(self) -> list[int]:
        """The columns that become part of a person, in the file's order."""
        return sorted(column for column, meaning in self.mapping.columns.items() if meaning)

    def people(self) -> Iterator[FileRow]:
        """Yield every parsed row below the titles, in order, sheet by sheet."""
        seen: dict[int, int] = {}
        mapping = self.mapping
        for place, sheet in enumerate(mapping.sheets or ("",)):
            rows = self.table.rows(sheet, skip_hidden=mapping.hidden_rows == meanings.SKIP)
            layout = mapping.layouts.get(sheet)
            if layout is None:
                if mapping.has_titles:
                    next(rows, None)
                yield from self._people(rows, seen, place)
                continue
            last = layout.titles[-1] if layout.titles else 0
            while last and (row := next(rows, None)) is not None:
                if row[0] > last:
                    rows = chain([row], rows)
                    break
            yield from self._people(_placed(rows, layout.columns) if layout.columns else rows, seen, place)

    def _people(self, rows: Iterable[Row], seen: dict[int, int], place: int) -> Iterator[FileRow]:
        """Yield the rows of the sheet at a place; `seen` is number to its first occurrence.

        Place, row and a hash of that row's other values are one integer, which keeps memory small.
        """
        phone, region, used = self._phone, self.region, self.mapping.columns
        has_others, values, corrections = len(self._phones) > 1, self._values, self.corrections
        sheets = self.mapping.sheets or ("",)
        sheet = sheets[place]
        may_be_unreadable = self.table.has_broken_letters
        for number, cells, problem in rows:
            same_as, same_as_sheet, note, is_left_out, original = 0, "", "", False, None
            others: tuple[str, ...] = ()
            text = "".join(cells)
            if GUARD in text:
                cells = list(map(unguarded, cells))
            if may_be_unreadable and not problem and "\ufffd" in text:
                problem = UNREADABLE
            if not CELL_ERRORS.isdisjoint(cells):
                lost = [column for column, cell in enumerate(cells) if cell in CELL_ERRORS]
                if phone in lost:
                    problem = problem or WITHOUT_VALUE
                elif any(used.get(column) for column in lost):
                    note = WITHOUT_VALUE
                cells = ["" if cell in CELL_ERRORS else cell for cell in cells]
            if corrections and (correction := corrections.get((sheet, number))) is not None:
                original, is_left_out = cells, correction.is_left_out
                if correction.cells:
                    # A person has read the whole row, so that what spoilt it in the file holds no more.
                    cells, note, problem = correction.applied_to(cells), CORRECTED, ""
            raw = cells[phone] if 0 <= phone < len(cells) else ""
            found = understand_number(raw, region)
            if has_others or (found.code and found.code != EMPTY):
                theirs = numbers_of(cells, self._phones, region, self.two_numbers)
                found, raw, others = theirs.phone, theirs.raw, theirs.others
                if found.e164:
                    note = note or (OTHER_COLUMN if theirs.is_fallback else ONE_OF_SEVERAL if theirs.is_several else "")
            if found.code:
                problem = problem or found.code
            elif not problem and not is_left_out:
                said = values(cells)
                here = place << ROW_BITS | number
                packed = here | (hash(said) & _HASH) << _PLACE_BITS
                first = seen.setdefault(int(found.e164[1:]), packed)
                if first & _PLACE != here:
                    same_as, same_as_sheet = first & (1 << ROW_BITS) - 1, sheets[(first & _PLACE) >> ROW_BITS]
                    if first >> _PLACE_BITS != packed >> _PLACE_BITS and any(said):
                        note = DIFFERS
            yield FileRow(
                number, cells, raw, found, same_as, problem, sheet, same_as_sheet, note, others, is_left_out, original
            )

    def name_of(self, row: FileRow) -> str:
        """Return the person's name from the name columns of a row."""
        parts = [row.cells[column] for column in self._names if column < len(row.cells)]
        return plain_text(" ".join(parts), MAX_NAME)

    def details_of(self, row: FileRow) -> PersonDetails:
        """Return a row's values beside the phone number."""
        cells, note, width = row.cells, "", len(row.cells)
        zone, source, at = (cells[column].strip() if 0 <= column < width else "" for column in self._single.values())
        if zone and not _zone_exists(zone):
            zone, note = "", ZONE_UNKNOWN
        given_at = read_moment(at) if at else None
        if at and given_at is None:
            note = DATE_UNKNOWN
        variables = {
            name: text
            for column, name in self._variables.items()
            if column < width and (text := plain_text(cells[column], MAX_VARIABLE))
        }
        return PersonDetails(self.name_of(row), zone, plain_text(source, MAX_CONSENT_SOURCE), given_at, variables, note)

    @property
    def gives_consent(self) -> bool:
        """Tell whether a column holds the source of consent."""
        return self._single[meanings.CONSENT_SOURCE] >= 0

    def has_notes(self) -> bool:
        """Tell whether `details_of` may return notes, that is, whether a column can have invalid values."""
        return self._single[meanings.TIME_ZONE] >= 0 or self._single[meanings.CONSENT_AT] >= 0


def _placed(rows: Iterable[Row], columns: Sequence[int]) -> Iterator[Row]:
    """Yield a sheet's rows with their cells where the whole file has them."""
    for number, cells, problem in rows:
        yield number, place_cells(cells, columns), problem


_PLACE_BITS = ROW_BITS + 8
_PLACE, _HASH = (1 << _PLACE_BITS) - 1, (1 << 28) - 1


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


def plain_text(text: str, most: int) -> str:
    """Return a text as one line without control and direction characters, cut to `most` characters."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")[:most]
    if not text.isprintable():
        text = text.translate(_CONTROLS)
    return " ".join(text.split())[:most]


def read_moment(text: str) -> datetime.datetime | None:
    """Parse year-month-day, Gregorian or Jalali, with an optional time; None for any other text."""
    found = _DATE.match(text_of_digits(text))
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        date: Any = jdatetime.date(year, month, day).togregorian() if year < 1700 else datetime.date(year, month, day)
        return timezone.make_aware(datetime.datetime.combine(date, datetime.time(hour, minute, second)))
    except ValueError:
        return None


@lru_cache(maxsize=512)
def _zone_exists(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return False
    return True
