"""Time zones of numbers and people: places only, and where they contradict each other, all of them."""

from __future__ import annotations

import zoneinfo

import phonenumbers
import pytest
from phonenumbers.tzdata import TIMEZONE_DATA

from campaigns import time_zones
from tests.conftest import MARYAM

NEW_YORK, LONDON = "+12125550123", "+442079460123"


@pytest.mark.parametrize(
    "name",
    [
        "UTC", "GMT", "EST", "MST", "EST5EDT", "CET", "localtime", "posixrules", "Factory", "Etc/UTC", "Etc/GMT+5",
        "Etc/Unknown", "Iran", "US/Eastern", "posix/Asia/Tehran", "right/Asia/Tehran", "Asia", "Asia/", "asia/tehran",
        "America", "../Asia/Tehran", "Mars/Olympus", "+03:30", "",
    ],
)  # fmt: skip
def test_what_names_no_place_is_not_used(name: str) -> None:
    assert name not in time_zones.place_names()
    assert time_zones.zones_of(MARYAM, name) == ("Asia/Tehran",)


@pytest.mark.parametrize("name", ["Asia/Tehran", "Asia/Calcutta", "Asia/Kolkata", "America/Argentina/Buenos_Aires"])
def test_a_place_is_one_under_its_present_and_former_name(name: str) -> None:
    assert name in time_zones.place_names()
    assert isinstance(time_zones.zone_named(name), zoneinfo.ZoneInfo)


@pytest.mark.parametrize(
    ("number", "own", "zones"),
    [
        (MARYAM, "Asia/Tehran", ("Asia/Tehran",)),
        (MARYAM, "America/New_York", ("America/New_York", "Asia/Tehran")),
        (MARYAM, "Europe/Berlin", ("Europe/Berlin", "Asia/Tehran")),
        ("+919876543210", "Asia/Kolkata", ("Asia/Kolkata",)),
        ("+919876543210", "Asia/Calcutta", ("Asia/Calcutta",)),
        (NEW_YORK, "America/Los_Angeles", ("America/Los_Angeles",)),
        (NEW_YORK, "America/Toronto", ("America/Toronto", "America/New_York")),
        (LONDON, "Asia/Tehran", ("Asia/Tehran", "Europe/London")),
        ("+46701234567", "Europe/Stockholm", ("Europe/Stockholm",)),
    ],
)
def test_a_zone_of_another_country_and_the_numbers_own_must_both_be_open(
    number: str, own: str, zones: tuple[str, ...]
) -> None:
    assert time_zones.zones_of(number, own) == zones
    assert time_zones.is_elsewhere(number, own) is (len(zones) > 1)


def test_an_exchange_that_is_not_listed_counts_as_every_zone_of_its_area_code() -> None:
    # Florida's 850 is listed as New York's, its exchanges of the west one by one as Chicago's.
    assert "1850999" not in TIMEZONE_DATA
    assert set(time_zones.zones_of_number("+18509995555")) == {"America/New_York", "America/Chicago"}
    assert time_zones.zones_of_number("+18502005555") == ("America/Chicago",)
    # Idaho's 208: a listed beginning that is longer than the area code.
    assert set(time_zones.zones_of_number("+12082985555")) >= {"America/Boise", "America/Los_Angeles"}


def test_no_listed_zone_below_an_area_code_is_forgotten() -> None:
    """For every area code of North America: what is not listed itself has all the zones that are listed below it."""
    codes = {prefix[:4] for prefix in TIMEZONE_DATA if prefix.startswith("1") and len(prefix) > 4}
    judged = 0
    for code in sorted(codes):
        listed = {prefix for prefix in TIMEZONE_DATA if prefix.startswith(code)}
        exchange = next(
            (f"{code}{n}" for n in range(200, 1000) if not any(f"{code}{n}".startswith(p) for p in listed - {code})), ""
        )
        number = f"+{exchange}5555"
        if not exchange or not phonenumbers.is_valid_number(phonenumbers.parse(number)):
            continue
        judged += 1
        below = {zone for prefix in listed for zone in TIMEZONE_DATA[prefix]}
        assert below <= set(time_zones.zones_of_number(number)), number
    assert judged > 10


def test_a_number_of_an_unknown_range_may_be_anywhere_in_its_country() -> None:
    assert time_zones.zones_of_number("+989681234567") == ("Asia/Tehran",)
    assert time_zones.zones_of_number("+999123456789") == ()
