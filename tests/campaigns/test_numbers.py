"""Numbers in every form that people type and programs export."""

from __future__ import annotations

import random

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from phonenumbers import PhoneMetadata, PhoneNumberType

from campaigns import common_mobiles, numbers
from campaigns.countries import MET_MOST, country_name
from campaigns.numbers import PROBLEMS, Trust, by_library, search_digits, understand_number
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
        ("(202) 555-0123", "US", "+12025550123", "US", True),
        ("2025550123", "US", "+12025550123", "US", False),
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
        ("110", numbers.SHORT),
        ("112", numbers.SHORT),
        ("۱۱۵", numbers.SHORT),
        ("0912123456", numbers.NOT_IN_USE),
        ("12", numbers.TOO_SHORT),
        ("+98912123456789", numbers.TOO_LONG),
        ("09121234567 09131234567", numbers.TOO_LONG),
        ("+999 123 456 789", numbers.NO_COUNTRY),
        ("00 0912 123 4567", numbers.NO_COUNTRY),
        ("09001234567890", numbers.TOO_LONG),
        ("09681234567", numbers.NOT_IN_USE),
        ("912345678901", numbers.NO_PLUS),
        ("01/05/2024", None),
    ],
)
def test_each_problem_has_its_sentence(raw: object, code: str | None) -> None:
    found = understand_number(raw, "IR")
    assert found.e164 == ""
    assert found.code == code or code is None
    assert str(found.problem) == str(PROBLEMS[found.code])


@pytest.mark.parametrize(
    ("raw", "region", "code"),
    [
        ("+49 30 901820*227", "DE", numbers.EXTENSION),
        ("+49 30 901820 # 227", "US", numbers.EXTENSION),
        ("021-88776655*12", "IR", numbers.EXTENSION),
        ("02188776655#3", "IR", numbers.EXTENSION),
        ("(202) 555-0123 ext 12", "US", numbers.EXTENSION),
        ("(202) 555-0123 Ext. 12", "US", numbers.EXTENSION),
        ("202 555 0123 Local 212", "US", numbers.EXTENSION),
        ("(202) 555-0123 x 9", "US", numbers.EXTENSION),
        ("+12025550123x9", "IR", numbers.EXTENSION),
        ("۰۲۱۸۸۷۷۶۶۵۵ داخلی ۱۲", "IR", numbers.EXTENSION),
        ("داخلی ۱۲ - ۰۲۱۸۸۷۷۶۶۵۵", "IR", numbers.EXTENSION),
        ("+49 30 901820 Durchwahl 12", "DE", numbers.EXTENSION),
        ("+7 495 123-45-67 доб. 89", "RU", numbers.EXTENSION),
        ("tel:+98-21-88776655;ext=12", "IR", numbers.EXTENSION),
        ("02188776655,,12", "IR", numbers.EXTENSION),
        ("02188776655p12", "IR", numbers.EXTENSION),
        ("+43 1 5134 / 5135", "AT", numbers.SEVERAL),
        ("+43 1 5134/5135", "AT", numbers.SEVERAL),
        ("01 5134 - 5135", "AT", numbers.SEVERAL),
        ("+49 5134 / 5135", "DE", numbers.SEVERAL),
        ("021 88776655/66", "IR", numbers.SEVERAL),
        ("09121234567/09131234567", "IR", numbers.SEVERAL),
        ("09121234567 or 09131234567", "IR", numbers.SEVERAL),
        ("09121234567 و 09131234567", "IR", numbers.SEVERAL),
        ("09121234567 ::: 09131234567", "IR", numbers.SEVERAL),
        ("+989121234567 +989131234567", "IR", numbers.SEVERAL),
        ("+49 30 901820~9", "DE", numbers.SEVERAL),
        ("+1 202 555 0123 - 503#", "US", numbers.EXTENSION),
        ("09121234567 *", "IR", numbers.EXTENSION),
        ("#09121234567", "IR", numbers.NOT_A_NUMBER),
        ("#31#09121234567", "IR", numbers.EXTENSION),
        ("*67 2025550123", "US", numbers.NOT_A_NUMBER),
        ("901820227.5", "DE", numbers.NOT_A_NUMBER),
        ("0912xxx4567", "IR", numbers.NOT_A_NUMBER),
        ("next 0912 123 4567", "IR", numbers.NOT_A_NUMBER),
        ("2024/01/05", "AT", numbers.NOT_A_NUMBER),
    ],
)
def test_what_stands_beside_a_number_is_never_made_a_part_of_it(raw: str, region: str, code: str) -> None:
    assert understand_number(raw, region) == ("", "", False, code)


@pytest.mark.parametrize(
    ("raw", "region", "e164"),
    [
        ("030/901820", "DE", "+4930901820"),
        ("+49 30/901820", "IR", "+4930901820"),
        ("0664/1234567", "AT", "+436641234567"),
        ("+43/664/1234567", "AT", "+436641234567"),
        ("0912/1234567", "IR", MARYAM),
        ("0912 123\n4567", "IR", MARYAM),
        ("09121234567 /", "IR", MARYAM),
        ("09121234567;", "IR", MARYAM),
        ("+43 1 5134-5135", "AT", "+43151345135"),
    ],
)
def test_a_stroke_after_the_area_code_and_signs_at_the_ends_are_only_writing(raw: str, region: str, e164: str) -> None:
    found = understand_number(raw, region)
    assert (found.e164, found.code) == (e164, "")


@pytest.mark.parametrize("sign", [0xAD, 0x34F, 0x61C, 0x180E, 0x200B, 0x2060, 0x20E3, 0x3164, 0xFE00, 0xFE0F, 0xFEFF,
                                  0xFFF9, 0xE0001, 0xE0020, 0xE0100, 0xE01EF])  # fmt: skip
def test_no_invisible_sign_keeps_a_number_from_being_read(sign: int) -> None:
    for raw in (f"{chr(sign)}0912{chr(sign)}1234567{chr(sign)}", chr(sign).join("+989121234567")):
        assert understand_number(raw, "IR").e164 == MARYAM


@pytest.mark.parametrize(
    ("forms", "region", "e164"),
    [
        (
            ("+52 55 1234 5678", "+52 1 55 1234 5678", "044 55 1234 5678", "045 55 1234 5678", "01 55 1234 5678"),
            "MX",
            "+525512345678",
        ),
        (
            ("+54 9 11 2345-6789", "011 15 2345-6789", "+54 11 15 2345 6789", "+54 9 11 15 2345 6789"),
            "AR",
            "+5491123456789",
        ),
        # The library's plan has fixed lines and mobiles of one area under two numbers.
        (("+54 11 2345-6789", "011 2345-6789"), "AR", "+541123456789"),
        (("0351 15 234 5678", "+54 9 351 234 5678", "+54 9 351 15 234 5678"), "AR", "+5493512345678"),
        (("+55 11 98765-4321", "11 8765-4321", "(011) 8765 4321", "+55 11 8765 4321"), "BR", "+5511987654321"),
        (("11 3765 4321", "+55 11 3765-4321"), "BR", "+551137654321"),
    ],
)
def test_one_phone_has_one_form(forms: tuple[str, ...], region: str, e164: str) -> None:
    assert [understand_number(form, region).e164 for form in forms] == [e164] * len(forms)


@pytest.mark.parametrize(
    ("raw", "region", "lost_plus", "e164", "code"),
    [
        ("12345678901", "IR", "", "", numbers.NO_PLUS),
        ("12025550123", "IR", "", "", numbers.NO_PLUS),
        ("12025550123", "IR", "US", "+12025550123", ""),
        ("12025550123", "IR", "CA", "", numbers.NO_PLUS),
        ("12025550123", "US", "", "+12025550123", ""),
        ("12025550123", "CA", "", "+12025550123", ""),
        ("989121234567", "IN", "", "", numbers.NO_PLUS),
        ("989121234567", "IN", "IR", MARYAM, ""),
        ("919876543210", "IR", "IN", "+919876543210", ""),
    ],
)
def test_a_lost_plus_is_believed_only_where_something_says_so(
    raw: str, region: str, lost_plus: str, e164: str, code: str
) -> None:
    found = understand_number(raw, region, Trust(lost_plus=frozenset(lost_plus.split())))
    assert (found.e164, found.code) == (e164, code)


def test_a_column_tells_countries_by_two_numbers_with_a_plus() -> None:
    cells = ["+1 202 555 0123", "۰۰۱۲۰۲۵۵۵۰۱۲۴", "+447911123456", "09121234567", "+447911123456", "12025550125", ""]
    assert numbers.countries_told(cells, "IR") == {"US"}


def test_a_number_of_an_unknown_range_can_be_taken_and_nothing_else() -> None:
    assert numbers.possible_number("0968 123 4567", "IR") == "+989681234567"
    assert understand_number("0968 123 4567", "IR").code == numbers.NOT_IN_USE
    taken = Trust(taken=frozenset({"+989681234567"}))
    assert understand_number("0968 123 4567", "IR", taken) == ("+989681234567", "IR", True, "")
    assert understand_number("0968 123 4568", "IR", taken).code == numbers.NOT_IN_USE
    for other in ("09121234567", "110", "0912", "09121234567890", "021 8877/6655", "Ali", ""):
        assert numbers.possible_number(other, "IR") == ""


REGIONS = ("IR", "DE", "AT", "US", "GB", "IN", "IT")
PARTS = st.text("0123456789", min_size=1, max_size=8)
BETWEEN = st.sampled_from(
    ["", " ", "-", ".", "/", " / ", "*", "#", " ext ", "x", "(0)", ") ", " (", ",", "~", "\ufe0f"]
)


@settings(max_examples=600, deadline=None)
@given(
    st.sampled_from(["", "+", "00", "0", "+49", "+43 1 ", "+98", "+1"]),
    st.lists(st.tuples(PARTS, BETWEEN), min_size=1, max_size=4),
    st.sampled_from(REGIONS),
)
def test_no_digit_of_an_accepted_number_is_made_up_or_dropped(
    prefix: str, parts: list[tuple[str, str]], region: str
) -> None:
    raw = prefix + "".join(part for pair in parts for part in pair)
    found = understand_number(raw, region)
    if not found.e164:
        return
    digits = "".join(sign for sign in raw if sign.isdecimal())
    written = phonenumbers.parse(found.e164)
    national = phonenumbers.national_significant_number(written)
    assert digits.endswith(national), raw
    before = digits[: len(digits) - len(national)]
    code = str(written.country_code)
    assert before in {start + trunk for start in ("", code, f"00{code}") for trunk in ("", "0", "1")}, raw
    # The library, which reads the text as it stands, finds no extension where we found none.
    plain = raw.replace("\ufe0f", "")
    plain = plain.lstrip("+") if plain.startswith("+0") else plain
    foreign = phonenumbers.parse(plain, region)
    assert foreign.extension is None, raw


@pytest.mark.parametrize("country", sorted(common_mobiles.COUNTRIES))
def test_fast_path_equals_the_library(country: str) -> None:
    chance = random.Random(7)
    metadata = PhoneMetadata.metadata_for_region(country)
    example = str(phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE).national_number)
    code, trunk, taken = metadata.country_code, metadata.national_prefix or "", 0
    for _ in range(200):
        known = chance.randint(0, 4)
        number = example[:known] + "".join(chance.choices("0123456789", k=len(example) - known))
        written = chance.choice([f"+{code}", f"00{code}", str(code), trunk, ""]) + number
        asked = chance.choice([country, country, country, "GB", "IR", "DE", "US"])
        fast = numbers._by_shape(written, asked)
        if fast is not None:
            taken += 1
            bare = "+" + written[2:] if written.startswith("00") else written
            assert fast == by_library(bare, asked, written), (written, asked)
    assert taken > 15


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
