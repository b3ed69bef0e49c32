"""Parsing of a file's rows into people: number, name, variables and notes on problems. No database."""

from __future__ import annotations

import datetime
import re
import zoneinfo
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

import jdatetime
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing import mapping as meanings
from campaigns.contacts.importing.cell_texts import CELL_ERRORS
from campaigns.contacts.importing.csv_rows import OPEN_QUOTE, Row
from campaigns.contacts.importing.mapping import ColumnMapping, place_cells
from campaigns.contacts.importing.reading import Table, open_table, path_of
from campaigns.models import ContactImport
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_NAME
from campaigns.numbers import PROBLEMS, UnderstoodNumber, text_of_digits, understand_number

UNREADABLE = "unreadable"
WITHOUT_VALUE = "without_value"
ZONE_UNKNOWN = "zone_unknown"
DATE_UNKNOWN = "date_unknown"
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
    """Key of `NOTES` for a row that becomes a person without some of its cells."""


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

    def __init__(self, table: Table, mapping: ColumnMapping, region: str) -> None:
        self.table = replace(table, language=mapping.language)
        self.mapping = mapping
        self.region = region
        phones = mapping.columns_of(meanings.PHONE)
        self._phone = phones[0] if phones else -1
        self._names = mapping.columns_of(meanings.NAME)
        self._variables = mapping.variables()
        self._single = {
            meaning: next(iter(mapping.columns_of(meaning)), -1)
            for meaning in (meanings.TIME_ZONE, meanings.CONSENT_SOURCE, meanings.CONSENT_AT)
        }

    @classmethod
    def of(cls, record: ContactImport) -> Reader:
        """Open the file of an import. Raises FileRefused."""
        return cls(open_table(path_of(record)), ColumnMapping.from_json(record.mapping), record.region)

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
        """Yield the rows of the sheet at a place; `seen` is number to place and row of its first occurrence."""
        phone, region, used = self._phone, self.region, self.mapping.columns
        sheets = self.mapping.sheets or ("",)
        sheet = sheets[place]
        may_be_unreadable = self.table.has_broken_letters
        for number, cells, problem in rows:
            raw = cells[phone] if 0 <= phone < len(cells) else ""
            found = understand_number(raw, region)
            same_as, same_as_sheet, note = 0, "", ""
            if may_be_unreadable and not problem and "\ufffd" in "".join(cells):
                problem = UNREADABLE
            if not CELL_ERRORS.isdisjoint(cells):
                lost = [column for column, cell in enumerate(cells) if cell in CELL_ERRORS]
                if phone in lost:
                    problem = problem or WITHOUT_VALUE
                elif any(used.get(column) for column in lost):
                    note = WITHOUT_VALUE
                cells = ["" if cell in CELL_ERRORS else cell for cell in cells]
            if found.code:
                problem = problem or found.code
            elif not problem:
                here = place << ROW_BITS | number
                first = seen.setdefault(int(found.e164[1:]), here)
                if first != here:
                    same_as, same_as_sheet = first & (1 << ROW_BITS) - 1, sheets[first >> ROW_BITS]
            yield FileRow(number, cells, raw, found, same_as, problem, sheet, same_as_sheet, note)

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
