"""What a cell holds beside one number: an extension, a second number, a stroke after the area code. No database."""

from __future__ import annotations

import re
import unicodedata

_IGNORABLE = (
    (0x034F, 0x034F), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F), (0x20E3, 0x20E3), (0x3000, 0x3000),
    (0x3164, 0x3164), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A), (0xE0000, 0xE0FFF),
)  # fmt: skip
"""Signs that are not seen beyond those of the categories below: Default_Ignorable_Code_Point of the Unicode database,
and the enclosing key of emoji digits."""
INVISIBLE = frozenset(
    {code for code in range(0x3000) if unicodedata.category(chr(code)) in {"Cc", "Cf", "Zs"} and chr(code) != "\n"}
    | {code for first, last in _IGNORABLE for code in range(first, last + 1)}
)
"""Code points that no reader sees, spaces and tabs among them; a line break is seen."""

_WORDS = (
    # English, Persian, Arabic, German, French, Spanish, Portuguese, Turkish, Russian, Hebrew, Chinese, Japanese
    r"ext(?:n|ension)?|local|loc|internal|int(?:erno)?|داخلی|داخلي|تحويلة|تحویله|durchwahl|dw|nebenstelle|nst|poste|"
    r"anexo|ramal|dahili|доб|добавочный|внутр?|שלוחה|分机|分機|內線|内線|x|х"
)
# The word may stand against the digits ("1234x9"), but is no part of another word ("next").
_WORDED = re.compile(rf"(?<![^\W\d_])(?:{_WORDS})(?![^\W\d_])", re.IGNORECASE)
# American extensions have their sign at the end: "- 503#".
_DIALLED_AFTER = re.compile(r"\d(?:\D*[*#]|(?=\D*[,،;؛pw])\D*\d{1,6}\D*$)", re.IGNORECASE | re.ASCII)
_BETWEEN = re.compile(
    r"[,،;؛|\n&/\\~]|:{2,}|\d\s*\+|(?<![^\W\d_])(?:or|and|oder|ou|و|یا|او|أو)(?![^\W\d_])", re.IGNORECASE
)
_ENDS_OF_A_RANGE = re.compile(r"(?<!\d)(\d{4,})\s+[-–—]\s+(\d{4,})\s*$")
_DATE = re.compile(r"\s*\d{1,4}[/\\]\d{1,2}[/\\]\d{1,4}\s*").fullmatch
WHOLE = 7
"""Digits from which on a part of a cell counts as a number of its own."""


def has_extension(text: str) -> bool:
    """Tell whether a text, with digits 0 to 9, holds a number and an extension: worded, or dialled after it."""
    if sum(sign.isdigit() for sign in text) <= 5:
        return False
    return bool(_WORDED.search(text) or _DIALLED_AFTER.search(text))


def holds_several(text: str) -> bool:
    """Tell whether a text, with digits 0 to 9, holds more than one number, whatever stands between them."""
    parts: list[str] = _BETWEEN.split(text)
    return sum(sum(sign.isdigit() for sign in part) >= WHOLE for part in parts) > 1


def is_range(text: str) -> bool:
    """Tell whether a text ends with the first and last of a row of numbers, such as 5134 - 5135."""
    found = _ENDS_OF_A_RANGE.search(text)
    return found is not None and len(found[1]) == len(found[2]) and found[1][:2] == found[2][:2]


def is_date(text: str) -> bool:
    """Tell whether a text with strokes is a date rather than a number."""
    return bool(_DATE(text))


def digits_after_strokes(bare: str) -> list[int]:
    """Return for each stroke of a bare number how many digits follow it."""
    found, count = [], 0
    for sign in reversed(bare):
        if sign in "/\\":
            found.append(count)
        count += sign.isdigit()
    return found


def strokes_part_area_codes(after: list[int], national: int, area_code: int) -> bool:
    """Tell whether strokes only set off country or area code, as in 030/901820; any other stroke parts two numbers.

    `after` are the digits after each stroke, `national` those of the whole national number, `area_code` those of its
    area code or mobile prefix.
    """
    return all(rest >= 5 and national - rest <= min(area_code, rest - 1) for rest in after)
