"""Check digits of national ids, so that a column of them is not taken for phone numbers."""

from __future__ import annotations

from collections.abc import Callable

# Verhoeff's tables, as UIDAI uses them for Aadhaar: https://uidai.gov.in
_TIMES = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 4, 0, 6, 7, 8, 9, 5), (2, 3, 4, 0, 1, 7, 8, 9, 5, 6),
    (3, 4, 0, 1, 2, 8, 9, 5, 6, 7), (4, 0, 1, 2, 3, 9, 5, 6, 7, 8), (5, 9, 8, 7, 6, 0, 4, 3, 2, 1),
    (6, 5, 9, 8, 7, 1, 0, 4, 3, 2), (7, 6, 5, 9, 8, 2, 1, 0, 4, 3), (8, 7, 6, 5, 9, 3, 2, 1, 0, 4),
    (9, 8, 7, 6, 5, 4, 3, 2, 1, 0),
)  # fmt: skip
_MOVED = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9), (1, 5, 7, 6, 2, 8, 3, 0, 9, 4), (5, 8, 0, 3, 7, 9, 6, 1, 4, 2),
    (8, 9, 1, 6, 0, 4, 3, 5, 2, 7), (9, 4, 5, 3, 1, 2, 6, 8, 7, 0), (4, 2, 8, 6, 5, 7, 3, 9, 0, 1),
    (2, 7, 9, 3, 8, 0, 6, 4, 1, 5), (7, 0, 4, 6, 9, 1, 3, 2, 5, 8),
)  # fmt: skip


def is_iranian_id(digits: str) -> bool:
    """Tell whether ten digits are an Iranian national id: the last is made from the others, modulo 11."""
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    rest = sum(int(digit) * (10 - place) for place, digit in enumerate(digits[:9])) % 11
    return int(digits[9]) == (rest if rest < 2 else 11 - rest)


def is_iranian_company_id(digits: str) -> bool:
    """Tell whether eleven digits are the national id of an Iranian company."""
    if len(digits) != 11:
        return False
    added = int(digits[9]) + 2
    weights = (29, 27, 23, 19, 17, 29, 27, 23, 19, 17)
    rest = sum((int(digit) + added) * weight for digit, weight in zip(digits[:10], weights, strict=True)) % 11
    return int(digits[10]) == (0 if rest == 10 else rest)


def is_aadhaar(digits: str) -> bool:
    """Tell whether twelve digits are an Indian Aadhaar number, by Verhoeff's check digit."""
    if len(digits) != 12 or digits[0] in "01":
        return False
    found = 0
    for place, digit in enumerate(reversed(digits)):
        found = _TIMES[found][_MOVED[place % 8][int(digit)]]
    return found == 0


def is_turkish_id(digits: str) -> bool:
    """Tell whether eleven digits are a Turkish identity number (T.C. Kimlik No)."""
    if len(digits) != 11 or digits[0] == "0":
        return False
    each = [int(digit) for digit in digits]
    tenth = (sum(each[0:9:2]) * 7 - sum(each[1:8:2])) % 10
    return each[9] == tenth and each[10] == sum(each[:10]) % 10


def is_brazilian_id(digits: str) -> bool:
    """Tell whether eleven digits are a Brazilian CPF."""
    if len(digits) != 11 or len(set(digits)) == 1:
        return False
    for length in (9, 10):
        rest = sum(int(digit) * (length + 1 - place) for place, digit in enumerate(digits[:length])) * 10 % 11 % 10
        if rest != int(digits[length]):
            return False
    return True


CHECKS: dict[str, tuple[Callable[[str], bool], ...]] = {
    "IR": (is_iranian_id, is_iranian_company_id),
    "IN": (is_aadhaar,),
    "TR": (is_turkish_id,),
    "BR": (is_brazilian_id,),
}
"""By the country of the numbers. An id of another country is found by its title, length and lack of a prefix only."""


def is_national_id(digits: str, region: str) -> bool:
    """Tell whether digits pass the check of an id of this country."""
    return any(check(digits) for check in CHECKS.get(region, ()))
