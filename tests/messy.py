"""Writes files as real people upload them: mixed scripts, duplicates, rubbish, and what we must say of each row."""

from __future__ import annotations

import csv
import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PERSIAN = ["مریم حسینی", "علی رضایی", "زهرا محمدی", "محمد‌رضا کریمی", "نگار احمدی", "حسین يوسفي"]
INDIAN = ["Priya Sharma", "Arjun Patel", "Ananya Iyer", "Rahul Verma", "प्रिया नायर", "Sunita Rao"]
OTHERS = ["Maria Garcia", "O'Brien, Sean", 'Anna "Annie" Lee', "Zoë Müller", "John Smith", "Grace Kim"]
TITLES = {
    "fa": ["نام و نام خانوادگی", "شماره موبایل", "شهر", "کد سفارش"],
    "en": ["Full name", "Mobile number", "City", "Order no."],
}
COUNTRIES = {"bitel": ("IR",), "unleashx": ("IN",), "bolna": ("IN", "IR"), "voicy": ("IR", "US"), "vocode": ("US",)}
RUBBISH = (
    "", "12345", "no phone", "0912 12", "9.89121E+11", "+999 123 456 789", "09121234567, 09131234567", "-",
    "0000000000",
)  # fmt: skip
PERSIAN_DIGITS = str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


@dataclass(frozen=True, slots=True)
class MessyRow:
    """One row as it is written, and what the check must say of it."""

    number: int
    """As a spreadsheet counts, the titles are row 1."""
    name: str
    raw: str
    e164: str
    verdict: str
    """good, fixed, duplicate_in_file, do_not_call or bad."""


@dataclass(frozen=True, slots=True)
class MessyFile:
    """A written file, and all that is true of it."""

    path: Path
    rows: list[MessyRow]
    do_not_call: list[str] = field(default_factory=list)
    """Numbers that must stand on the do-not-call list before the check, for the verdicts to come true."""

    @property
    def callable(self) -> list[str]:
        """The numbers that are in the list afterwards, each once."""
        return [row.e164 for row in self.rows if row.verdict in {"good", "fixed"}]

    @property
    def counts(self) -> dict[str, int]:
        """How many rows get each verdict."""
        return dict(Counter(row.verdict for row in self.rows))


def local_numbers(country: str, ending: str, start: int = 0) -> Iterator[str]:
    """Yield valid, different national numbers of ten digits; `ending` fixes their last digits."""
    free = 10 ** (7 - len(ending))
    if country == "IR":
        for prefix in ("912", "913", "914", "915", "916", "917", "918", "935", "936", "937"):
            for index in range(free):
                yield f"{prefix}{(index + start) % free:0{7 - len(ending)}d}{ending}" if free > 1 else prefix + ending
    elif country == "IN":
        for prefix in ("987", "986", "985", "984", "983"):
            for index in range(free):
                yield f"{prefix}{(index + start + 65 * free // 100) % free:0{7 - len(ending)}d}{ending}"
    else:
        rest = 4 - len(ending)
        for area in ("202", "212", "303", "312", "404", "415", "512", "602", "617", "713", "206", "305", "503", "702"):
            for exchange in ("555", *(str(code) for code in range(220, 999) if code % 100 != 11)):
                for index in range(10**rest):
                    yield f"{area}{exchange}{index:0{rest}d}{ending}" if rest else f"{area}{exchange}{ending}"


def spelled(country: str, national: str, style: int, region: str) -> tuple[str, bool]:
    """Write a number in one of the ways people do; returns the text and whether that needs fixing."""
    code = {"IR": "98", "IN": "91", "US": "1"}[country]
    spaced = f"{national[:3]} {national[3:6]} {national[6:]}"
    if country != region:
        return [(f"+{code}{national}", False), (f"+{code} {spaced}", True), (f"00{code}{national}", True)][style % 3]
    trunk = {"IR": "0", "IN": "0", "US": ""}[country]
    usual = trunk + national if country != "IN" else national
    forms = [
        (usual, False),
        (f"+{code}{national}", False),
        (f"{trunk}{spaced}", True),
        (f"00{code}{national}", True),
        (usual.translate(PERSIAN_DIGITS), True),
        (f"{national}.0", True),
        (f"({trunk}{national[:3]}) {national[3:6]}-{national[6:]}", True),
        (f"{code}{national}", True),
        (f"'+{code}{national}", True),
        (f"\u200e+{code} {spaced}\u200c", True),
    ]
    if country == "IR":
        forms.append((national, True))
    return forms[style % len(forms)]


def messy_rows(
    rows: int, countries: Sequence[str], region: str, endings: Sequence[str], start: int
) -> tuple[list[MessyRow], list[str]]:
    """Make the rows: of every twelve, eight or nine people, one or two duplicates, one rubbish, one do-not-call."""
    sources = {
        (country, ending): local_numbers(country, ending, start) for country in countries for ending in endings or [""]
    }
    names = {"IR": itertools.cycle(PERSIAN), "IN": itertools.cycle(INDIAN), "US": itertools.cycle(OTHERS)}
    codes = {"IR": "98", "IN": "91", "US": "1"}
    turns = itertools.cycle(sources)
    made: list[MessyRow] = []
    people: list[tuple[str, str, str, str]] = []
    forbidden: list[str] = []
    for index in range(rows):
        number, kind = index + 2, index % 12
        if kind == 7:
            made.append(MessyRow(number, "Rubbish", RUBBISH[index // 12 % len(RUBBISH)], "", "bad"))
            continue
        if kind in {5, 9} and (kind == 5 or index % 24 == 9):
            name, country, national, e164 = people[len(people) * 2 // 3]
            raw, _fixed = spelled(country, national, index, region)
            made.append(MessyRow(number, name, raw, e164, "duplicate_in_file"))
            continue
        country, ending = next(turns)
        national = next(sources[country, ending])
        e164, name = f"+{codes[country]}{national}", next(names[country])
        raw, is_fixed = spelled(country, national, index // 2, region)
        if kind == 11:
            forbidden.append(e164)
            made.append(MessyRow(number, name, raw, e164, "do_not_call"))
            continue
        people.append((name, country, national, e164))
        made.append(MessyRow(number, name, raw, e164, "fixed" if is_fixed else "good"))
    return made, forbidden


def make_messy(
    path: Path, rows: int = 240, vendor: str = "", region: str = "IR", endings: Sequence[str] = ()
) -> MessyFile:
    """Make the rows of a file; files of different vendors share no number."""
    countries = COUNTRIES.get(vendor, ("IR", "IN", "US"))
    start = ["", *COUNTRIES].index(vendor) * 100 if vendor in COUNTRIES else 0
    made, forbidden = messy_rows(rows, countries, region, endings, start)
    return MessyFile(path, made, forbidden)


def cells(file: MessyFile) -> Iterator[list[str]]:
    """Yield the cells, titles first."""
    yield TITLES["fa"]
    for row in file.rows:
        yield [row.name, row.raw, "تهران" if row.number % 2 else "Pune", f"A-{row.number:05d}"]


def write_messy_csv(
    path: Path, rows: int = 240, vendor: str = "", region: str = "IR", endings: Sequence[str] = ()
) -> MessyFile:
    """Write a CSV file in UTF-8 with a mark, as Excel does. `region` is the country of numbers without a code.

    `endings` are the last digits that the numbers take in turn, such as the simulator's "0101"; `vendor` chooses the
    countries and keeps the numbers of several files apart (all but US ones with endings).
    """
    file = make_messy(path, rows, vendor, region, endings)
    with path.open("w", encoding="utf-8-sig", newline="") as out:
        csv.writer(out).writerows(cells(file))
    return file


def write_messy_xlsx(
    path: Path, rows: int = 240, vendor: str = "", region: str = "IR", endings: Sequence[str] = ()
) -> MessyFile:
    """Write the same as XLSX; plain digits without a leading zero become number cells, as Excel makes them."""
    import openpyxl

    file = make_messy(path, rows, vendor, region, endings)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("People")
    for line in cells(file):
        phone = line[1]
        is_number = phone.isascii() and phone.isdigit() and not phone.startswith("0")
        sheet.append([line[0], int(phone) if is_number else phone, *line[2:]])
    book.save(path)
    return file
