"""Parsing of a file's rows into people: number, name, variables and notes on problems. No database."""

from __future__ import annotations

import zoneinfo
from collections.abc import Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import islice
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaigns.contacts.importing import consent
from campaigns.contacts.importing import mapping as meanings
from campaigns.contacts.importing.consent import Consent, ConsentColumns
from campaigns.contacts.importing.csv_rows import OPEN_QUOTE
from campaigns.contacts.importing.dates import DayMonth, FoundDate
from campaigns.contacts.importing.mapping import ColumnMapping
from campaigns.contacts.importing.reading import Table, open_table, path_of
from campaigns.contacts.importing.wish_words import WishColumns
from campaigns.models import ContactImport
from campaigns.models.contacts import MAX_CONSENT_SOURCE, MAX_NAME
from campaigns.numbers import PROBLEMS, Trust, UnderstoodNumber, countries_told, understand_number

UNREADABLE = "unreadable"
ZONE_UNKNOWN = "zone_unknown"
WISH_DOUBTFUL = "wish_doubtful"
PART_UNREAD = "part_unread"
MAX_VARIABLE = 1000
ROWS_THAT_TELL = 2000
"""Rows at the beginning of a file whose numbers tell of which countries those are that lost their plus."""

NOTES: dict[str, Promise] = {
    **PROBLEMS,
    OPEN_QUOTE: _("A quotation mark is opened and never closed in this row."),
    UNREADABLE: _("Letters of this row cannot be read: save the file as CSV (UTF-8) or XLSX."),
    ZONE_UNKNOWN: _("The time zone is not known and was left out; the number's own time counts."),
    consent.DATE_UNKNOWN: _("The date cannot be read and was left out."),
    consent.DATE_UNCLEAR: _("Day and month of the date could be either: say which comes first."),
    consent.DATE_FUTURE: _("The date of consent is in the future: no consent is noted."),
    consent.REFUSED: _("The file says that this person did not agree: no consent is noted."),
    consent.UNREADABLE: _("What the file says of consent is neither yes nor a source: no consent is noted."),
    PART_UNREAD: _("Not every number of this row can be read; only those that can are taken."),
    WISH_DOUBTFUL: _("The do-not-call column says neither yes nor no."),
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
        self, table: Table, mapping: ColumnMapping, region: str, answers: Mapping[str, Any] | None = None
    ) -> None:
        self.table = table
        self.mapping = mapping
        self.region = region
        self._phones = [*mapping.columns_of(meanings.PHONE), *mapping.columns_of(meanings.OTHER_PHONE)]
        self._phone = self._phones[0] if self._phones else -1
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

    @classmethod
    def of(cls, record: ContactImport) -> Reader:
        """Open the file of an import. Raises FileRefused."""
        mapping = ColumnMapping.from_json(record.mapping)
        return cls(open_table(path_of(record)), mapping, record.region, record.answers)

    @cached_property
    def trust(self) -> Trust:
        """What the file's other numbers say of those that lost their plus."""
        first = islice(self.table.rows(), ROWS_THAT_TELL)
        cells = (row[self._phone] for _number, row, _problem in first if 0 <= self._phone < len(row))
        return Trust(lost_plus=countries_told(cells, self.region))

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
        found = (row.cells[column] for column in self._phones if column < len(row.cells))
        numbers = (understand_number(cell, self.region).e164 for cell in found)
        return list(dict.fromkeys(number for number in numbers if number))

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
