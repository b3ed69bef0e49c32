"""Country names by ISO code: how a number was understood, and the countries that a form offers."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

PLAINER = {
    "GB": "United Kingdom",
    "KR": "South Korea",
    "KP": "North Korea",
    "CD": "DR Congo",
    "CG": "Republic of the Congo",
    "AE": "United Arab Emirates",
    "MM": "Myanmar",
    "CI": "Ivory Coast",
}
"""Where the list's own spelling is not what people say."""

MET_MOST = (
    *(gettext_noop("Iran"), gettext_noop("India"), gettext_noop("United States"), gettext_noop("Israel")),
    *(gettext_noop("Afghanistan"), gettext_noop("Armenia"), gettext_noop("Azerbaijan"), gettext_noop("Bahrain")),
    *(gettext_noop("Iraq"), gettext_noop("Kuwait"), gettext_noop("Oman"), gettext_noop("Pakistan")),
    *(gettext_noop("Qatar"), gettext_noop("Saudi Arabia"), gettext_noop("Turkey"), gettext_noop("Turkmenistan")),
    *(gettext_noop("United Arab Emirates"), gettext_noop("Tajikistan"), gettext_noop("Georgia"), gettext_noop("Syria")),
    *(gettext_noop("Lebanon"), gettext_noop("Jordan"), gettext_noop("Egypt"), gettext_noop("Cyprus")),
    *(gettext_noop("United Kingdom"), gettext_noop("Germany"), gettext_noop("France"), gettext_noop("Italy")),
    *(gettext_noop("Spain"), gettext_noop("Netherlands"), gettext_noop("Belgium"), gettext_noop("Austria")),
    *(gettext_noop("Switzerland"), gettext_noop("Sweden"), gettext_noop("Norway"), gettext_noop("Denmark")),
    *(gettext_noop("Finland"), gettext_noop("Greece"), gettext_noop("Poland"), gettext_noop("Russia")),
    *(gettext_noop("Canada"), gettext_noop("Australia"), gettext_noop("China"), gettext_noop("Japan")),
    *(gettext_noop("South Korea"), gettext_noop("Malaysia"), gettext_noop("Bangladesh"), gettext_noop("Brazil")),
)
"""Countries whose names are translated; any other is shown in English."""

ASKED_FOR: tuple[tuple[str, str | Promise], ...] = (
    ("IR", _("Iran (0912…)")),
    ("IN", _("India (98765…)")),
    ("US", _("United States (202 555…)")),
    ("AE", _("United Arab Emirates")),
    ("AF", _("Afghanistan")),
    ("AU", _("Australia")),
    ("BD", _("Bangladesh")),
    ("CA", _("Canada")),
    ("DE", _("Germany")),
    ("FR", _("France")),
    ("GB", _("United Kingdom")),
    ("IQ", _("Iraq")),
    ("OM", _("Oman")),
    ("PK", _("Pakistan")),
    ("QA", _("Qatar")),
    ("SA", _("Saudi Arabia")),
    ("TR", _("Turkey")),
)
"""The countries that a form offers for numbers without a country code, the default one beside them."""


@cache
def _names() -> dict[str, str]:
    # Read from the time zone data, which is installed anyway; the phone library's own list takes seconds to load.
    rows = (files("tzdata.zoneinfo") / "iso3166.tab").read_text(encoding="utf-8").splitlines()
    return dict(row.split("\t", 1) for row in rows if row and not row.startswith("#")) | PLAINER


def country_name(region: str) -> str:
    """Return the name of a country by its ISO 3166 code; the code itself if it is unknown."""
    name = _names().get(region, region)
    return gettext(name) if name else ""


def country_choices(default: str) -> list[tuple[str, str | Promise]]:
    """Return the countries a form offers as (ISO code, name), `default` among them."""
    is_offered = any(code == default for code, _name in ASKED_FOR)
    return [*ASKED_FOR] if is_offered else [(default, country_name(default)), *ASKED_FOR]
