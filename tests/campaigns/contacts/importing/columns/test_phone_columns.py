"""Which column is the phone number: what stands in it decides, a title between equals, a person where neither can."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import pytest

from campaigns.contacts.importing.columns.phone_columns import PhoneChoice, choose, weigh
from campaigns.contacts.importing.columns.title_words import PhoneTitle, phone_title

CHANCE = random.Random(5)


def some(count: int, write: Callable[[int], str]) -> list[str]:
    """Return cells that a function makes of random numbers below ten million."""
    return [write(CHANCE.randrange(10_000_000)) for _number in range(count)]


def iranian_ids(count: int) -> list[str]:
    """Return Iranian national ids with their check digit; some of them are landline numbers by chance."""
    found = []
    for number in some(count, lambda n: f"0{n:08d}"):
        rest = sum(int(digit) * (10 - place) for place, digit in enumerate(number)) % 11
        found.append(f"{number}{rest if rest < 2 else 11 - rest}")
    return found


MOBILES = some(20, lambda n: f"0912{n:07d}")
OTHER_MOBILES = some(20, lambda n: f"0935{n:07d}")
LANDLINES = some(20, lambda n: f"0218{n:07d}")
IDS = iranian_ids(30)
INDIAN = some(12, lambda n: f"987{n:07d}")
LOANS = [str(7_000_000_000 + 9311 * n) for n in range(12)]
ACCOUNTS = [str(9_000_000_000 + n * n) for n in range(12)]
AMERICAN_ACCOUNTS = [f"{area}5550{n:03d}" for n, area in enumerate(("212", "111", "415", "033", "104", "312", "190"))]
WORDS = ["a", "b", "c"]


def choice(region: str, **columns: Sequence[str]) -> PhoneChoice:
    titles = [title.replace("_", " ") for title in columns]
    weighed = [weigh(place, cells, titles[place], region) for place, cells in enumerate(columns.values())]
    return choose(weighed)


@pytest.mark.parametrize(
    ("region", "columns", "phone"),
    [
        ("IR", {"شماره ملی": IDS, "تماس": MOBILES}, 1),
        ("IR", {"National number": IDS, "Contact": MOBILES}, 1),
        ("IR", {"شماره": IDS, "x": MOBILES}, 1),
        ("IR", {"Customer Number": [f"2140{n:06d}" for n in range(7)], "Contact": MOBILES}, 1),
        ("IN", {"Loan Number": LOANS, "Contact": INDIAN}, 1),
        ("IN", {"Account no": ACCOUNTS, "Sampark": INDIAN}, 1),
        ("IN", {"Whatever": LOANS, "Mobile": INDIAN}, 1),
        ("IR", {"Phone": LANDLINES, "Mobile": MOBILES}, 1),
        ("IR", {"Mobile": MOBILES, "WhatsApp": OTHER_MOBILES}, 0),
        ("IR", {"Number": MOBILES, "City": WORDS}, 0),
        ("IR", {"Whatever": WORDS, "Kontakt": MOBILES}, 1),
        ("IR", {"مبلغ": some(9, lambda n: str(n)), "همراه مشتری": MOBILES}, 1),
        ("IR", {"Guarantor mobile": OTHER_MOBILES, "Mobile": MOBILES}, 1),
        ("IR", {"Phone": LANDLINES, "Referrer mobile": MOBILES}, 0),
        # Broken numbers under a clear title: the rows say what is wrong.
        ("IR", {"Name": WORDS, "Phone": ["1", "12", "x"]}, 1),
    ],
)
def test_contents_decide(region: str, columns: dict[str, list[str]], phone: int) -> None:
    assert choice(region, **columns)[:2] == (phone, [])


@pytest.mark.parametrize(
    ("region", "columns", "asked"),
    [
        ("IR", {"A": MOBILES, "B": OTHER_MOBILES}, [0, 1]),
        ("IR", {"Pilot phone": MOBILES, "Passenger phone": OTHER_MOBILES}, [0, 1]),
        ("IR", {"Number": MOBILES, "Contact": OTHER_MOBILES}, [0, 1]),
        ("IR", {"شماره": MOBILES, "ستون": OTHER_MOBILES}, [0, 1]),
        # Better numbers, under a title that says nothing.
        ("IR", {"Phone": LANDLINES, "Whatever": MOBILES}, [0, 1]),
        # Nothing else is there, and still it is not taken.
        ("IN", {"Loan Number": LOANS, "Customer": WORDS}, [0]),
        ("IR", {"تلفن ضامن": MOBILES, "نام": WORDS}, [0]),
        ("IR", {"Kundennr": [cell[1:] for cell in LANDLINES], "Name": WORDS}, [0]),
        ("US", {"Kontonr": AMERICAN_ACCOUNTS, "Name": WORDS}, [0]),
        ("US", {"Number": AMERICAN_ACCOUNTS, "Name": WORDS}, [0]),
        ("IN", {"": ACCOUNTS, "Name": WORDS}, [0]),
    ],
)
def test_a_person_is_asked_where_columns_compete(region: str, columns: dict[str, list[str]], asked: list[int]) -> None:
    assert choice(region, **columns)[:2] == (None, asked)


@pytest.mark.parametrize(
    "columns", [{"کد ملی": IDS, "نام": WORDS}, {"شماره ملی": IDS, "x": WORDS}, {"": IDS, " ": WORDS}]
)
def test_national_ids_are_nobody_s_phone(columns: dict[str, list[str]]) -> None:
    assert choice("IR", **columns) == (None, [], [])


def test_further_numbers_of_a_person_are_found_and_other_people_s_are_not() -> None:
    columns = {
        "Home phone": LANDLINES, "Phone 1 - Value": MOBILES, "Phone 2 - Value": [*OTHER_MOBILES[:3], "", ""],
        "Agent phone": OTHER_MOBILES, "تلفن محل کار": LANDLINES, "Fax": LANDLINES, "شماره ملی": IDS,
        "Mobile 3": ["", ""],
    }  # fmt: skip
    assert choice("IR", **columns) == (1, [], [0, 2, 4, 7])


def test_lost_plus_signs_of_other_countries_do_not_make_a_phone_column() -> None:
    assert choice("IR", Code=some(9, lambda n: f"1212{n:07d}"), X=WORDS) == (None, [], [])


@pytest.mark.parametrize(
    ("title", "meaning"),
    [
        ("Mobile", PhoneTitle.OWN), ("Customer phone (office)", PhoneTitle.OWN), ("تلفن همراه مشتری", PhoneTitle.OWN),
        ("मोबाइल नंबर", PhoneTitle.OWN), ("Phone 2 - Value", PhoneTitle.OWN), ("شماره تماس", PhoneTitle.OWN),
        ("Passenger phone", PhoneTitle.SOME), ("Number", PhoneTitle.WEAK), ("شماره", PhoneTitle.WEAK),
        ("Customer number", PhoneTitle.OTHER), ("کد ملی", PhoneTitle.OTHER), ("شماره حساب", PhoneTitle.OTHER),
        ("Emergency contact phone", PhoneTitle.OTHER), ("موبایل معرف", PhoneTitle.OTHER), ("Fax", PhoneTitle.OTHER),
        ("आधार नंबर", PhoneTitle.OTHER), ("City", PhoneTitle.UNKNOWN), ("नाम", PhoneTitle.UNKNOWN),
        ("", PhoneTitle.UNKNOWN),
    ],
)  # fmt: skip
def test_titles_of_phones(title: str, meaning: PhoneTitle) -> None:
    assert phone_title(title) == meaning
