"""Consent in a file: who agreed to be called, and when. What does not clearly say so is no consent. No database."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from campaigns.contacts.importing.cells.dates import FUTURE, UNCLEAR, DayMonth, FoundDate, read_date
from campaigns.contacts.importing.cells.wish_words import Wish, plain_words, read_yes_no

DATE_UNKNOWN, DATE_UNCLEAR, DATE_FUTURE = "date_unknown", "date_unclear", "date_future"
REFUSED, UNREADABLE = "consent_refused", "consent_unreadable"


class Said(StrEnum):
    """What a row says of consent."""

    NOTHING = "nothing"
    """The file has no column of consent."""
    GIVEN = "given"
    REFUSED = "refused"
    BLANK = "blank"
    UNREADABLE = "unreadable"


class Consent(NamedTuple):
    """What a row says of consent; source and time only where it is given."""

    said: Said = Said.NOTHING
    source: str = ""
    given_at: datetime.datetime | None = None
    note: str = ""
    """Key of `rows.notes.NOTES` for what is no consent or no date though something is written; else empty."""
    date: FoundDate = FoundDate()
    word: str = ""
    """The cell that says yes, where no source is named."""

    def noted(self, typed: str, now: datetime.datetime, file: str) -> tuple[str, datetime.datetime | None]:
        """Return what is noted of a person: source and time, both empty where there is no consent.

        `file` is its name, the source of a plain yes. `typed` is what a user says of everybody in the file: it holds
        for rows of which the file itself says nothing, then as of now, and names the source where the file only says
        yes; it never overrules an empty cell or a no.
        """
        if self.said is Said.NOTHING:
            return typed, now if typed else None
        if self.said is not Said.GIVEN:
            return "", None
        return self.source or typed or (f"{file}: {self.word}" if self.word else ""), self.given_at


NOTHING_SAID = Consent()
"""Of every row of a file that has no column about consent."""
YES_NO_TITLES: tuple[str, ...] = (
    "consent", "consented", "has consented", "has consent", "consent given", "opt in", "opted in", "optin",
    "call consent", "phone consent", "consent to call", "permission to call", "may call", "may we call", "can call",
    "ok to call",
    "agreed to be called", "gdpr consent", "marketing consent", "tcpa consent", "رضایت", "رضایت تماس",
    "رضایت دارد", "موافقت", "اجازه تماس", "الموافقه", "موافقه", "sahmati", "सहमति", "einwilligung", "consentement",
    "consentimiento",
)  # fmt: skip
_REFUSALS = frozenset(
    map(
        plain_words,
        (
            "not given", "no consent", "not consented", "refused", "declined", "denied", "rejected", "withdrawn",
            "revoked", "withdrew", "opted out", "opt out", "expired", "do not call", "dnc", "did not agree",
            "disagreed",
            "not agreed", "رضایت ندارد", "بدون رضایت", "عدم رضایت", "رد شد", "مخالف", "مخالفت", "لغو شد", "انصراف",
            "مرفوض",
            "غیر موافق", "nicht erteilt", "abgelehnt", "widerrufen", "refuse", "retire",
        ),
    )
)  # fmt: skip
_AGREEMENTS = frozenset(
    map(
        plain_words,
        (
            "given", "granted", "agreed", "accepted", "consented", "opted in", "opt in", "confirmed", "obtained",
            "رضایت دارد", "رضایت داد", "موافق", "موافقم", "داده شد", "تایید شد", "موافقت کرد", "erteilt", "accordé",
        ),
    )
)  # fmt: skip
_DOUBTS = frozenset(
    map(
        plain_words,
        (
            "maybe", "pending", "unknown", "unsure", "not sure", "not asked", "not yet", "to ask", "to be asked", "ask",
            "tbd", "tbc", "later", "perhaps", "unclear", "error", "ref", "value", "name", "invalid", "نامشخص",
            "نمی دانم",
            "شاید", "بعدا", "در انتظار", "مشخص نیست", "نپرسیده", "غیر معروف", "pata nahi",
        ),
    )
)  # fmt: skip
_CROSSES = frozenset("x×✗✘❌✖")
"""Signs that one person writes for yes and another for no."""
_NO_LETTERS = re.compile(r"[^\w]|\d|_")
_REFUSES = re.compile(r"(?:^| )(?:no|not|without|never|refused|declined|withdrawn|revoked)(?: |$)")
_BROKEN = "\ufffd"


def is_yes_no(cells: Sequence[str]) -> bool:
    """Return whether a column of these cells says yes or no, and not by whom consent was given."""
    filled = [cell for cell in cells if read_yes_no(cell) is not Wish.BLANK]
    plain = [_said(cell) for cell in filled]
    return 2 * sum(1 for said in plain if said is not None) >= len(filled)


def _said(cell: str) -> Said | None:
    """Return what a cell says of consent in a word for yes or no; None for any other text."""
    found = read_yes_no(cell)
    if found is not Wish.DOUBTFUL and cell.strip().casefold() not in _CROSSES:
        return {Wish.YES: Said.GIVEN, Wish.NO: Said.REFUSED, Wish.BLANK: Said.BLANK}[found]
    plain = plain_words(cell)
    if plain in _REFUSALS:
        return Said.REFUSED
    if cell.strip().casefold() in _CROSSES:
        return Said.UNREADABLE
    return Said.GIVEN if plain in _AGREEMENTS else None


def read_cell(cell: str, *, is_yes_no_column: bool) -> tuple[Said, str]:
    """Return what a cell of consent says, and the source that it names.

    A column of sources may hold a plain yes or no too. Without two letters in a row, or with letters lost on the way,
    a cell names nobody: it cannot be read.
    """
    said = _said(cell)
    if said is not None:
        return said, ""
    plain = plain_words(cell)
    letters = _NO_LETTERS.sub("", unicodedata.normalize("NFKC", cell))
    if is_yes_no_column or plain in _DOUBTS or len(letters) < 2 or _BROKEN in cell or cell.lstrip().startswith("#"):
        return Said.UNREADABLE, ""
    if _REFUSES.search(plain):
        return Said.REFUSED, ""
    return Said.GIVEN, cell


class ConsentColumns:
    """The columns of a file that tell of consent; -1 for one that the file does not have."""

    def __init__(
        self,
        yes_no: int,
        source: int,
        given_at: int,
        order: DayMonth | None,
        now: datetime.datetime,
        *,
        is_own_export: bool = False,
    ) -> None:
        self._yes_no, self._source, self._given_at = yes_no, source, given_at
        self._is_own_export = is_own_export
        self._order, self._now = order, now

    @property
    def is_there(self) -> bool:
        """Tell whether any column tells of consent."""
        return max(self._yes_no, self._source, self._given_at) >= 0

    def of(self, cells: Sequence[str]) -> Consent:
        """Return what a row says; every column must agree, and a date alone is consent only if it can be read."""
        if not self.is_there:
            return NOTHING_SAID
        written = [
            cells[column].strip() if column < len(cells) else ""
            for column in (self._yes_no, self._source)
            if column >= 0
        ]
        words = [
            read_cell(cell, is_yes_no_column=place == 0 and self._yes_no >= 0) for place, cell in enumerate(written)
        ]
        at = cells[self._given_at].strip() if 0 <= self._given_at < len(cells) else ""
        date = read_date(at, self._order, self._now, is_past=True) if at else FoundDate()
        note = _date_note(date)
        if self._is_own_export and self._yes_no >= 0 and words[0][0] is Said.GIVEN and date.problem != FUTURE:
            text = written[1] if len(written) > 1 else ""
            if _said(text) not in (Said.REFUSED, Said.UNREADABLE):
                # We wrote the source ourselves beside our yes: it names a consent, whatever its words.
                return Consent(Said.GIVEN, text, date.moment, note, date)
        said = {one for one, _source in words}
        # Beside a yes, an empty cell of the other column takes nothing away.
        if len(words) > 1 and said == {Said.GIVEN, Said.BLANK}:
            said = {Said.GIVEN}
        for refusal in (Said.REFUSED, Said.UNREADABLE, Said.BLANK):
            if refusal in said:
                reason = {Said.REFUSED: REFUSED, Said.UNREADABLE: UNREADABLE}.get(refusal, "")
                return Consent(refusal, note=reason or note, date=date)
        if date.problem == FUTURE:
            # Nobody can have agreed tomorrow: something is wrong with this row.
            return Consent(Said.UNREADABLE, note=note, date=date)
        if not words and date.moment is None:
            return Consent(Said.UNREADABLE if at else Said.BLANK, note=note, date=date)
        source = next((text for _said_word, text in words if text), "")
        word = next((cell for cell in written if cell and not source), "")
        return Consent(Said.GIVEN, source, date.moment, note, date, word)


def _date_note(date: FoundDate) -> str:
    if not date.problem:
        return ""
    return {FUTURE: DATE_FUTURE, UNCLEAR: DATE_UNCLEAR}.get(date.problem, DATE_UNKNOWN)
