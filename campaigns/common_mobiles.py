"""Mobile numbers in the forms in which nearly all of them are written, parsed without the library. No database.

Countries whose mobile numbers all have one length. The pattern of the numbers is phonenumbers' own, and a test compares
every country's forms with the library.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from phonenumbers import PhoneMetadata
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE

COUNTRIES = frozenset({
    "AE", "AF", "AM", "AU", "AZ", "BD", "BE", "BH", "CH", "CL", "CZ", "DK", "DZ", "EG", "ES", "FR", "GB", "GH",
    "GR", "HK", "IE", "IL", "IN", "IQ", "IR", "JO", "JP", "KE", "KW", "LK", "MA", "MX", "NG", "NO", "OM", "PH",
    "PK", "PL", "PT", "QA", "RO", "SA", "SE", "SG", "SK", "SY", "TH", "TJ", "TN", "TR", "UA", "US", "UZ", "VN",
    "YE",
})  # fmt: skip
PLAIN_IS_USUAL = frozenset({"IN", "US"})
"""Countries where people also write a number without the trunk prefix that there is, or was."""
_OF_CODE = {
    f"+{code}": region
    for code, regions in COUNTRY_CODE_TO_REGION_CODE.items()
    for region in regions
    if region in COUNTRIES
}
_Match = Callable[[str], re.Match[str] | None]


class HomeForms(NamedTuple):
    """How the mobile numbers of one country are written there."""

    match: _Match
    """Its groups are what stands before the number, and the number."""
    code: str
    """The calling code, such as `+98`."""
    usual: frozenset[str]
    """What stands before a number that needs no correction."""


@lru_cache(maxsize=len(COUNTRIES) + 8)
def forms_in(country: str) -> HomeForms | None:
    """Return the forms of a country (ISO 3166); None for one whose numbers the library has to parse."""
    if country not in COUNTRIES:
        return None
    metadata = PhoneMetadata.metadata_for_region(country)
    assert metadata is not None
    # The trunk prefix of the United States is its calling code: nobody writes it as anything else.
    code, trunk = str(metadata.country_code), "" if country == "US" else metadata.national_prefix or ""
    before = rf"\+{code}|00{code}|{code}|{trunk}|"
    usual = frozenset({f"+{code}", trunk, *([""] if country in PLAIN_IS_USUAL else [])})
    return HomeForms(_mobile(metadata, before), f"+{code}", usual)


def country_of(text: str) -> str:
    """Return the country of a text that is a mobile number in E.164; empty for any other text."""
    country = _OF_CODE.get(text[:3]) or _OF_CODE.get(text[:4]) or _OF_CODE.get(text[:2])
    return country if country is not None and _in_e164(country)(text) is not None else ""


@lru_cache(maxsize=len(COUNTRIES))
def _in_e164(country: str) -> _Match:
    metadata = PhoneMetadata.metadata_for_region(country)
    assert metadata is not None
    return _mobile(metadata, rf"\+{metadata.country_code}")


def _mobile(metadata: PhoneMetadata, before: str) -> _Match:
    """Return the matcher of a country's mobile numbers after one of these prefixes."""
    assert metadata.mobile is not None
    number, general = metadata.mobile, metadata.general_desc
    (length,) = number.possible_length or (general.possible_length if general is not None else ())
    return re.compile(rf"({before})(?=\d{{{length}}}\Z)({number.national_number_pattern})", re.ASCII).fullmatch
