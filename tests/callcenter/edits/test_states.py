"""The three-way join of what was shown, typed and stored."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest

from callcenter.edits.states import Edited, encode, join

PLAIN = Edited(["name", "pace"])
KEYED = Edited(["name", "extra"], by_key=frozenset({"extra"}))
TWO = Edited(["price", "currency"], together=[("price", "currency")])


@pytest.mark.parametrize(
    ("edited", "shown", "typed", "stored", "taken", "written", "both"),
    [
        (PLAIN, {"name": "a", "pace": 1}, {"name": "b", "pace": 1}, {"name": "a", "pace": 2}, {}, {"name": "b"}, []),
        (PLAIN, {"name": "a", "pace": 1}, {"name": "a", "pace": 1}, {"name": "z", "pace": 9}, {}, {}, []),
        (PLAIN, {"name": "a", "pace": 1}, {"name": "b", "pace": 1}, {"name": "b", "pace": 1}, {}, {}, []),
        (PLAIN, {"name": "a", "pace": 1}, {"name": "b", "pace": 1}, {"name": "z", "pace": 1}, {}, {}, ["name"]),
        # What is fixed, and so was not sent, stays whatever it is.
        (PLAIN, {"name": "a", "pace": 1}, {"pace": 3}, {"name": "z", "pace": 1}, {}, {"pace": 3}, []),
        # The page does not say what it showed: all that differs is asked for, nothing is written over.
        (PLAIN, None, {"name": "b", "pace": 1}, {"name": "a", "pace": 1}, {}, {}, ["name"]),
        # Shown once as changed by both, one of the two is taken.
        (PLAIN, {"name": "z", "pace": 1}, {"name": "b", "pace": 1}, {"name": "z", "pace": 1}, {"name": "mine"},
         {"name": "b"}, []),
        (PLAIN, {"name": "z", "pace": 1}, {"name": "b", "pace": 1}, {"name": "z", "pace": 1}, {"name": "theirs"},
         {}, []),
        # Changed once more since: asked again.
        (PLAIN, {"name": "z", "pace": 1}, {"name": "b", "pace": 1}, {"name": "y", "pace": 1}, {"name": "mine"}, {},
         ["name"]),
        (KEYED, {"name": "", "extra": {"a": 1}}, {"name": "", "extra": {"a": 1, "b": 2}},
         {"name": "", "extra": {"a": 1, "c": 3}}, {}, {"extra": {"a": 1, "b": 2, "c": 3}}, []),
        (KEYED, {"name": "", "extra": {"a": 1, "b": 2}}, {"name": "", "extra": {"b": 2}},
         {"name": "", "extra": {"a": 1, "b": 5}}, {}, {"extra": {"b": 5}}, []),
        (KEYED, {"name": "", "extra": {"a": 1}}, {"name": "", "extra": {}}, {"name": "", "extra": {"a": 2}}, {}, {},
         ["extra.a"]),
        (TWO, {"price": "1", "currency": "USD"}, {"price": "2", "currency": "USD"},
         {"price": "1", "currency": "IRT"}, {}, {}, ["price"]),
    ],
)  # fmt: skip
def test_only_what_its_person_changed_is_written(
    edited: Edited, shown: Any, typed: Any, stored: Any, taken: Any, written: Any, both: Any
) -> None:
    before = repr(stored)
    found, names = join(edited, shown=shown, typed=typed, stored=stored, taken=taken)
    assert names == both
    assert both or found == written
    assert repr(stored) == before


def test_equal_values_have_one_form() -> None:
    assert encode(Decimal("5.00")) == encode(Decimal(5)) == "5"
    assert encode(Decimal(100)) == "100"
    noon = datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    assert encode(noon) == encode(noon.astimezone(datetime.timezone(datetime.timedelta(hours=3))))
    assert encode((1, 2)) == [1, 2]
