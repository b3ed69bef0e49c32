"""Phone numbers are masked however they are written; times, ids and amounts stay."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

import phonenumbers
import pytest
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from callcenter.formats.masking import masked_numbers, masked_runs
from callcenter.logs import masked

FORMATS = (
    PhoneNumberFormat.E164,
    PhoneNumberFormat.INTERNATIONAL,
    PhoneNumberFormat.NATIONAL,
    PhoneNumberFormat.RFC3966,
)
TYPES = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE)
WAYS = ("call to {} failed", "to={}", "({})", '"{}"', "{}.", "at 2026-11-30 {}", "ü:{},", "{}")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
PERSIAN = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def examples() -> Iterator[str]:
    """Yield a mobile and a landline number of every country, of at least nine digits, in each form of the country."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in TYPES:
            number = phonenumbers.example_number_for_type(region, kind)
            if number is None:
                continue
            for form in FORMATS:
                text = phonenumbers.format_number(number, form)
                digits = [sign for sign in text if sign.isdigit()]
                # Short local numbers are not told from ids: nothing of the country stands with them.
                if len(digits) >= 9 and (form != PhoneNumberFormat.NATIONAL or not text.isdigit() or len(digits) >= 10):
                    yield text


def leaves(text: str, number: str) -> bool:
    """Tell whether more than the last four digits of a number are left in a text."""
    digits = "".join(str(int(sign)) for sign in number if sign.isdigit())
    left = "".join(str(int(sign)) for sign in text if sign.isdigit())
    return digits[:-4] in left or digits[2:-4] in left


def test_numbers_of_every_country_in_every_form_are_masked() -> None:
    found = list(examples())
    assert len(found) > 1_500
    whole = []
    for number in found:
        for way in WAYS:
            for script in (number, number.translate(PERSIAN), number.translate(ARABIC)):
                if leaves(masked(way.format(script)).replace("2026-11-30", ""), script):
                    whole.append(way.format(script))
        for encoded in (quote(number), quote_plus(number), quote(number.translate(PERSIAN))):
            if (text := masked(f"GET /people/?q={encoded}&page=2")) == f"GET /people/?q={encoded}&page=2":
                whole.append(text)
    assert whole[:20] == []


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-30 10:15:14 INFO",
        "2026-11-30T10:15:14.123456+00:00 done",
        "between 2026-11-30 10:15 and 2026-12-01 11:20",
        "30.11.2026 08:00",
        "۱۴۰۵/۰۹/۰۹ ۱۰:۱۵",
        "1405/09/09 10:15",
        "reference=0af76519-16cd-43dd-8448-123456789012",
        "id edge-0123456789 of host web-2",
        "call=123456789 took 1234 ms",
        "from 192.168.100.200 and 10.0.0.1:8000",
        "cost 1234567.8900 IRT, 12,345,678 in all",
        "took 0.0123456789 s at 1764497714.123456",
        "version 5.2.14 of 3.11.7",
        "GET /calls/1234567/ 200 31 ms",
        "commit 20260f1e9a7b3c",
        "1,000,000 rows, 10-20 of 4000-8000",
    ],
)
def test_times_ids_and_amounts_stay(text: str) -> None:
    assert masked(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+98 912 123 4567", "…4567"),
        ("(0912) 123-4567 rang", "…4567 rang"),
        ("0912.123.4567.", "…4567."),
        ("%2B98%20912%20123%204567", "…4567"),
        ("q=%DB%B0%DB%B9%DB%B1%DB%B2%DB%B1%DB%B2%DB%B3%DB%B4%DB%B5%DB%B6%DB%B7", "q=…4567"),
        ("\u202a+98\u202c 912 123 4567", "\u202a…4567"),
        ("tel:+98-912-123-4567;x=1", "…4567;x=1"),
        ("00989121234567 and 021 2345 6789", "…4567 and …6789"),
        ("at 2026-11-30 0912 123 4567", "at 2026-11-30 …4567"),
    ],
)
def test_what_is_left_of_a_number(text: str, expected: str) -> None:
    assert masked_numbers(text) == expected
    assert masked_numbers(masked_numbers(text)) == expected


def test_a_text_of_others_keeps_no_run_of_digits() -> None:
    assert masked_runs("on 2026-11-30, 12.34.56 or ۱۲ ۳۴ ۵۶") == "on …1130, …3456 or …۳۴۵۶"


def test_long_texts_are_masked_in_linear_time() -> None:
    for piece in ("1", "1 ", "1   ", "+", "(", "%DB%B0", "%20", "1.1.1.", "2026-11-30 "):
        began = time.process_time()
        masked_numbers(piece * (100_000 // len(piece)))
        assert time.process_time() - began < 1
