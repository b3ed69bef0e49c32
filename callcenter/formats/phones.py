"""Writes phone numbers for people: spaced, isolated left to right, whole or masked."""

from __future__ import annotations

from functools import lru_cache

import phonenumbers
from django.utils.html import format_html

from callcenter.formats.masking import dotted


@lru_cache(maxsize=8192)
def spaced(e164: str) -> str:
    """Return an E.164 number in international form with spaces; unchanged where it cannot be parsed."""
    try:
        return phonenumbers.format_number(phonenumbers.parse(e164), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        return e164


def phone(e164: str) -> str:
    """Return a phone number for reading, isolated left to right."""
    return format_html('<bdi dir="ltr">{}</bdi>', spaced(e164)) if e164 else "–"


def masked_phone(e164: str) -> str:
    """Return a phone number of which only the country and the last four digits show."""
    if not e164:
        return "–"
    country = spaced(e164).split(" ")[0] if " " in spaced(e164) else ""
    return format_html('<bdi dir="ltr">{}</bdi>', dotted(e164, country))
