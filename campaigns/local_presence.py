"""Which number of a pool calls a person: one of their area, else of their country. No database.

A number's area is what its country's own rules call the area code; mobile numbers and short ones have none.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException


class LocalNumber(NamedTuple):
    """A number of a pool, with where it is from."""

    pk: int
    region: str
    """ISO code of its country; empty where the number does not tell."""
    area: str
    """How numbers of its area begin, in E.164; empty where it has none."""


@lru_cache(maxsize=2_000)
def _place_of(number: str, region: str) -> tuple[str, str]:
    try:
        found = phonenumbers.parse(number, region or None)
    except NumberParseException:
        return "", ""
    digits = phonenumbers.length_of_geographical_area_code(found)
    national = phonenumbers.national_significant_number(found)
    area = f"+{found.country_code}{national[:digits]}" if digits else ""
    return phonenumbers.region_code_for_number(found) or "", area


def local_number(pk: int, number: str, region: str) -> LocalNumber:
    """Return a number of a pool with its country and area; `region` is that of numbers written without a country."""
    return LocalNumber(pk, *_place_of(number, region))


def choose(pool: Iterable[LocalNumber], phone: str, region: str, turn: int) -> int | None:
    """Return the number that calls a person: of their area, else of their country; None where none is.

    Of several that fit as well, `turn` (any number that stands for the person) says which, so that a person is always
    called from the same.
    """
    pool = list(pool)
    areas = [one for one in pool if one.area and phone.startswith(one.area)]
    longest = max((len(one.area) for one in areas), default=0)
    fitting = [one.pk for one in areas if len(one.area) == longest]
    fitting = fitting or [one.pk for one in pool if region and one.region == region]
    return sorted(fitting)[turn % len(fitting)] if fitting else None
