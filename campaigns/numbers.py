"""Phone numbers: parses a number as typed, pasted or exported by a spreadsheet into E.164. No database."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import Any, NamedTuple

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberFormat, ValidationResult

EMPTY = "empty"
NOT_A_NUMBER = "not_a_number"
SHORTENED = "shortened"
SEVERAL = "several"
EXTENSION = "extension"
TOO_SHORT = "too_short"
TOO_LONG = "too_long"
NO_COUNTRY = "no_country"
NOT_IN_USE = "not_in_use"

SHORTEST_SEARCH = 3
"""Digits that a part of a number must have to be searched for."""

PROBLEMS: dict[str, Promise] = {
    EMPTY: _("There is no phone number."),
    NOT_A_NUMBER: _("This is not a phone number."),
    SHORTENED: _("The spreadsheet shortened this number and lost digits: show the column as text and save it again."),
    SEVERAL: _("There is more than one number here: keep one."),
    EXTENSION: _("A number with an extension cannot be called: give a direct number."),
    TOO_SHORT: _("The number is too short: digits are missing."),
    TOO_LONG: _("The number is too long: it has digits too many, or is more than one number."),
    NO_COUNTRY: _("No country has the code that this number begins with."),
    NOT_IN_USE: _("No phone in its country can have this number: a digit is missing or wrong."),
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


class _Shape(NamedTuple):
    """The format of one country's mobile numbers, for the fast path: calling code and trunk prefix."""

    code: str
    trunk: str
    plain_is_usual: bool
    """Whether people also write the number without the trunk prefix."""


_SHAPES = {"IR": _Shape("98", "0", False), "IN": _Shape("91", "0", True), "US": _Shape("1", "", True)}


def _mobile(region: str) -> re.Pattern[str]:
    """Return phonenumbers' own pattern of a country's mobile numbers, so that the fast path agrees with the library."""
    metadata = PhoneMetadata.metadata_for_region(region)
    assert metadata is not None
    assert metadata.mobile is not None
    return re.compile(str(metadata.mobile.national_number_pattern), re.ASCII)


_MOBILE = {region: _mobile(region).fullmatch for region in _SHAPES}
_WITH_PLUS = re.compile(r"\+(?:98(\d{10})|91(\d{10})|1(\d{10}))", re.ASCII).fullmatch
_PLUS_REGIONS = ("", "IR", "IN", "US")
_LOCAL = {
    region: re.compile(rf"(00{shape.code}|{shape.code}|{shape.trunk}|)(\d{{10}})", re.ASCII).fullmatch
    for region, shape in _SHAPES.items()
}
# International numbers without their plus; used only if the digits are no number of the chosen country.
_LOST_PLUS = re.compile(r"989\d{9}|91[6-9]\d{9}|1[2-9]\d{2}[2-9]\d{6}", re.ASCII).fullmatch

_DROPPED = " \t\r\n\v\f()[]-–—‐‑‒―−_/\\'\"`’=~#*"
_INVISIBLE = {
    code for code in range(0x3000) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zs"} and chr(code) != "\n"
}
_CLEAN: dict[int, str | None] = {
    **{ord(sign): str(unicodedata.digit(sign)) for sign in map(chr, range(0x80, 0x20000)) if sign.isdecimal()},
    **dict.fromkeys(map(ord, _DROPPED)),
    **dict.fromkeys(_INVISIBLE | {0x3000, 0xFEFF}),
    ord("＋"): "+",
    ord("٫"): ".",
    ord("．"): ".",
}
LONGEST_TEXT = 200
"""Characters of a text that may be a number; patterns that try every beginning see no more of it."""
_DIGITS_ONLY = {code: to for code, to in _CLEAN.items() if to and to.isdigit()}
_SEVERAL = re.compile(r"\d{7,}[^\d]*[,،;؛|\n&][^\d]*\+?\d{7,}")
_SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})", re.ASCII).fullmatch
_POINT_ZERO = re.compile(r"(\+?\d{9,})\.0+", re.ASCII).fullmatch
_EXTENSION = re.compile(r"\d{5}.*(?:ext\.?|x|داخلی|int\.?)\s*\d{1,6}$", re.IGNORECASE)
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


def understand_number(raw: Any, region: str) -> UnderstoodNumber:
    """Parse a number in any form; `region` (ISO 3166, such as IR) is assumed for numbers without a country code.

    Handles decimal digits of every script, separators, `00`, a missing plus or trunk zero, and spreadsheet notations
    (`9.8912E+11` is refused unless it contains all digits). Never raises: problems are in the result.
    """
    if type(raw) is str:
        text = raw.strip()
        if len(text) > LONGEST_TEXT:
            # Only what is wrong with it is told by its beginning: the rest could make it another number.
            return UnderstoodNumber(code=_by_rule(text[:LONGEST_TEXT], region).code or NOT_A_NUMBER)
        found = _by_shape(text, region)
        if found is not None:
            return found
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
    return _by_rule(text, region)


def text_of_digits(text: str) -> str:
    """Return the text with decimal digits of any script replaced by 0 to 9."""
    return text.translate(_DIGITS_ONLY)


def search_digits(text: str) -> str:
    """Return the digits of a part of a number as E.164 contains them; empty if it holds any other characters."""
    cleaned = text.translate(_CLEAN).replace(".", "").lstrip("+")
    if not cleaned.isdecimal():
        return ""
    # Leading zeros are usually a trunk prefix; before very few digits they are taken as part of the number.
    bare = cleaned.lstrip("0")
    return bare if len(bare) >= SHORTEST_SEARCH else cleaned


def _by_shape(text: str, region: str) -> UnderstoodNumber | None:
    """Parse common mobile numbers without the library; None for any other text."""
    found = _WITH_PLUS(text)
    if found is not None:
        country = _PLUS_REGIONS[found.lastindex or 0]
        if _MOBILE[country](found[found.lastindex or 0]):
            return UnderstoodNumber(text, country)
        return None
    local = _LOCAL.get(region)
    if local is None:
        return None
    found = local(text)
    if found is None or not _MOBILE[region](found[2]):
        return None
    shape = _SHAPES[region]
    prefix = found[1]
    is_usual = prefix == shape.trunk if prefix else shape.plain_is_usual
    return UnderstoodNumber(f"+{shape.code}{found[2]}", region, not is_usual)


def _by_rule(text: str, region: str) -> UnderstoodNumber:
    number, code = _digits_of(text)
    if code:
        return UnderstoodNumber(code=code)
    short = _by_shape(number, region)
    if short is not None:
        return short if number == text else short._replace(was_fixed=True)
    return by_library(number, region, text)


def _digits_of(text: str) -> tuple[str, str]:
    """Return the bare number, such as `+98912...` or `0912...`, and the code of a problem; one of them is empty."""
    lined = text.translate(_CLEAN)
    if _SEVERAL.search(text_of_digits(text).replace(" ", "").replace("-", "")):
        return "", SEVERAL
    scientific = _SCIENTIFIC(lined)
    if scientific is not None:
        digits, power = scientific[2] or "", int(scientific[3])
        return (scientific[1] + digits, "") if len(digits) == power else ("", SHORTENED)
    whole = _POINT_ZERO(lined)
    if whole is not None:
        lined = whole[1]
    bare = lined.replace(".", "").removeprefix("tel:").removeprefix("Tel:")
    if not bare:
        return "", EMPTY
    while bare.startswith("++"):
        bare = bare[1:]
    # Text copied from right-to-left pages has its plus at the end.
    number = _NUMBER(bare)
    if number is None or (number[1] and number[3]):
        return "", EXTENSION if _EXTENSION.search(text) else NOT_A_NUMBER
    plus, digits = number[1] or number[3], number[2]
    if digits.startswith("00"):
        plus, digits = "+", digits[2:]
    # No country code begins with 0: "+0912..." is a national number with a superfluous plus.
    return ("" if digits.startswith("0") else plus) + digits, ""


def by_library(number: str, region: str, text: str = "") -> UnderstoodNumber:
    """Parse a bare number with phonenumbers; `text` is the original text."""
    text = text or number
    try:
        parsed = phonenumbers.parse(number, region)
    except NumberParseException as error:
        return UnderstoodNumber(code=_ERRORS.get(error.error_type, NOT_A_NUMBER))
    country = phonenumbers.region_code_for_number(parsed)
    if country is None or not phonenumbers.is_valid_number_for_region(parsed, country):
        if _LOST_PLUS(number):
            return by_library(f"+{number}", region, text)
        return UnderstoodNumber(code=_REASONS.get(phonenumbers.is_possible_number_with_reason(parsed), NOT_IN_USE))
    e164 = phonenumbers.format_number(parsed, PhoneNumberFormat.E164)
    if not text.isdigit():
        return UnderstoodNumber(e164, country, text != e164)
    national = phonenumbers.format_number(parsed, PhoneNumberFormat.NATIONAL)
    usual = {"".join(sign for sign in national if sign.isdigit())}
    shape = _SHAPES.get(country)
    if shape is not None and shape.plain_is_usual:
        usual.add(phonenumbers.national_significant_number(parsed))
    return UnderstoodNumber(e164, country, text not in usual)
