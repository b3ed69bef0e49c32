"""Check digits of national ids, on numbers that their offices publish as examples or that were made by the rule."""

from __future__ import annotations

import pytest

from campaigns.contacts.importing.columns.check_digits import CHECKS, is_national_id


@pytest.mark.parametrize(
    ("region", "digits"),
    [("IR", "0013542419"), ("IR", "7731689956"), ("IR", "14007650912"), ("IN", "499118665246"), ("TR", "10000000146"),
     ("BR", "11144477735")],
)  # fmt: skip
def test_an_id_passes_and_no_other_last_digit_does(region: str, digits: str) -> None:
    assert [last for last in "0123456789" if is_national_id(digits[:-1] + last, region)] == [digits[-1]]


def test_other_lengths_and_countries_pass_nothing() -> None:
    assert not is_national_id("1111111111", "IR")
    assert not any(is_national_id(digits, region) for region in CHECKS for digits in ("", "12345", "09121234567"))
    assert not is_national_id("0013542419", "DE")
