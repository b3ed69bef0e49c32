"""Numbers that one phone is written in two ways: the form that is dialled from abroad today. No database."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber

MEXICO, ARGENTINA, BRAZIL = 52, 54, 55


def in_one_form(parsed: PhoneNumber) -> PhoneNumber | None:
    """Return a number that is not valid as written in the form that is valid today; None if there is none.

    Mexico gave up 1, 01, 044 and 045 before ten digits in 2019 (IFT, national numbering plan); Argentina's mobiles are
    9 from abroad and 15 inside, never both (+54 11 2345-6789 stays another number than +54 9 11 2345-6789: by the
    library's plan the one is a fixed line, the other a mobile, and both are in use); Brazil's mobiles have had a ninth
    digit, 9, since 2016 (Anatel).
    """
    digits = phonenumbers.national_significant_number(parsed)
    for candidate in _candidates(parsed.country_code or 0, digits):
        try:
            found = phonenumbers.parse(f"+{parsed.country_code}{candidate}")
        except NumberParseException:
            continue
        if phonenumbers.is_valid_number(found):
            return found
    return None


def _candidates(country_code: int, digits: str) -> list[str]:
    if country_code == MEXICO:
        return [digits[-10:]] if digits[:-10] in {"1", "01", "044", "045"} else []
    if country_code == ARGENTINA:
        # The library knows how an area code and 15 become 9 and an area code.
        return [digits[1:]] if len(digits) == 13 and digits.startswith("9") else []
    if country_code == BRAZIL:
        return [f"{digits[:2]}9{digits[2:]}"] if len(digits) == 10 and digits[2] in "6789" else []
    return []
