"""Phone numbers: parses a number as typed, pasted or exported by a spreadsheet into E.164. No database.

No digit of an accepted number is dropped or made up, beside prefixes that the country's own rules name: what is not
sure to be one number is refused.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, NamedTuple

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, ValidationResult

from campaigns import common_mobiles, extensions, number_types
from campaigns.national_forms import in_one_form
from campaigns.number_types import NumberType

EMPTY = "empty"
NOT_A_NUMBER = "not_a_number"
SHORTENED = "shortened"
SEVERAL = "several"
EXTENSION = "extension"
TOO_SHORT = "too_short"
TOO_LONG = "too_long"
NO_COUNTRY = "no_country"
NOT_IN_USE = "not_in_use"
NO_PLUS = "no_plus"
SHORT = "short"
MASKED = "masked"

SHORTEST_SEARCH = 3
"""Digits that a part of a number must have to be searched for."""
SHORTEST_TAKEN = 7
"""Digits that a number of an unknown range must have to be taken; shorter ones are short codes."""

PROBLEMS: dict[str, Promise] = {
    EMPTY: _("Phone number missing."),
    NOT_A_NUMBER: _("This is not a phone number."),
    SHORTENED: _(
        "The spreadsheet shortened this number and lost digits. Format the column as text and save the file again."
    ),
    SEVERAL: _("There are several numbers here: keep one."),
    EXTENSION: _("Extensions cannot be called: enter a direct number."),
    TOO_SHORT: _("The number is too short: digits are missing."),
    TOO_LONG: _("The number is too long: too many digits, or two numbers in one cell."),
    NO_COUNTRY: _("The country code of this number does not exist."),
    NOT_IN_USE: _("Not a valid number in its country: a digit is missing or wrong."),
    SHORT: number_types.SENTENCES[NumberType.SHORT],
    MASKED: _(
        "This number is masked: only the last four digits are here. Get the file from a user who can see full numbers."
    ),
    NO_PLUS: _(
        "Not a number of the chosen country: a digit is wrong or extra. For another country, write + and the "
        "country code first."
    ),
}


class UnderstoodNumber(NamedTuple):
    """The result of parsing a number: its E.164 form and country, or a problem."""

    e164: str = ""
    region: str = ""
    was_fixed: bool = False
    """True if it was written neither in E.164 nor as plain digits in its country's national form."""
    code: str = ""
    """Key of `PROBLEMS`; empty if the number was understood."""

    @property
    def problem(self) -> Promise | str:
        """The sentence that says what is wrong; empty if nothing."""
        return PROBLEMS[self.code] if self.code else ""


class Trust(NamedTuple):
    """What is known from elsewhere when a number is parsed."""

    lost_plus: frozenset[str] = frozenset()
    """Countries (ISO 3166) of which the file's other numbers are, so that one without its plus is believed to be."""
    taken: frozenset[str] = frozenset()
    """Numbers (E.164) of ranges that the library does not know, which a manager took."""


NO_TRUST = Trust()


_DROPPED = " \t\r\v\f()[]-–—‐‑‒―−_'\"`’="
_CLEAN: dict[int, str | None] = {
    **{ord(sign): str(unicodedata.digit(sign)) for sign in map(chr, range(0x80, 0x20000)) if sign.isdecimal()},
    **dict.fromkeys(map(ord, _DROPPED)),
    **dict.fromkeys(extensions.INVISIBLE),
    **dict.fromkeys([0x2028, 0x2029], "\n"),
    ord("＋"): "+",
    ord("٫"): ".",
    ord("．"): ".",
}
LONGEST_TEXT = 200
"""Characters of a text that may be a number; patterns that try every beginning see no more of it."""
_DIGITS_ONLY = {code: to for code, to in _CLEAN.items() if to and to.isdigit()}
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})", re.ASCII).fullmatch
_POINT_ZERO = re.compile(r"(\+?\d{9,})\.0+", re.ASCII).fullmatch
_MASKED = re.compile(r"\s*(?:…|(?:\+\d{1,3} )?•••\s?)\d{4}\s*", re.ASCII).fullmatch
"""As `callcenter.formats.masking` writes a number."""
_FRACTION = re.compile(r"\+?\d{7,}\.\d{1,2}", re.ASCII).fullmatch
_STROKES = re.compile(r"[+\d/\\]+", re.ASCII).fullmatch
_READABLE: dict[int, str | None] = {
    code: " " if to is None or to == "." else to for code, to in _CLEAN.items() if code not in map(ord, "-–—=")
}
"""Digits of any script as 0 to 9, and what is not seen as a space; what stands between numbers is kept."""
_NUMBER = re.compile(r"(\+?)(\d+)(\+?)", re.ASCII).fullmatch
_REASONS = {
    ValidationResult.TOO_SHORT: TOO_SHORT,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: TOO_SHORT,
    ValidationResult.TOO_LONG: TOO_LONG,
    ValidationResult.INVALID_COUNTRY_CODE: NO_COUNTRY,
}
_ERRORS = {
    NumberParseException.INVALID_COUNTRY_CODE: NO_COUNTRY,
    NumberParseException.TOO_SHORT_AFTER_IDD: TOO_SHORT,
    NumberParseException.TOO_SHORT_NSN: TOO_SHORT,
    NumberParseException.TOO_LONG: TOO_LONG,
}


def understand_number(raw: Any, region: str, trust: Trust = NO_TRUST) -> UnderstoodNumber:
    """Parse a number in any form; `region` (ISO 3166, such as IR) is assumed for numbers without a country code.

    Handles decimal digits of every script, separators, `00`, a missing plus or trunk zero, and spreadsheet notations
    (`9.8912E+11` is refused unless it contains all digits). Never raises: problems are in the result.
    """
    if type(raw) is str:
        text = raw.strip()
        if len(text) > LONGEST_TEXT:
            # Only what is wrong with it is told by its beginning: the rest could make it another number.
            return UnderstoodNumber(code=_by_rule(text[:LONGEST_TEXT], region, trust).code or NOT_A_NUMBER)
        found = _by_shape(text, region)
        if found is not None:
            return found
        # "+98 912 123 4567": blanks are the most usual of all that is dropped.
        if " " in text and (found := _by_shape(text.replace(" ", ""), region)) is not None:
            return found._replace(was_fixed=True)
    elif raw is None:
        return UnderstoodNumber(code=EMPTY)
    elif isinstance(raw, bool) or not isinstance(raw, int | float):
        return UnderstoodNumber(code=NOT_A_NUMBER)
    elif isinstance(raw, float):
        if not math.isfinite(raw) or raw != int(raw):
            return UnderstoodNumber(code=NOT_A_NUMBER)
        text = str(int(raw))
    else:
        if abs(raw) >= 10**LONGEST_TEXT:
            return UnderstoodNumber(code=TOO_LONG)
        text = str(raw)
    return _by_rule(text, region, trust)


@lru_cache(maxsize=256)
def usual_numbers(region: str) -> Callable[[str], UnderstoodNumber | None]:
    """Return a function that parses mobile numbers as their country writes them, and gives None for any other text.

    It does what `understand_number` does, in half the time, for whoever parses a whole file.
    """
    forms = common_mobiles.forms_in(region)
    if forms is None:
        return lambda _text: None
    match, code, usual = forms

    def parse(text: str) -> UnderstoodNumber | None:
        found = match(text)
        if found is None:
            return None
        prefix, number = found.groups()
        # Half the price of UnderstoodNumber(...), which is paid for nearly every number there is.
        return tuple.__new__(UnderstoodNumber, (code + number, region, prefix not in usual, ""))

    return parse


def is_masked(text: str) -> bool:
    """Tell whether a text is a number of which a file of ours shows only the last four digits, such as `…4567`."""
    return _MASKED(text) is not None


def text_of_digits(text: str) -> str:
    """Return the text with decimal digits of any script replaced by 0 to 9."""
    return text.translate(_DIGITS_ONLY)


def search_digits(text: str) -> str:
    """Return the digits of a part of a number as E.164 contains them; empty if it holds any other characters."""
    cleaned = re.sub(r"[./\\\n]", "", text.translate(_CLEAN)).lstrip("+")
    if not cleaned.isdecimal():
        return ""
    # Leading zeros are usually a trunk prefix; before very few digits they are taken as part of the number.
    bare = cleaned.lstrip("0")
    return bare if len(bare) >= SHORTEST_SEARCH else cleaned


def _by_shape(text: str, region: str) -> UnderstoodNumber | None:
    """Parse common mobile numbers without the library; None for any other text."""
    found = usual_numbers(region)(text)
    if found is not None:
        return found
    country = common_mobiles.country_of(text)
    return UnderstoodNumber(text, country) if country else None


def _by_rule(text: str, region: str, trust: Trust) -> UnderstoodNumber:
    if is_masked(text):
        return UnderstoodNumber(code=MASKED)
    number, code, strokes = _digits_of(text)
    if code:
        return UnderstoodNumber(code=code)
    short = _by_shape(number, region) if not strokes else None
    if short is not None:
        return short if number == text else short._replace(was_fixed=True)
    return by_library(number, region, text, trust, strokes)


def _digits_of(text: str) -> tuple[str, str, list[int]]:
    """Return the bare number, such as `+98912...` or `0912...`, and the code of a problem; one of them is empty.

    The list has for each stroke how many digits follow it.
    """
    lined = text.translate(_CLEAN).strip("\n")
    scientific = _SCIENTIFIC(lined)
    if scientific is not None:
        digits, power = scientific[2] or "", int(scientific[3])
        return (scientific[1] + digits, "", []) if len(digits) == power else ("", SHORTENED, [])
    whole = _POINT_ZERO(lined)
    if whole is not None:
        lined = whole[1]
    elif _FRACTION(lined):
        return "", NOT_A_NUMBER, []
    bare = lined.replace(".", "")
    if bare[:4].lower() == "tel:":
        bare = bare[4:]
    bare = bare.rstrip("/\\,،;؛|&~").lstrip("/\\,،;؛|&~")
    if not bare:
        return "", EMPTY, []
    while bare.startswith("++"):
        bare = bare[1:]
    # Text copied from right-to-left pages has its plus at the end.
    number = _NUMBER(bare)
    strokes: list[int] = []
    if number is None or (number[1] and number[3]):
        if problem := _problem_of(text.translate(_READABLE), bare):
            return "", problem, []
        # A line break within one number, or strokes, which are judged when its area code is known.
        strokes = extensions.digits_after_strokes(bare)
        number = _NUMBER(re.sub(r"[/\\\n]", "", bare))
        if number is None or (number[1] and number[3]):
            return "", NOT_A_NUMBER, []
    plus, digits = number[1] or number[3], number[2]
    if digits.startswith("000"):
        return "", NO_COUNTRY, []
    if digits.startswith("00"):
        plus, digits = "+", digits[2:]
    # No country code begins with 0: "+0912..." is a national number with a superfluous plus.
    return ("" if digits.startswith("0") else plus) + digits, "", strokes


def _problem_of(readable: str, bare: str) -> str:
    """Return the code of what stands beside a number; empty if only strokes or line breaks part its digits."""
    if extensions.holds_several(readable):
        return SEVERAL
    if extensions.has_extension(readable):
        return EXTENSION
    if "~" in bare and not any(sign.isalpha() for sign in bare):
        return SEVERAL
    is_parted = _STROKES(bare.replace("\n", "")) is not None and not extensions.is_date(readable)
    return "" if is_parted else NOT_A_NUMBER


def by_library(
    number: str, region: str, text: str = "", trust: Trust = NO_TRUST, strokes: Iterable[int] = ()
) -> UnderstoodNumber:
    """Parse a bare number with phonenumbers; `text` is the original text, `strokes` the digits after each stroke."""
    text = text or number
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as error:
        return UnderstoodNumber(code=_ERRORS.get(error.error_type, NOT_A_NUMBER))
    country = _country_of(parsed)
    if not country:
        other = in_one_form(parsed)
        if other is not None:
            parsed, country = other, _country_of(other)
    if not country:
        unsure = _by_trust(number, region, text, trust, parsed)
        return unsure if not strokes or unsure.code != TOO_LONG else UnderstoodNumber(code=SEVERAL)
    national = phonenumbers.national_significant_number(parsed)
    area_code = phonenumbers.length_of_national_destination_code(parsed) if strokes else 0
    if strokes and not extensions.strokes_part_area_codes(list(strokes), len(national), area_code):
        return UnderstoodNumber(code=SEVERAL)
    if not text.isdigit() and extensions.is_range(text.translate(_READABLE)):
        return UnderstoodNumber(code=SEVERAL)
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if not text.isdigit():
        return UnderstoodNumber(e164, _iso(country), text != e164)
    shown = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    usual = {"".join(sign for sign in shown if sign.isdigit())}
    if country in common_mobiles.PLAIN_IS_USUAL:
        usual.add(national)
    return UnderstoodNumber(e164, _iso(country), text not in usual)


def _country_of(parsed: PhoneNumber) -> str:
    """Return the country whose numbers a valid number is one of; empty for any other."""
    country = phonenumbers.region_code_for_number(parsed)
    return country if country and phonenumbers.is_valid_number_for_region(parsed, country) else ""


def _iso(country: str) -> str:
    """Return a country's two letters; empty for the library's 001, numbers of no country such as +800."""
    return country if len(country) == 2 else ""


def _by_trust(number: str, region: str, text: str, trust: Trust, parsed: PhoneNumber) -> UnderstoodNumber:
    """Return the number that something from elsewhere makes of a text that is none by itself, or the problem."""
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if e164 in trust.taken:
        country = _iso(phonenumbers.region_code_for_country_code(parsed.country_code or 0))
        return UnderstoodNumber(e164, country, text != e164)
    if not number.startswith(("+", "0")):
        abroad = by_library(f"+{number}", region, text)
        if abroad.e164:
            return abroad if abroad.region in trust.lost_plus else UnderstoodNumber(code=NO_PLUS)
    if number_types.is_short(number, region):
        return UnderstoodNumber(code=SHORT)
    return UnderstoodNumber(code=_REASONS.get(phonenumbers.is_possible_number_with_reason(parsed), NOT_IN_USE))


def possible_number(raw: Any, region: str) -> str:
    """Return the E.164 form of a number of a range that the library does not know; empty for any other.

    Such a number is as long as its country's numbers are, and is refused unless a manager takes it.
    """
    if understand_number(raw, region).code != NOT_IN_USE:
        return ""
    number, _code, strokes = _digits_of(str(raw).strip())
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException:
        return ""
    national = phonenumbers.national_significant_number(parsed)
    home = PhoneMetadata.metadata_for_region(phonenumbers.region_code_for_country_code(parsed.country_code or 0))
    is_possible = (
        phonenumbers.is_possible_number_with_reason(parsed) == ValidationResult.IS_POSSIBLE
        and len(national) >= SHORTEST_TAKEN
        and not (national.startswith("0") and home is not None and home.national_prefix == "0")
    )
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164) if is_possible and not strokes else ""


def countries_told(cells: Iterable[str], region: str) -> frozenset[str]:
    """Return the countries that a column's numbers name by themselves: two or more with a plus, or 00, before it.

    A number of such a country is believed where it lost its plus.
    """
    found: dict[str, set[str]] = {}
    for cell in cells:
        if text_of_digits(cell).lstrip(" \t'\"=\u200e\u200f\u202a(").startswith(("+", "00", "＋")):
            number = understand_number(cell, region)
            if number.e164:
                found.setdefault(number.region, set()).add(number.e164)
    return frozenset(country for country, numbers in found.items() if len(numbers) > 1)
