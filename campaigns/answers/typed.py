"""Reads one answer as its type says, in any of the languages that people and agents write in. Strict and pure.

What is not plainly a yes, one of the options, a number or a day is unreadable, and stays as it was given.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from campaigns.contacts.importing.cells.dates import FIRST_GREGORIAN_YEAR, read_date
from campaigns.contacts.importing.cells.wish_words import Wish, read_yes_no
from campaigns.core.transcript_words import fold
from campaigns.models.answers import MAX_KEY, MAX_RAW, Answer, Question
from campaigns.numbers import text_of_digits
from providers.answers import Scalar

Kind, Certainty = Question.Kind, Answer.Certainty
YES, NO = "yes", "no"
MOST = Decimal(10) ** 15
"""Numbers from here on are no answer to a question."""
_ISO = re.compile(r"(\d{4})-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
_NUMBER = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_AMBIGUOUS = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+")
"""A number with a point before three digits: a thousand in some languages, a part of one in others."""
_NUMBER_SIGNS = str.maketrans({"٫": ".", "٬": ",", "−": "-", "٪": "%", "\u200e": None, "\u200f": None, "\u00a0": " "})


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """One answer: as given, and what was read of it."""

    raw: str
    key: str = ""
    number: Decimal | None = None
    day: datetime.date | None = None
    certainty: str = Certainty.UNREADABLE.value

    @property
    def is_readable(self) -> bool:
        """Return whether a value could be read."""
        return self.certainty != Certainty.UNREADABLE


def read(kind: str, options: Sequence[str], answers: Sequence[Scalar], now: datetime.datetime) -> Typed | None:
    """Return an answer read as a type, None where nothing was answered.

    `answers` are the chosen value and then the free text, as `providers.answers` gives them: a typed question is
    answered by the first. `now` is when it was answered; it tells Persian years from Islamic ones.
    """
    given = [answer for answer in answers if str(answer).strip()]
    if not given:
        return None
    if kind == Kind.TEXT:
        return _text(given)
    first = given[0]
    raw = _cut(str(first))
    if kind == Kind.YES_NO:
        return _yes_no(first, raw)
    if kind == Kind.CHOICE:
        return _choice(first, raw, options)
    if kind == Kind.NUMBER:
        return _number(first, raw)
    return _day(first, raw, now)


def key_of(text: str) -> str:
    """Return what all spellings of a text answer or an option share; empty for signs alone."""
    return " ".join(fold(text[: MAX_KEY * 4]))[:MAX_KEY]


def number_key(number: Decimal) -> str:
    """Return the key of a number: equal numbers have equal keys, however many zeros they end with."""
    return format(number.normalize() + 0, "f")


def _cut(text: str) -> str:
    return " ".join(text.replace("\x00", "").split())[:MAX_RAW]


def _text(given: Sequence[Scalar]) -> Typed:
    raw = _cut(", ".join(str(one) for one in given))
    return Typed(raw=raw, key=key_of(raw), certainty=Certainty.CERTAIN)


def _yes_no(first: Scalar, raw: str) -> Typed | None:
    if isinstance(first, bool):
        return Typed(raw=YES if first else NO, key=YES if first else NO, certainty=Certainty.CERTAIN)
    found = read_yes_no(raw)
    if found is Wish.BLANK:
        return None
    if found is Wish.DOUBTFUL:
        return Typed(raw=raw)
    return Typed(raw=raw, key=YES if found is Wish.YES else NO, certainty=Certainty.READ)


def _choice(first: Scalar, raw: str, options: Sequence[str]) -> Typed:
    if isinstance(first, bool):
        return Typed(raw=raw)
    key = key_of(raw)
    found = next((option for option in options if key and key_of(option) == key), None)
    if found is None:
        return Typed(raw=raw)
    return Typed(raw=raw, key=key, certainty=Certainty.CERTAIN if found == raw else Certainty.READ)


def _number(first: Scalar, raw: str) -> Typed:
    if isinstance(first, bool):
        return Typed(raw=raw)
    is_told = isinstance(first, int | float)
    plain = str(first) if is_told else text_of_digits(raw.translate(_NUMBER_SIGNS)).removesuffix("%").strip()
    if not is_told and (_AMBIGUOUS.fullmatch(plain) or not _NUMBER.fullmatch(plain)):
        return Typed(raw=raw)
    try:
        found = Decimal(plain.replace(",", ""))
    except InvalidOperation:
        return Typed(raw=raw)
    if not found.is_finite() or abs(found) >= MOST:
        return Typed(raw=raw)
    found = round(found, 6)
    certainty = Certainty.CERTAIN if is_told else Certainty.READ
    return Typed(raw=raw, key=number_key(found), number=found, certainty=certainty)


def _day(first: Scalar, raw: str, now: datetime.datetime) -> Typed:
    if not isinstance(first, str):
        return Typed(raw=raw)
    # No order of day and month is known of an agent: such a date is not guessed.
    found = read_date(raw, None, now, is_past=False)
    if found.moment is None:
        return Typed(raw=raw)
    day = found.moment.date()
    told = _ISO.fullmatch(raw)
    is_told = told is not None and raw.isascii() and int(told[1]) >= FIRST_GREGORIAN_YEAR
    return Typed(raw=raw, key=day.isoformat(), day=day, certainty=Certainty.CERTAIN if is_told else Certainty.READ)


def said(turns: Sequence[object], phrases: Sequence[str]) -> str:
    """Return the first of the phrases that the person called said in a transcript; empty for none.

    A phrase is said where its words follow one another in one turn.
    """
    wanted = [(phrase, f" {' '.join(fold(phrase))} ") for phrase in phrases]
    for turn in turns:
        if not isinstance(turn, dict) or turn.get("speaker") != "person":
            continue
        spoken = f" {' '.join(fold(str(turn.get('text', ''))))} "
        for phrase, words in wanted:
            if words.strip() and words in spoken:
                return phrase
    return ""
