"""Numbers in every form that people type and programs export."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns import numbers
from campaigns.countries import MET_MOST, country_name
from campaigns.numbers import PROBLEMS, by_library, search_digits, understand_number
from tests.conftest import MARYAM


@pytest.mark.parametrize(
    ("raw", "region", "was_fixed"),
    [
        ("+989121234567", "IR", False),
        ("09121234567", "IR", False),
        (" 09121234567 ", "IR", False),
        ("۰۹۱۲۱۲۳۴۵۶۷", "IR", True),
        ("٠٩١٢١٢٣٤٥٦٧", "IR", True),
        ("0912 123 4567", "IR", True),
        ("(0912) 123-4567", "IR", True),
        ("0912.123.4567", "IR", True),
        ("00989121234567", "IR", True),
        ("0098 (0) 912 123 4567", "IR", True),
        ("+98 (0) 912 123 4567", "US", True),
        ("989121234567", "IR", True),
        ("989121234567", "IN", True),
        ("9121234567", "IR", True),
        ("9121234567.0", "IR", True),
        ("989121234567.00", "IR", True),
        (9121234567.0, "IR", True),
        (989121234567.0, "IR", True),
        (989121234567, "IR", True),
        ("9.89121234567E+11", "IR", True),
        ("9.121234567e9", "IR", True),
        ("'+989121234567", "IR", True),
        ('="09121234567"', "IR", True),
        ("tel:+98-912-123-4567", "IR", True),
        ("989121234567+", "IR", True),
        ("++989121234567", "IR", True),
        ("+09121234567", "IR", True),
        ("\u200e+98 912\u00a0123 4567\u200c", "IR", True),
        ("＋９８９１２１２３４５６７", "IR", True),
        ("0912\x001234567", "IR", True),
    ],
)
def test_every_form_of_one_number_is_one_number(raw: object, region: str, was_fixed: bool) -> None:
    found = understand_number(raw, region)
    assert (found.e164, found.region, found.problem) == (MARYAM, "IR", "")
    assert found.was_fixed is was_fixed


@pytest.mark.parametrize(
    ("raw", "region", "e164", "country", "was_fixed"),
    [
        ("9876543210", "IN", "+919876543210", "IN", False),
        ("09876543210", "IN", "+919876543210", "IN", False),
        (9876543210.0, "IN", "+919876543210", "IN", False),
        ("+91 98765 43210", "IR", "+919876543210", "IN", True),
        ("919876543210", "IR", "+919876543210", "IN", True),
        ("(202) 555-0123", "US", "+12025550123", "US", True),
        ("2025550123", "US", "+12025550123", "US", False),
        ("12025550123", "IR", "+12025550123", "US", True),
        ("+1 416 555 0123", "IR", "+14165550123", "CA", True),
        ("+442079460123", "IR", "+442079460123", "GB", False),
        ("02188776655", "IR", "+982188776655", "IR", False),
        ("021/88776655", "IR", "+982188776655", "IR", True),
        ("०९८७६५४३२१०", "IN", "+919876543210", "IN", True),
    ],
)
def test_other_countries(raw: object, region: str, e164: str, country: str, was_fixed: bool) -> None:
    assert understand_number(raw, region) == (e164, country, was_fixed, "")


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("", numbers.EMPTY),
        ("   ", numbers.EMPTY),
        (None, numbers.EMPTY),
        ("-", numbers.EMPTY),
        ("Ali", numbers.NOT_A_NUMBER),
        ("0912abc4567", numbers.NOT_A_NUMBER),
        (True, numbers.NOT_A_NUMBER),
        (float("nan"), numbers.NOT_A_NUMBER),
        (9121234567.5, numbers.NOT_A_NUMBER),
        ("98+9121234567", numbers.NOT_A_NUMBER),
        ("9.89121E+11", numbers.SHORTENED),
        ("9.8912123456E+11", numbers.SHORTENED),
        ("09121234567, 09131234567", numbers.SEVERAL),
        ("09121234567\n09131234567", numbers.SEVERAL),
        ("۰۹۱۲۱۲۳۴۵۶۷ ، ۰۹۱۳۱۲۳۴۵۶۷", numbers.SEVERAL),
        ("021-88776655 ext 12", numbers.EXTENSION),
        ("02188776655 داخلی ۱۲", numbers.EXTENSION),
        ("0912123456", numbers.NOT_IN_USE),
        ("12", numbers.TOO_SHORT),
        ("+98912123456789", numbers.TOO_LONG),
        ("09121234567 09131234567", numbers.TOO_LONG),
        ("+999 123 456 789", numbers.NO_COUNTRY),
        ("09001234567890", numbers.TOO_LONG),
        ("09681234567", numbers.NOT_IN_USE),
        ("912345678901", numbers.TOO_LONG),
        ("01/05/2024", None),
    ],
)
def test_each_problem_has_its_sentence(raw: object, code: str | None) -> None:
    found = understand_number(raw, "IR")
    assert found.e164 == ""
    assert found.code == code or code is None
    assert str(found.problem) == str(PROBLEMS[found.code])


def test_fast_path_equals_the_library() -> None:
    chance = random.Random(7)
    forms = {
        "IR": ["+98{}", "0098{}", "98{}", "0{}", "{}"],
        "IN": ["+91{}", "0091{}", "91{}", "0{}", "{}"],
        "US": ["+1{}", "001{}", "1{}", "{}"],
    }
    taken = 0
    for _ in range(12_000):
        region = chance.choice(list(forms))
        first = chance.choice(["9", "9", "6", "7", "8", str(chance.randint(0, 9))])
        written = chance.choice(forms[region]).format(first + "".join(chance.choices("0123456789", k=9)))
        asked = chance.choice([region, region, "GB"])
        fast = numbers._by_shape(written, asked)
        if fast is not None:
            taken += 1
            slow = by_library("+" + written[2:] if written.startswith("00") else written, asked)
            assert fast[:2] == slow[:2], written
    assert taken > 3_000


def test_fast_path_takes_every_number_of_common_shape() -> None:
    for prefix in ("0912", "0935", "0990", "0901"):
        assert numbers._by_shape(f"{prefix}1234567", "IR") is not None
    assert numbers._by_shape("9876543210", "IN") is not None


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=40), st.text("0123456789+ -()۰۹٫.eE,", max_size=25), st.floats(), st.integers()))
def test_never_raises_and_never_half_understands(raw: object) -> None:
    found = understand_number(raw, "IR")
    assert bool(found.e164) != bool(found.code)
    if found.e164:
        assert understand_number(found.e164, "US") == (found.e164, found.region, False, "")


@pytest.mark.parametrize(
    ("typed", "digits"),
    [
        ("0912 123", "912123"),
        ("۰۹۱۲", "912"),
        ("+98 912", "98912"),
        ("0098912", "98912"),
        ("0000060", "0000060"),
        ("Ali 12", ""),
        ("", ""),
    ],
)
def test_search_digits(typed: str, digits: str) -> None:
    assert search_digits(typed) == digits


@pytest.mark.parametrize(
    ("region", "name"),
    [("IR", "Iran"), ("GB", "United Kingdom"), ("KR", "South Korea"), ("US", "United States"), ("QX", "QX"), ("", "")],
)
def test_a_country_is_named_as_people_say(region: str, name: str) -> None:
    assert country_name(region) == name


def test_every_country_that_is_translated_exists() -> None:
    assert set(MET_MOST) <= {country_name(region) for region in phonenumbers.SUPPORTED_REGIONS}
