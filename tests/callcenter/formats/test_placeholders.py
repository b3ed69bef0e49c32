"""The grammar of variables in texts: any name of a spreadsheet, read in proportion to the length."""

from __future__ import annotations

from typing import Any, SupportsIndex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.formats.placeholders import (
    MAX_NAME,
    Variable,
    fill,
    is_name,
    key_of,
    name_of,
    names_in,
    parse,
    unreadable_in,
    variable,
    words_of,
    write,
)

BRACED = st.text(alphabet=st.sampled_from('{}{}{}{} \n\t":|%_anناé\u200c\u200f7۷'), max_size=60)
TITLES = st.text(min_size=1, max_size=120)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Hello {name}!", ["name"]),
        ("Hello {{ name }} and {customer name}", ["name", "customer name"]),
        ("سلام {نام}، سفارش {کد سفارش} آماده است", ["نام", "کد سفارش"]),
        ("{Order No.} {Customer's name} {50 % off} {#1} {€} {a/b} {नाम}", [
            "Order No.", "Customer's name", "50 % off", "#1", "€", "a/b", "नाम"
        ]),
        ("{می\u200cشود}", ["می\u200cشود"]),
        ("{a} {b} {a}", ["a", "b"]),
        ("{} { } {!!} {\n} {a\nb}", []),
        ('{"a": 1} {x: y} {name | upper} {% if a %}', []),
        ("{" + "a" * 81 + "}", []),
        ("{a{b}c}", ["b"]),
        ("{a", []),
        ("a}", []),
        ("}{", []),
    ],
)  # fmt: skip
def test_names_are_read(text: str, names: list[str]) -> None:
    assert names_in(text) == names
    assert [piece.name for piece in parse(text) if isinstance(piece, Variable)].count("a") == text.count("{a}")


def test_what_is_no_name_but_may_have_been_meant_is_told() -> None:
    assert unreadable_in('{x: y} {} {a} {"b"} { } {' + "c" * 90 + "}") == ["x: y", '"b"', "c" * 80]


@given(st.one_of(st.text(), BRACED))
def test_read_and_written_a_text_is_the_same(text: str) -> None:
    pieces = parse(text)
    assert write(pieces) == text
    assert parse(write(pieces)) == pieces
    assert fill(text, lambda name: "") == "".join(piece for piece in pieces if isinstance(piece, str))


@given(TITLES)
def test_every_title_has_a_name_which_comes_back(title: str) -> None:
    name = name_of(title) or "column"
    assert is_name(name)
    assert name_of(name) == name
    assert len(name) <= MAX_NAME
    text = f"Before {variable(name).written} after"
    assert parse(text) == ["Before ", variable(name), " after"]
    assert fill(text, {name: "V"}.__getitem__) == "Before V after"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Customer Name", "customer_name"),
        ("Customer  Name", "CUSTOMER-NAME"),
        ("نام مشتري", "نام_مشتری"),
        ("شماره ۲", "شماره 2"),
        ("می\u200cشود", "می شود"),
        ("Straße", "STRASSE"),
    ],
)
def test_equal_names(one: str, other: str) -> None:
    assert key_of(one) == key_of(other)


def test_different_names_stay_apart() -> None:
    names = ["name", "first name", "نام", "€", "$", "№ 1", "No 2", "a b", "ab"]
    assert len({key_of(name) for name in names}) == len(names)


def test_words_for_a_wire_that_takes_no_other_names() -> None:
    assert [words_of(name) for name in ("Customer Name", "کد سفارش", "Order No.", "۱۲ ماه", "€")] == [
        "customer_name", "کد_سفارش", "order_no", "12_ماه", ""
    ]  # fmt: skip


class CountedText(str):
    """A text that counts how many characters are looked at, and one step for each question."""

    steps = 0

    def find(self, sought: str, start: Any = 0, end: Any = None) -> int:
        """Search, and count up to what was found."""
        found = super().find(sought, start, len(self) if end is None else end)
        self.steps += 1 + (len(self) if found < 0 else found) - start
        return found

    def rfind(self, sought: str, start: Any = 0, end: Any = None) -> int:
        """Search backwards, and count down to what was found."""
        found = super().rfind(sought, start, end)
        self.steps += 1 + end - (start if found < 0 else found)
        return found

    def __getitem__(self, key: SupportsIndex | slice) -> str:
        """Cut, and count what is cut out."""
        cut = super().__getitem__(key)
        self.steps += 1 + len(cut)
        return cut


@pytest.mark.parametrize(
    "shape",
    ["{", "}", "{}", "}{", "{ ", "{ }", "{a}", "{{a}}", "{" + " " * 90, "{a" + " " * 500 + "}", "{a: b}", "{\n", "a}"],
)
def test_a_text_of_any_shape_takes_no_more_than_ten_times_the_steps_of_a_plain_one(shape: str) -> None:
    length = 100_000
    texts = [(shape * length)[:length], "{" * (length // 2) + "}" * (length // 2), "{" + " " * (length - 2) + "}"]
    plain = CountedText("a" * length)
    for look in (parse, names_in, unreadable_in):
        look(plain)
        per_plain, plain.steps = plain.steps, 0
        for text in map(CountedText, texts):
            look(text)
            assert text.steps <= 10 * per_plain
