"""Masking of numbers, ids and keys: only the last four characters show."""

from __future__ import annotations

import re

SHOWN = 4

_DIGIT = r"(?:\d|%DB%B\d|%D9%A\d)"
"""A digit of any script, also percent-encoded (Persian, Arabic)."""
_BETWEEN = (
    r"(?:[ \t\u00a0\u2009\u202f().\-\u2010-\u2015\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    r"|/(?=\d)|\+(?=\d)(?!\d\d:\d\d)|%(?:20|2[89DEF]|C2%A0))"
)
"""What numbers are written with: blanks, brackets, dots, dashes, marks of direction, also percent-encoded."""
_RUN = re.compile(
    rf"(?:(?P<plus>(?:\+|%2B|tel:){{1,2}}\(?)|(?<![\w.-])\(?|(?<=%[0-9A-F]{{2}})){_DIGIT}(?:{_BETWEEN}{{0,3}}{_DIGIT}){{6,24}}"
    r"(?![\w-]|\.\w|%DB%B|%D9%A)",
    re.IGNORECASE,
)
_PLAIN = str.maketrans("۰۱۲۳۴۵۶۷۸۹٠١٢٣٤٥٦٧٨٩", "01234567890123456789")
_ONE_DIGIT = re.compile(_DIGIT, re.IGNORECASE)
_YEAR = r"(?:1[34]|19|20)\d\d"
_DAY = re.compile(rf"(?:{_YEAR}([-./])\d{{1,2}}\1\d{{1,2}}|\d{{1,2}}([-./])\d{{1,2}}\2{_YEAR})(?!\d)(?: \d{{1,2}}$)?")
_ADDRESS = re.compile(r"(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?:25[0-5]|2[0-4]\d|1?\d?\d)){3}")
_DECIMAL = re.compile(r"\d+\.\d+")
_LONG_RUN = re.compile(rf"\+?{_DIGIT}(?:{_BETWEEN}{{0,3}}{_DIGIT}){{5,}}", re.IGNORECASE)


def last_four(value: str) -> str:
    """Return the last four characters, to compare or search by."""
    return value[-SHOWN:]


def ending(value: str) -> str:
    """Return a value masked but for its last four characters, such as `…4567`."""
    return f"…{last_four(value)}"


def ending_if_long(digits: str) -> str:
    """Return a number's last four digits, masked; empty where the number is so short that they would show it whole."""
    return ending(digits) if len(digits) > SHOWN else ""


def dotted(value: str, before: str = "") -> str:
    """Return a masked number with its beginning `before` and its last four digits, such as `+98 ••• 4567`."""
    return f"{before} ••• {last_four(value)}".strip()


def masked_numbers(text: str) -> str:
    """Return a text with what is written like a phone number masked to its last four digits.

    It is masked with a plus (also `%2B`, `tel:`) from 7 digits on, with a leading zero or bracket or blanks, dots and
    dashes from 8 or 9, and else from 10. Days, network addresses and decimal numbers stay. The time is linear.
    """
    return _RUN.sub(_masked_run, text)


def masked_runs(text: str) -> str:
    """Return a text with every run of six or more digits masked to its last four, whatever stands between them.

    Stricter than `masked_numbers`: for texts of others, in which nobody needs a day or an id.
    """
    return _LONG_RUN.sub(lambda found: ending(_digits(found[0])), text)


def _masked_run(found: re.Match[str]) -> str:
    run = found[0]
    before = ""
    if not found["plus"]:
        if day := _DAY.match(run.translate(_PLAIN)):
            before, run = run[: day.end()], run[day.end() :]
        if _ADDRESS.fullmatch(run) or _DECIMAL.fullmatch(run):
            return before + run
    digits = _digits(run)
    is_apart = len(digits) < len(run.strip("("))
    leads = digits[:1] in ("0", "\u06f0", "\u0660") or run.lstrip().startswith("(")
    fewest = 7 if found["plus"] else (8 if leads else 9) if is_apart else 9 if leads else 10
    if len(digits) < fewest:
        return before + run
    kept = run[: len(run) - len(run.lstrip())]
    return f"{before}{kept}{ending(digits)}"


def _digits(run: str) -> str:
    """Return the digits of a run; percent-encoded ones as plain ones, so that four of them are four."""
    return "".join(one if len(one) == 1 else one[-1] for one in _ONE_DIGIT.findall(run))
