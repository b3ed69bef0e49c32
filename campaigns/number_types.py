"""Number types: whether a number is an ordinary phone, costs more, belongs to no person, or is short. No database.

Types and ranges are those of the library phonenumbers (ITU national numbering plans).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from enum import StrEnum
from functools import lru_cache

import phonenumbers
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumberDesc, PhoneNumberType, shortnumberinfo
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

NON_GEOGRAPHIC = "001"
"""The library's region of codes that belong to no country, such as +979."""


class NumberType(StrEnum):
    """What a number is by its country's numbering plan."""

    ORDINARY = "ordinary"
    """Fixed line or mobile."""
    PREMIUM_RATE = "premium_rate"
    SHARED_COST = "shared_cost"
    PERSONAL = "personal"
    PAGER = "pager"
    UAN = "uan"
    VOICEMAIL = "voicemail"
    TOLL_FREE = "toll_free"
    VOIP = "voip"
    SHORT = "short"
    """Short and emergency numbers, which nothing allows."""
    UNKNOWN = "unknown"
    """Of no range that the library knows; a manager may allow one number."""


LABELS: dict[str, Promise] = {
    NumberType.PREMIUM_RATE: _("premium rate"),
    NumberType.SHARED_COST: _("shared cost"),
    NumberType.PERSONAL: _("forwarded personal number"),
    NumberType.PAGER: _("pager"),
    NumberType.UAN: _("company number (UAN)"),
    NumberType.VOICEMAIL: _("voicemail"),
    NumberType.TOLL_FREE: _("toll-free"),
    NumberType.VOIP: _("internet phone (VoIP)"),
}
"""The types that the settings may refuse, in the order in which they are offered."""
SENTENCES: dict[NumberType, Promise] = {
    NumberType.PREMIUM_RATE: _("This is a premium rate number: a call costs far more than usual."),
    NumberType.SHARED_COST: _("This is a shared cost number: a call may cost more than usual."),
    NumberType.PERSONAL: _("This is a personal number: calls are forwarded and the price is not known."),
    NumberType.PAGER: _("This is a pager: you cannot talk to anyone there."),
    NumberType.UAN: _("This number belongs to a company (UAN), not to a person."),
    NumberType.VOICEMAIL: _("This is a voicemail number: you cannot talk to anyone there."),
    NumberType.TOLL_FREE: _("This is a toll-free number, not a person's number."),
    NumberType.VOIP: _("This is an internet phone number (VoIP)."),
    NumberType.SHORT: _("This is a short or emergency number: it is never called."),
    NumberType.UNKNOWN: _("This number is not known to be in use in its country."),
}
"""Why a number of each type is not called."""
_OF_LIBRARY = {
    PhoneNumberType.FIXED_LINE: NumberType.ORDINARY,
    PhoneNumberType.MOBILE: NumberType.ORDINARY,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: NumberType.ORDINARY,
    PhoneNumberType.PREMIUM_RATE: NumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST: NumberType.SHARED_COST,
    PhoneNumberType.PERSONAL_NUMBER: NumberType.PERSONAL,
    PhoneNumberType.PAGER: NumberType.PAGER,
    PhoneNumberType.UAN: NumberType.UAN,
    PhoneNumberType.VOICEMAIL: NumberType.VOICEMAIL,
    PhoneNumberType.TOLL_FREE: NumberType.TOLL_FREE,
    PhoneNumberType.VOIP: NumberType.VOIP,
}
_SPECIAL = ("premium_rate", "shared_cost", "personal_number", "pager", "uan", "voicemail", "toll_free", "voip")
_Match = Callable[[str], re.Match[str] | None]
SHORTEST = 7
"""Digits after the country code from which on a number that the library does not know is none of the short ones."""


def type_of(e164: str) -> NumberType:
    """Return the type of a number in E.164."""
    if is_ordinary(e164):
        return NumberType.ORDINARY
    try:
        parsed = phonenumbers.parse(e164)
    except NumberParseException:
        return NumberType.SHORT if len(e164) - 1 < SHORTEST else NumberType.UNKNOWN
    found = _OF_LIBRARY.get(phonenumbers.number_type(parsed), NumberType.UNKNOWN)
    national = phonenumbers.national_significant_number(parsed)
    return NumberType.SHORT if found is NumberType.UNKNOWN and len(national) < SHORTEST else found


def refused_type(e164: str, refused: Collection[str], *, is_allowed: bool = False) -> NumberType | None:
    """Return the type for which a number is not called; None if it may be.

    `refused` are the types that the settings refuse; `is_allowed` says that a manager allowed this number.
    """
    if is_ordinary(e164):
        return None
    found = type_of(e164)
    if found is NumberType.SHORT:
        return found
    return found if not is_allowed and (found is NumberType.UNKNOWN or found in refused) else None


def is_short(number: str, region: str) -> bool:
    """Tell whether digits as they are dialled in a country are one of its emergency or short numbers."""
    if len(number) >= SHORTEST or not number.isascii() or not number.isdigit():
        return False
    return bool(
        shortnumberinfo.is_emergency_number(number, region)
        or shortnumberinfo.is_valid_short_number_for_region(phonenumbers.parse(number, region), region)
    )


def has_usual_price(e164: str) -> bool:
    """Tell whether a provider's price a minute may be believed for a number: of fixed lines, mobiles, internet phones.

    Nobody states what any other costs.
    """
    return is_ordinary(e164) or type_of(e164) in {NumberType.ORDINARY, NumberType.VOIP, NumberType.TOLL_FREE}


def is_ordinary(e164: str) -> bool:
    """Tell whether a number is surely a fixed line or mobile, at the price of one pattern; False may mean either."""
    plan = _plan_of(e164[1:4])
    return plan is not None and plan(e164) is not None


@lru_cache(maxsize=1024)
def _plan_of(beginning: str) -> _Match | None:
    """Return the matcher of a country code's ordinary numbers, in E.164, that are not of another type as well."""
    code = next((beginning[:end] for end in (1, 2, 3) if beginning[:end].isdigit() and _regions(beginning[:end])), "")
    if not code:
        return None
    ordinary, special = [], []
    for region in _regions(code):
        metadata = (
            PhoneMetadata.metadata_for_nongeo_region(int(code))
            if region == NON_GEOGRAPHIC
            else PhoneMetadata.metadata_for_region(region)
        )
        if metadata is not None:
            ordinary += _patterns(metadata.fixed_line, metadata.mobile)
            special += _patterns(*(getattr(metadata, name) for name in _SPECIAL))
    ordinary, special = list(dict.fromkeys(ordinary)), list(dict.fromkeys(special))
    other = rf"(?!(?:{'|'.join(special)})\Z)" if special else ""
    return re.compile(rf"\+{code}{other}(?:{'|'.join(ordinary) or '(?!)'})", re.ASCII).fullmatch


def _regions(code: str) -> tuple[str, ...]:
    return tuple(COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()))


def _patterns(*descriptions: PhoneNumberDesc | None) -> list[str]:
    return [
        f"(?:{found.national_number_pattern})"
        for found in descriptions
        if found is not None and found.national_number_pattern
    ]
