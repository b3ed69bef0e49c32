"""Number types: what is refused, what may be allowed, and that the quick look agrees with the library."""

from __future__ import annotations

import random

import phonenumbers
import pytest

from campaigns import number_types
from campaigns.number_types import LABELS, SENTENCES, NumberType, is_ordinary, refused_type, type_of
from tests.conftest import MARYAM

OF_EACH = [
    ("+12025550123", NumberType.ORDINARY),
    ("+982188776655", NumberType.ORDINARY),
    (MARYAM, NumberType.ORDINARY),
    ("+19005551234", NumberType.PREMIUM_RATE),
    ("+449098790123", NumberType.PREMIUM_RATE),
    ("+979123456789", NumberType.PREMIUM_RATE),
    ("+491801234567", NumberType.SHARED_COST),
    ("+33810123456", NumberType.SHARED_COST),
    ("+447011234567", NumberType.PERSONAL),
    ("+447640123456", NumberType.PAGER),
    ("+443001234567", NumberType.UAN),
    ("+18002345678", NumberType.TOLL_FREE),
    ("+445612345678", NumberType.VOIP),
    ("+98110", NumberType.SHORT),
    ("+49112", NumberType.SHORT),
    ("+1911", NumberType.SHORT),
    ("+989681234567", NumberType.UNKNOWN),
    ("+15550000001", NumberType.UNKNOWN),
]


@pytest.mark.parametrize(("number", "kind"), OF_EACH)
def test_each_type_is_told(number: str, kind: NumberType) -> None:
    assert type_of(number) is kind
    assert is_ordinary(number) is (kind is NumberType.ORDINARY)


@pytest.mark.parametrize(("number", "kind"), OF_EACH)
def test_what_is_refused_and_what_a_manager_may_allow(number: str, kind: NumberType) -> None:
    everything = frozenset(LABELS)
    is_never = kind is NumberType.SHORT
    is_free = kind is NumberType.ORDINARY
    assert refused_type(number, everything) is (None if is_free else kind)
    assert refused_type(number, everything, is_allowed=True) is (kind if is_never else None)
    is_always = kind in (NumberType.SHORT, NumberType.UNKNOWN)
    assert refused_type(number, frozenset()) is (kind if is_always else None)


def test_the_usual_price_is_believed_of_phones_only() -> None:
    usual = {kind for number, kind in OF_EACH if number_types.has_usual_price(number)}
    assert usual == {NumberType.ORDINARY, NumberType.VOIP, NumberType.TOLL_FREE}


def test_the_quick_look_takes_no_number_that_the_library_calls_otherwise() -> None:
    chance, ordinary, others = random.Random(11), 0, 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in (0, 1, 3, 4, 5, 6, 7, 8, 9, 10):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is None:
                continue
            whole = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
            for number in (whole, f"{whole[:-3]}{chance.randrange(1000):03}"):
                told = phonenumbers.number_type(phonenumbers.parse(number))
                is_plain = told in {0, 1, 2}
                assert not is_ordinary(number) or is_plain, number
                ordinary, others = ordinary + is_plain, others + (not is_plain)
    assert min(ordinary, others) > 400


def test_every_type_has_its_sentence() -> None:
    assert set(SENTENCES) == set(NumberType) - {NumberType.ORDINARY}
    assert set(LABELS) == set(NumberType) - {NumberType.ORDINARY, NumberType.SHORT, NumberType.UNKNOWN}
