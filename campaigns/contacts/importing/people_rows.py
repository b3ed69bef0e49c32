"""Parsing of a file's rows into people: number, name, variables and notes on problems. No database."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from functools import cached_property
from itertools import islice
from typing import Any, NamedTuple

import jdatetime
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns import time_zones
from campaigns.contacts.importing import mapping as meanings
from campaigns.contacts.importing.csv_rows import OPEN_QUOTE
from campaigns.contacts.importing.mapping import ColumnMapping
from campaigns.contacts.importing.number_policy import NOTHING_REFUSED, TYPE_NOTES, NumberPolicy
from campaigns.contacts.importing.reading import Table, open_table, path_of
from campaigns.models import ContactImport
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_NAME
from campaigns.numbers import PROBLEMS, Trust, UnderstoodNumber, countries_told, text_of_digits, understand_number

UNREADABLE = "unreadable"
ZONE_UNKNOWN = "zone_unknown"
ZONE_ELSEWHERE = "zone_elsewhere"
DATE_UNKNOWN = "date_unknown"
MAX_VARIABLE = 1000
ROWS_THAT_TELL = 2000
"""Rows at the beginning of a file whose numbers tell of which countries those are that lost their plus."""

NOTES: dict[str, Promise] = {
    **PROBLEMS,
    **TYPE_NOTES,
    OPEN_QUOTE: _("A quotation mark is opened and never closed in this row."),
    UNREADABLE: _("Letters of this row cannot be read: save the file as CSV (UTF-8) or XLSX."),
    ZONE_UNKNOWN: _(
        "The time zone names no place, as Asia/Tehran does, and was left out; the number's own time counts."
    ),
    ZONE_ELSEWHERE: _(
        "The time zone lies in another country than the number: calls wait until it is time in both. Correct the one "
        "that is wrong."
    ),
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
        self, table: Table, mapping: ColumnMapping, region: str, policy: NumberPolicy = NOTHING_REFUSED
    ) -> None:
        self.table = table
        self.policy = policy
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
        mapping = ColumnMapping.from_json(record.mapping)
        return cls(open_table(path_of(record)), mapping, record.region, NumberPolicy.now())

    @cached_property
    def trust(self) -> Trust:
        """What the file's other numbers say of those that lost their plus."""
        first = islice(self.table.rows(), ROWS_THAT_TELL)
        cells = (row[self._phone] for _number, row, _problem in first if 0 <= self._phone < len(row))
        return Trust(lost_plus=countries_told(cells, self.region), taken=self.policy.allowed)

    def people(self) -> Iterator[FileRow]:
        """Yield every parsed row after the titles, in order."""
        phone, region, trust = self._phone, self.region, self.trust
        seen: dict[int, int] = {}
        may_be_unreadable = self.table.has_broken_letters
        rows = self.table.rows()
        if self.mapping.has_titles:
            next(rows, None)
        for number, cells, problem in rows:
            raw = cells[phone] if phone < len(cells) else ""
            found = understand_number(raw, region, trust)
            same_as = 0
            if may_be_unreadable and not problem and "\ufffd" in "".join(cells):
                problem = UNREADABLE
            if found.code:
                problem = problem or found.code
            elif of_type := self.policy.problem_of(found.e164):
                problem = problem or of_type
            elif not problem:
                first = seen.setdefault(int(found.e164[1:]), number)
                same_as = first if first != number else 0
            yield FileRow(number, cells, raw, found, same_as, problem)

    def name_of(self, row: FileRow) -> str:
        """Return the person's name from the name columns of a row."""
        parts = [row.cells[column] for column in self._names if column < len(row.cells)]
        return plain_text(" ".join(parts), MAX_NAME)

    def details_of(self, row: FileRow) -> PersonDetails:
        """Return a row's values beside the phone number."""
        cells, note, width = row.cells, "", len(row.cells)
        zone, source, at = (cells[column].strip() if 0 <= column < width else "" for column in self._single.values())
        if zone and zone not in time_zones.place_names():
            zone, note = "", ZONE_UNKNOWN
        elif zone and time_zones.is_elsewhere(row.phone.e164, zone):
            note = ZONE_ELSEWHERE
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
