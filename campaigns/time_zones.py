"""Time zones of phone numbers, and those that people give: which must all be in calling hours. No database."""

from __future__ import annotations

import zoneinfo
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from importlib import resources

import phonenumbers
import phonenumbers.timezone
from phonenumbers.phonenumberutil import COUNTRY_CODE_TO_REGION_CODE
from phonenumbers.tzdata import TIMEZONE_DATA

UNKNOWN_ZONE = "Etc/Unknown"
AREAS = frozenset(
    {
        "Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific",
    }
)  # fmt: skip
"""The areas of the zone database whose zones are places. Abbreviations (EST), offsets (Etc/GMT+5), UTC and what a
system names for itself (localtime, posixrules, Factory) say nothing of where a person is."""


# Zones that people give


@cache
def place_names() -> frozenset[str]:
    """Return the names of all zones of the form Area/City."""
    return frozenset(name for name in zoneinfo.available_timezones() if "/" in name and name.partition("/")[0] in AREAS)


@lru_cache(maxsize=1024)
def zone_named(name: str) -> zoneinfo.ZoneInfo | None:
    """Return the zone of the database with this name; None if there is none."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


@cache
def _countries_of_zones() -> dict[str, frozenset[str]]:
    """Return the countries of each zone, by the tables of the zone database, under its present and former names."""
    database = resources.files("tzdata") / "zoneinfo"
    found: dict[str, set[str]] = {}
    for table in ("zone.tab", "zone1970.tab"):
        for line in (database / table).read_text().splitlines():
            if not line.startswith("#"):
                countries, _place, name, *_rest = line.split("\t")
                found.setdefault(name, set()).update(countries.split(","))
    for line in (database / "tzdata.zi").read_text().splitlines():
        if line.startswith("L "):
            _link, present, former = line.split()
            found.setdefault(former, found.get(present, set()))
    return {name: frozenset(countries) for name, countries in found.items()}


@cache
def _country_of_zones() -> dict[str, str]:
    """Return the one country of each zone that the zone database has for each country, under all names."""
    database = resources.files("tzdata") / "zoneinfo"
    found: dict[str, str] = {}
    for line in (database / "zone.tab").read_text().splitlines():
        if not line.startswith("#"):
            country, _place, name, *_rest = line.split("\t")
            found.setdefault(name, country)
    for line in (database / "tzdata.zi").read_text().splitlines():
        if line.startswith("L "):
            _link, present, former = line.split()
            if present in found:
                found.setdefault(former, found[present])
    return found


def country_of_zone(name: str) -> str:
    """Return the ISO code of the country that a zone lies in; empty for one that is no place."""
    return _country_of_zones().get(name, "")


def is_elsewhere(e164: str, zone: str) -> bool:
    """Tell whether a zone that somebody gave is a place in no country that the number may be of."""
    if not zone or zone not in place_names():
        return False
    if zone in zones_of_number(e164):
        return False
    return not _countries_of_zones().get(zone, frozenset()) & _countries_of(e164)


def _countries_of(e164: str) -> frozenset[str]:
    """Return the country of a number; all that share its country code if it is not known which."""
    code = _country_code(e164)
    countries = COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()) if code else ()
    if len(countries) > 1:
        try:
            country = phonenumbers.region_code_for_number(phonenumbers.parse(e164))
        except phonenumbers.NumberParseException:
            country = None
        countries = (country,) if country else countries
    return frozenset(countries)


def zones_of(e164: str, own_zone: str) -> tuple[str, ...]:
    """Return the zones that must all be in calling hours.

    They are the person's own zone, if one is set that names a place; else all of the number's. Where the own zone lies
    in another country than the number, both count: nobody knows which of the two is right.
    """
    if not own_zone or own_zone not in place_names():
        return zones_of_number(e164)
    return _zones_with(e164, own_zone)


@lru_cache(maxsize=16_384)
def _zones_with(e164: str, own_zone: str) -> tuple[str, ...]:
    if not is_elsewhere(e164, own_zone):
        return (own_zone,)
    return tuple(dict.fromkeys((own_zone, *zones_of_number(e164))))


# Zones of numbers


def _country_code(e164: str) -> str:
    beginning = e164[1:4]
    ends = (beginning[:end] for end in (1, 2, 3))
    return next((code for code in ends if code.isdigit() and int(code) in COUNTRY_CODE_TO_REGION_CODE), "")


def _single_zone_codes() -> frozenset[str]:
    """Return the country calling codes whose numbers all have the same time zones."""
    zones: dict[str, set[tuple[str, ...]]] = {}
    for prefix, found in TIMEZONE_DATA.items():
        zones.setdefault(_country_code(f"+{prefix}"), set()).add(tuple(found))
    return frozenset(code for code, found in zones.items() if code and len(found) == 1)


SINGLE_ZONE_CODES = _single_zone_codes()
_ZONES_KEPT = 65_536
_zones_of_exchange: dict[tuple[str, int], tuple[str, ...]] = {}
_PREFIXES = sorted(TIMEZONE_DATA)


@lru_cache(maxsize=1000)
def _exchange_length(beginning: str) -> int:
    """Return how many leading characters of a number with this beginning determine its zones and its validity."""
    code = next((beginning[:end] for end in (1, 2, 3) if beginning[:end] in SINGLE_ZONE_CODES), "")
    return len(code) + 5 if code else -4


def zones_of_number(e164: str) -> tuple[str, ...]:
    """Return every time zone that a number may be in; empty if none is known.

    Cached by the leading digits that determine the zones.
    """
    key = (e164[: _exchange_length(e164[1:4])], len(e164))
    found = _zones_of_exchange.get(key)
    if found is None:
        if len(_zones_of_exchange) >= _ZONES_KEPT:
            _zones_of_exchange.clear()
        found = _zones_of_exchange[key] = _look_up_zones(e164)
    return found


def forget_zones() -> None:
    """Empty the cache of numbers' zones."""
    _zones_of_exchange.clear()


def _look_up_zones(e164: str) -> tuple[str, ...]:
    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return ()
    listed: Sequence[str] = phonenumbers.timezone.time_zones_for_number(parsed)
    if tuple(listed) == (UNKNOWN_ZONE,) and phonenumbers.is_possible_number(parsed):
        # Of a range that the library does not know: anywhere in its country.
        listed = tuple(_zones_below(str(parsed.country_code)))
    elif phonenumbers.is_number_type_geographical(phonenumbers.number_type(parsed), parsed.country_code or 0):
        listed = (*listed, *_zones_below(_longest_prefix(e164[1:])))
    return tuple(dict.fromkeys(zone for zone in listed if zone != UNKNOWN_ZONE))


def _longest_prefix(digits: str) -> str:
    """Return the longest beginning of a number that the library's table lists: at best its exchange."""
    return next((digits[:end] for end in range(len(digits), 0, -1) if digits[:end] in TIMEZONE_DATA), digits)


def _zones_below(prefix: str) -> Iterator[str]:
    """Yield the zones of everything that begins so: an exchange that is not listed may be like any that is."""
    for listed in _PREFIXES[bisect_left(_PREFIXES, prefix) :]:
        if not listed.startswith(prefix):
            return
        yield from TIMEZONE_DATA[listed]
