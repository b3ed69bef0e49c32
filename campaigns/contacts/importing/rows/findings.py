"""What a check finds out of a whole file beside its verdicts: consent, the order of its dates, doubtful wishes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from campaigns.contacts.importing.cells.consent import Said
from campaigns.contacts.importing.cells.dates import UNCLEAR, DayMonth, FoundDate, order_shown
from campaigns.contacts.importing.cells.wish_words import MAX_DOUBTFUL, Wish, answer_key
from campaigns.contacts.importing.rows.file_rows import FileRow
from campaigns.contacts.importing.rows.people_rows import Reader
from campaigns.models import ContactImport

UNCLEAR_DATES = "unclear_dates"
"""Key of `ContactImport.counts`: dates whose day and month could be either, as long as nobody has said."""
DOUBTFUL_WISHES = "doubtful_wishes"
"""Key of `ContactImport.samples`: the doubtful values, each with how often it occurs."""
CONSENT = "consent_"
"""Beginning of the keys of `ContactImport.counts` that count rows by what they say of consent."""
MOST_VALUES = 50
"""Doubtful values that are listed to be decided."""


class Findings:
    """Collects them row by row; costs nothing for a file without such columns."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._looks = reader.consent.is_there or reader.wishes.are_there or reader.has_ends
        self._said: Counter[Said] = Counter()
        self._orders: Counter[DayMonth] = Counter()
        self._unclear = 0
        self._wishes: Counter[str] = Counter()
        self._written: dict[str, str] = {}

    def look_at(self, batch: Iterable[FileRow]) -> None:
        """Take rows into account, but those that a user left out."""
        if self._looks:
            for row in batch:
                if not row.is_left_out:
                    self._look_at(row)

    def _look_at(self, row: FileRow) -> None:
        reader = self._reader
        if reader.wishes.are_there:
            wish, cell = reader.wishes.of(row.cells)
            if wish is Wish.DOUBTFUL:
                key = answer_key(cell)
                self._wishes[key] += 1
                self._written.setdefault(key, cell.strip()[:MAX_DOUBTFUL])
        if reader.consent.is_there:
            said = reader.consent.of(row.cells)
            self._said[said.said] += 1
            self._date(said.date)
        if reader.has_ends:
            self._date(reader.end_of(row))

    def _date(self, date: FoundDate) -> None:
        self._unclear += date.problem == UNCLEAR
        if date.shows is not None:
            self._orders[date.shows] += 1

    @property
    def order_to_use(self) -> DayMonth | None:
        """The order that the other dates prove, where some are unclear; None if nothing is unclear or proved."""
        if not self._unclear:
            return None
        return order_shown(self._orders[DayMonth.DAY_FIRST], self._orders[DayMonth.MONTH_FIRST])

    def counts(self) -> dict[str, int]:
        """Return what is kept in `ContactImport.counts` beside the verdicts."""
        found = {CONSENT + said.value: self._said[said] for said in Said if self._said[said]}
        return found | ({UNCLEAR_DATES: self._unclear} if self._unclear else {})

    def samples(self) -> dict[str, list[dict[str, Any]]]:
        """Return what is kept in `ContactImport.samples` beside the rows of each verdict."""
        listed = [
            {"key": key, "value": self._written[key], "count": count}
            for key, count in self._wishes.most_common(MOST_VALUES)
        ]
        return {DOUBTFUL_WISHES: listed} if listed else {}


CONSENT_WORDS: dict[Said, Promise] = {
    Said.GIVEN: gettext_lazy("consent given"),
    Said.REFUSED: gettext_lazy("consent refused: not saved, and earlier consent is removed"),
    Said.BLANK: gettext_lazy("empty: no consent is saved"),
    Said.UNREADABLE: gettext_lazy("cannot be read: no consent is saved"),
}


def consent_rows(record: ContactImport) -> list[tuple[Promise, int]]:
    """Return what the rows of a checked file say of consent, in words, with how many rows say it."""
    return [(words, count) for said, words in CONSENT_WORDS.items() if (count := record.counts.get(CONSENT + said, 0))]
