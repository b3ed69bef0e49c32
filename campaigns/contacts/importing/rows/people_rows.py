"""Reading of a file's rows as people: each with its number, or with what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import chain, islice
from typing import Any

from django.utils import timezone

from campaigns.contacts.importing.cells.cell_numbers import numbers_of
from campaigns.contacts.importing.cells.consent import ConsentColumns
from campaigns.contacts.importing.cells.dates import DayMonth, FoundDate
from campaigns.contacts.importing.cells.wish_words import WishColumns
from campaigns.contacts.importing.columns import mapping as meanings
from campaigns.contacts.importing.columns.mapping import ColumnMapping, place_cells
from campaigns.contacts.importing.files.csv_rows import Row
from campaigns.contacts.importing.files.reading import Table, open_table, path_of
from campaigns.contacts.importing.rows.corrections import Correction, corrections_of
from campaigns.contacts.importing.rows.details import DetailColumns, PersonDetails
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.notes import CORRECTED, DIFFERS, ONE_OF_SEVERAL, OTHER_COLUMN
from campaigns.contacts.importing.rows.number_policy import NOTHING_REFUSED, NumberPolicy
from campaigns.contacts.importing.rows.repeats import Repeats
from campaigns.contacts.importing.rows.spoilt_cells import lost_letters, may_be_spoilt, without_errors, without_guards
from campaigns.models import ContactImport
from campaigns.models.imports import TwoNumbers
from campaigns.number_types import is_ordinary
from campaigns.numbers import EMPTY, Trust, countries_told, understand_number, usual_numbers

ROWS_THAT_TELL = 2000
"""Rows at the beginning of a file whose numbers tell of which countries those are that lost their plus."""


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
        policy: NumberPolicy = NOTHING_REFUSED,
    ) -> None:
        self.policy = policy
        self.table = replace(table, language=mapping.language)
        self.mapping = mapping
        self.region = region
        self.two_numbers = two_numbers
        self.corrections = corrections or {}
        # In a do-not-call file several columns are the phone number.
        phones = mapping.columns_of(meanings.PHONE) or [-1]
        self._phone = phones[0]
        self._phones = [*phones, *mapping.columns_of(meanings.OTHER_PHONE)]
        yes_no, source, given_at = (
            next(iter(mapping.columns_of(meaning)), -1)
            for meaning in (meanings.CONSENT, meanings.CONSENT_SOURCE, meanings.CONSENT_AT)
        )
        said = answers or {}
        self.now = timezone.now()
        self.order = DayMonth(said["dates"]) if said.get("dates") else None
        self.consent = ConsentColumns(
            yes_no, source, given_at, self.order, self.now, is_own_export=mapping.is_own_export
        )
        self.wishes = WishColumns(mapping.columns_of(meanings.DO_NOT_CALL), said.get("wishes", {}))
        self._details = DetailColumns(mapping, self.consent)

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
            policy=NumberPolicy.now(),
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
        return Trust(lost_plus=countries_told(cells, self.region), taken=self.policy.allowed)

    def people(self) -> Iterator[FileRow]:
        """Yield every parsed row below the titles, in order, sheet by sheet."""
        repeats = Repeats([column for column in self.used if column != self._phone])
        for place, rows in self._sheets():
            yield from self._people(rows, repeats, place)

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

    def _people(self, rows: Iterable[Row], repeats: Repeats, place: int) -> Iterator[FileRow]:
        """Yield the rows of the sheet at a place."""
        phone, region, trust, corrections = self._phone, self.region, self.trust, self.corrections
        has_others, problem_of = len(self._phones) > 1, self.policy.problem_of
        usual = usual_numbers(region)
        sheets = self.mapping.sheets or ("",)
        sheet = sheets[place]
        for number, cells, problem in rows:
            original, note, is_left_out, same_as, same_as_sheet = None, "", False, 0, ""
            others: tuple[str, ...] = ()
            correction = corrections.get((sheet, number)) if corrections else None
            if correction is not None or may_be_spoilt(cells):
                cells, problem, note, original = self._as_meant(cells, problem, correction)
                is_left_out = correction is not None and correction.is_left_out
            raw = cells[phone] if 0 <= phone < len(cells) else ""
            found = usual(raw) or understand_number(raw, region, trust)
            if has_others or (found.code and found.code != EMPTY):
                theirs = numbers_of(cells, self._phones, region, self.two_numbers)
                found, raw, others = theirs.phone, theirs.raw, theirs.others
                if found.e164:
                    note = note or (OTHER_COLUMN if theirs.is_fallback else ONE_OF_SEVERAL if theirs.is_several else "")
            if found.code:
                problem = problem or found.code
            elif not is_ordinary(found.e164) and (of_type := problem_of(found.e164)):
                problem = problem or of_type
            elif not problem and not is_left_out:
                earlier = repeats.earlier(found.e164, place, number, cells)
                if earlier is not None:
                    same_as, same_as_sheet = earlier.number, sheets[earlier.place]
                    note = DIFFERS if earlier.differs else note
            # Half the price of FileRow(...), which is paid for every row of every reading.
            values = (
                number,
                cells,
                raw,
                found,
                same_as,
                problem,
                note,
                others,
                sheet,
                is_left_out,
                original,
                same_as_sheet,
            )
            yield tuple.__new__(FileRow, values)

    def _as_meant(
        self, cells: list[str], problem: str, correction: Correction | None
    ) -> tuple[list[str], str, str, list[str] | None]:
        """Return a row's cells as their writer meant them, its problem and note, and the cells before a correction."""
        cells, note, original = without_guards(cells), "", None
        if self.table.has_broken_letters and not problem:
            problem = lost_letters(cells)
        if correction is not None:
            original = cells
            if correction.cells:
                # A person has read the whole row, so that what spoilt it in the file holds no more.
                cells, note, problem = correction.applied_to(cells), CORRECTED, ""
        used = [column for column, meaning in self.mapping.columns.items() if meaning]
        cells, of_error, lost = without_errors(cells, self._phone, used)
        return cells, problem or of_error, lost or note, original

    def name_of(self, row: FileRow) -> str:
        """Return the person's name from the name columns of a row."""
        return self._details.name_in(row.cells)

    def details_of(self, row: FileRow) -> PersonDetails:
        """Return a row's values beside the phone number."""
        return self._details.details_in(row.cells, row.phone.e164)

    @property
    def has_only_texts(self) -> bool:
        """Tell whether `texts_of` returns all that the file says of people beside their numbers."""
        return self._details.are_only_texts

    def texts_of(self, row: FileRow) -> tuple[str, str]:
        """Return the person's name, and the variables as JSON."""
        return self._details.texts_in(row.cells)

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
        return self._details.have_notes


def _placed(rows: Iterable[Row], columns: Sequence[int]) -> Iterator[Row]:
    """Yield a sheet's rows with their cells where the whole file has them."""
    for number, cells, problem in rows:
        yield number, place_cells(cells, columns), problem
