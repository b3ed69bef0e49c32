"""A number that a person types, in whatever form; also one of an unknown range that a manager took."""

from __future__ import annotations

from django.conf import settings

from campaigns.models import AllowedNumber
from campaigns.numbers import NOT_IN_USE, Trust, UnderstoodNumber, possible_number, understand_number


def understand_typed(text: str, region: str = "") -> UnderstoodNumber:
    """Parse a typed number; `region` is assumed for numbers without a country code, empty is the installation's.

    Reads the database only where the number is of a range that the library does not know.
    """
    region = region or settings.DEFAULT_REGION
    found = understand_number(text, region)
    if found.code != NOT_IN_USE:
        return found
    possible = possible_number(text, region)
    if possible and AllowedNumber.objects.filter(phone=possible).exists():
        return understand_number(text, region, Trust(taken=frozenset({possible})))
    return found
