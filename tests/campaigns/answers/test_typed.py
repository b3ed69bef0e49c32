"""One answer is read strictly, in any language; what is not plain stays as given."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from campaigns.answers.typed import key_of, number_key, read, said

NOW = datetime.datetime(2026, 11, 30, 12, tzinfo=datetime.UTC)
OPTIONS = ["Very good", "Fair", "بد"]
CERTAIN, READ, UNREADABLE = "certain", "read", "unreadable"

CASES: list[tuple[str, Any, str, str]] = [
    ("yes_no", True, "yes", CERTAIN),
    ("yes_no", False, "no", CERTAIN),
    ("yes_no", "Yes", "yes", READ),
    ("yes_no", "بله", "yes", READ),
    ("yes_no", "خیر", "no", READ),
    ("yes_no", "لا", "no", READ),
    ("yes_no", "जी हाँ", "yes", READ),
    ("yes_no", "hayır", "no", READ),
    ("yes_no", "yes but no", "", UNREADABLE),
    ("yes_no", "not sure", "", UNREADABLE),
    ("choice", "Very good", "very good", CERTAIN),
    ("choice", "VERY  good", "very good", READ),
    ("choice", "بد", "بد", CERTAIN),
    ("choice", "good", "", UNREADABLE),
    ("choice", True, "", UNREADABLE),
    ("number", 7, "7", CERTAIN),
    ("number", 7.50, "7.5", CERTAIN),
    ("number", "۱۲٬۵۰۰", "12500", READ),
    ("number", "١٢٫٥", "12.5", READ),
    ("number", "1,234,567.25", "1234567.25", READ),
    ("number", "-3", "-3", READ),
    ("number", "85 %", "85", READ),
    ("number", "100", "100", READ),
    ("number", "1.500", "", UNREADABLE),
    ("number", "1,23", "", UNREADABLE),
    ("number", "about 5", "", UNREADABLE),
    ("number", True, "", UNREADABLE),
    ("number", float("nan"), "", UNREADABLE),
    ("number", 10**16, "", UNREADABLE),
    ("date", "2026-12-24", "2026-12-24", CERTAIN),
    ("date", "2026-12-24T17:00", "2026-12-24", CERTAIN),
    ("date", "۱۴۰۵/۱۰/۰۳", "2026-12-24", READ),
    ("date", "24 December 2026", "2026-12-24", READ),
    ("date", "24/12/2026", "2026-12-24", READ),
    ("date", "03/04/2026", "", UNREADABLE),
    ("date", "tomorrow", "", UNREADABLE),
    ("date", 20261224, "", UNREADABLE),
    ("text", "After four, please.", "after four please", CERTAIN),
    ("text", 12, "12", CERTAIN),
]


@pytest.mark.parametrize(("kind", "given", "key", "certainty"), CASES)
def test_an_answer_is_read_or_stays_as_given(kind: str, given: Any, key: str, certainty: str) -> None:
    typed = read(kind, OPTIONS, [given], NOW)
    assert typed is not None
    assert (typed.key, typed.certainty) == (key, certainty)
    assert (typed.number is not None) == (kind == "number" and bool(key))
    assert (typed.day is not None) == (kind == "date" and bool(key))
    assert typed.raw


def test_what_says_nothing_is_no_answer() -> None:
    for kind in ("yes_no", "choice", "number", "date", "text"):
        assert read(kind, OPTIONS, [], NOW) is None
        assert read(kind, OPTIONS, ["", "  "], NOW) is None
    assert read("yes_no", [], ["n/a"], NOW) is None


def test_the_chosen_value_decides_and_a_text_keeps_both() -> None:
    chosen = read("yes_no", [], ["maybe", "yes"], NOW)
    assert chosen is not None
    assert not chosen.is_readable
    both = read("text", [], ["interested", "Asked for the price."], NOW)
    assert both is not None
    assert both.raw == "interested, Asked for the price."


def test_equal_answers_have_equal_keys_and_what_is_kept_is_short() -> None:
    assert number_key(Decimal("10.00")) == number_key(Decimal(10)) == "10"
    assert number_key(Decimal("-0.0")) == "0"
    assert key_of("Every  DAY!") == key_of("every day")
    long = read("text", [], ["word " * 400], NOW)
    assert long is not None
    assert (len(long.raw) <= 500, len(long.key) <= 100) == (True, True)


def test_a_phrase_counts_where_the_person_called_says_it_in_one_turn() -> None:
    turns = [
        {"speaker": "agent", "text": "Do you promise to pay?"},
        {"speaker": "person", "text": "Yes, I promise to pay on Monday."},
        {"speaker": "person", "text": "I will"},
        {"speaker": "person", "text": "come"},
        "rubbish",
    ]
    assert said(turns, ["call back", "PROMISE to pay"]) == "PROMISE to pay"
    assert said(turns[:1], ["promise to pay"]) == ""
    assert said(turns, ["will come"]) == ""
    assert said(turns, ["...", "omis"]) == ""
