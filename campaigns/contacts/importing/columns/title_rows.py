"""Which rows of a sheet are its titles: below a heading, in two rows, or none because the first row is a person."""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext as _

from campaigns.contacts.importing.columns.mapping import plain_title
from campaigns.contacts.importing.columns.title_words import is_known_title, meaning_of_title
from campaigns.numbers import text_of_digits

SHOWN_ROWS = 10
"""Rows from the top in which titles are looked for, and which the page shows."""
MAX_TITLE = 80
_DIGIT = re.compile(r"\d", re.ASCII)
_DATE = re.compile(
    r"(?:(?:1[2-4]|19|20)\d\d([-/.])\d{1,2}\1\d{1,2}|\d{1,2}([-/.])\d{1,2}\2(?:1[2-4]|19|20)\d\d)(?:[ T].*)?", re.ASCII
).fullmatch
_MISSING = frozenset(
    map(plain_title, ("", "-", "--", "?", "n/a", "na", "none", "null", "nil", "unknown", "no phone", "no number",
                      "ندارد", "نامشخص", "خالی", "نداره", "نا مشخص"))
)  # fmt: skip

NumberedRow = tuple[int, Sequence[str]]
"""Row number as a spreadsheet counts, and cells."""


def find_title_rows(rows: Sequence[NumberedRow]) -> tuple[int, ...]:
    """Return the numbers of the title rows among the first rows of a sheet, blank ones left out; empty for none.

    A row of known title words is preferred, the one with most of them. Else the first row counts as titles if it
    differs from the rows below: words stand above numbers there. A row with a phone number, even a broken one, never
    counts, so that a person in the first row stays a person.
    """
    width = max((_filled_to(cells) for _number, cells in rows), default=0)
    first = rows[:SHOWN_ROWS]
    known = [0] * len(first)
    for place, (_number, cells) in enumerate(first):
        if _is_person(cells, width):
            break
        if _may_be_titles(cells, width):
            known[place] = sum(map(is_known_title, cells))
    best = max(range(len(first)), key=lambda place: (known[place], -place), default=None)
    if best is not None and known[best] < 2 and not (known[best] and _has_contrast(rows, best)):
        # A single known word may be a person's value, such as "customer".
        best = _by_contrast(rows, width)
    if best is None:
        return ()
    last = best
    while last + 1 < len(first) and known[last + 1] > 1 and first[last + 1][0] == first[last][0] + 1:
        last += 1
    start = best
    while start and first[start - 1][0] == first[start][0] - 1 and _is_upper_title(first[start - 1][1], width):
        start -= 1
    return tuple(number for number, _cells in first[start : last + 1])


def titles_of(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Return a title for each column from the title rows, the last of which counts; "" for a column without one.

    Where there are two rows, the upper one is joined to it where it helps: "Full" above "name", or "Wife" above one
    of two columns "Mobile".
    """
    spread = [_spread(row, width) if place < len(rows) - 1 else _padded(row, width) for place, row in enumerate(rows)]
    plain = [_padded(row, width) for row in rows]
    found: list[str] = []
    for column in range(width):
        own = plain[-1][column] if rows else ""
        above = [row[column] for row in spread[:-1] if row[column]]
        joined = " ".join([*above, own]).strip()
        upper = next((row[column] for row in reversed(plain[:-1]) if row[column]), "")
        same = [title for title in plain[-1] if title and title == own] if rows else []
        if own and above and meaning_of_title(joined)[0]:
            found.append(joined)
        elif own and is_known_title(own) and len(same) == 1:
            found.append(own)
        elif joined and own and (is_known_title(joined) or len(same) > 1):
            found.append(joined)
        elif upper and (not own or (is_known_title(upper) and not is_known_title(own))):
            found.append(upper)
        else:
            found.append(own)
    return [title[:MAX_TITLE] for title in found]


def headers_of(titles: Sequence[str]) -> list[str]:
    """Return what each column is called: its title, numbered if two are equal; "Column 3" for one without a title."""
    named: list[str] = []
    for position, title in enumerate(titles, start=1):
        text = title or _("Column %(number)s") % {"number": position}
        same = sum(1 for other in titles[: position - 1] if other and other == title)
        named.append(f"{text} ({same + 1})" if same else text)
    return named


def looks_like_number(cell: str) -> bool:
    """Tell whether a cell is a number of some length, as a phone number is, whole or broken."""
    text = text_of_digits(cell.strip())
    if _DATE(text):
        return False
    digits = len(_DIGIT.findall(text))
    return digits >= 5 and digits >= len([sign for sign in text if sign.isalnum()]) / 2


def _filled_to(cells: Sequence[str]) -> int:
    return max((place for place, cell in enumerate(cells, start=1) if cell.strip()), default=0)


def _filled(cells: Sequence[str]) -> list[str]:
    return [text for cell in cells if (text := cell.strip())]


def _is_person(cells: Sequence[str], width: int) -> bool:
    """Tell whether a row holds a phone number; alone in a wide sheet it belongs to a heading."""
    filled = _filled(cells)
    if len(filled) == 1 and width > 1:
        return False
    return any(len(_DIGIT.findall(text_of_digits(cell))) >= 7 and looks_like_number(cell) for cell in filled)


def _may_be_titles(cells: Sequence[str], width: int) -> bool:
    filled = _filled(cells)
    if not filled or any(len(cell) > MAX_TITLE or "@" in cell or looks_like_number(cell) for cell in filled):
        return False
    known = sum(map(is_known_title, filled))
    if len(filled) == 1 and width > 1:
        # A heading above the table, or a single column that has a title.
        return bool(known) and not cells[0].strip()
    plain = [text_of_digits(cell) for cell in filled]
    has_values = any(text.replace(".", "").replace(",", "").isdigit() or _DATE(text) for text in plain)
    return known >= 2 or not has_values


def _is_upper_title(cells: Sequence[str], width: int) -> bool:
    return len(_filled(cells)) > 1 and _may_be_titles(cells, width)


def _by_contrast(rows: Sequence[NumberedRow], width: int) -> int | None:
    """Return the place of the first row that is no heading, if words stand there above numbers."""
    place = next((place for place, (_n, cells) in enumerate(rows) if len(_filled(cells)) > 1 or width == 1), None)
    if place is None or place >= SHOWN_ROWS or _is_person(rows[place][1], width):
        return None
    return place if _may_be_titles(rows[place][1], width) and _has_contrast(rows, place) else None


def _has_contrast(rows: Sequence[NumberedRow], place: int) -> bool:
    """Tell whether words of a row stand above numbers, and none of its cells comes again below."""
    cells, body = rows[place][1], rows[place + 1 :]
    has_contrast = False
    for column, cell in enumerate(cells):
        below = [row[column].strip() for _n, row in body if column < len(row) and row[column].strip()]
        if cell.strip() and cell.strip() in below:
            return False
        numbers = sum(map(looks_like_number, below))
        if below and numbers >= 0.8 * len(below):
            is_words = plain_title(cell) not in _MISSING and len(_DIGIT.findall(text_of_digits(cell))) < 3
            has_contrast = has_contrast or is_words
    return has_contrast


def _padded(row: Sequence[str], width: int) -> list[str]:
    return ([" ".join(cell.split()) for cell in row] + [""] * width)[:width]


def _spread(row: Sequence[str], width: int) -> list[str]:
    """Return the cells of an upper title row, each repeated until the next: a merged cell keeps its text once."""
    found, last = [], ""
    for cell in _padded(row, width):
        last = cell or last
        found.append(last)
    return found
