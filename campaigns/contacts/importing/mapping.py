"""Column mapping: guesses what each column of a file means, from its title and its contents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.formats.placeholders import MAX_NAME, key_of, name_of
from campaigns.numbers import understand_number

PHONE, NAME, TIME_ZONE, CONSENT_SOURCE, CONSENT_AT = "phone", "name", "time_zone", "consent_source", "consent_at"
IGNORED = ""
VARIABLE = "var:"

FIELDS: dict[str, Promise] = {
    PHONE: gettext_lazy("Phone number"),
    NAME: gettext_lazy("Name"),
    TIME_ZONE: gettext_lazy("Time zone"),
    CONSENT_SOURCE: gettext_lazy("Consent given by"),
    CONSENT_AT: gettext_lazy("Consent given at"),
}

# Titles in English, Persian, Arabic, and Hindi in Latin and Devanagari letters, the most certain first.
TITLES: dict[str, tuple[str, ...]] = {
    PHONE: (
        "mobile number", "mobile phone", "cell phone", "phone number", "contact number", "whatsapp number",
        "mobile no", "phone no", "contact no", "mobile", "cell", "phone", "msisdn", "telephone", "tel", "number",
        "شماره موبایل", "شماره همراه", "تلفن همراه", "موبایل", "همراه", "شماره تماس", "شماره تلفن", "تلفن", "شماره",
        "الجوال", "رقم الهاتف", "الهاتف", "mobile nambar", "phone nambar", "mobail", "nambar", "sampark",
        "मोबाइल", "मोबाइल नंबर", "फ़ोन", "फोन", "नंबर", "whatsapp",
    ),
    NAME: (
        "full name", "customer name", "contact name", "name", "first name", "last name", "surname", "family name",
        "given name", "customer", "person", "نام و نام خانوادگی", "نام مشتری", "نام کامل", "نام", "نام خانوادگی",
        "الاسم", "اسم", "naam", "pura naam", "grahak", "upnaam", "नाम", "ग्राहक",
    ),
    TIME_ZONE: ("time zone", "timezone", "tz", "منطقه زمانی", "samay kshetra"),
    CONSENT_SOURCE: ("consent source", "consent given by", "consent by", "consent", "رضایت", "منبع رضایت", "sahmati"),
    CONSENT_AT: ("consent at", "consent date", "consent given at", "consented at", "تاریخ رضایت", "sahmati tarikh"),
}  # fmt: skip
# Columns that our own file of bad rows adds.
OUR_TITLES = frozenset({"row in the file", "reason"})
_EQUAL_LETTERS = str.maketrans("يكةأإآ\u200c_", "یکهااا  ")
_NO_WORD = re.compile(r"[^\w]+")
LEAST_SHARE = 0.3
"""A column holds phone numbers if at least this share of its filled cells can be parsed."""


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What each column means, whether the first row holds titles, and whether known people are updated."""

    columns: dict[int, str] = field(default_factory=dict)
    has_titles: bool = True
    update_known: bool = False

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ColumnMapping:
        """Return the mapping that is stored in `ContactImport.mapping`."""
        return cls(
            {int(column): meaning for column, meaning in stored.items() if column.isdigit()},
            bool(stored.get("has_titles", True)),
            bool(stored.get("update_known", False)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON for `ContactImport.mapping`: meanings by column position as text, and the two options."""
        columns = {str(column): meaning for column, meaning in sorted(self.columns.items())}
        return columns | {"has_titles": self.has_titles, "update_known": self.update_known}

    def columns_of(self, meaning: str) -> list[int]:
        """Return the positions of the columns with this meaning, in the file's order."""
        return sorted(column for column, found in self.columns.items() if found == meaning)

    def variables(self) -> dict[int, str]:
        """Return column position to variable name, for all columns that are stored as variables."""
        return {
            column: meaning.removeprefix(VARIABLE)
            for column, meaning in sorted(self.columns.items())
            if meaning.startswith(VARIABLE)
        }


def guess_mapping(first_rows: Sequence[Sequence[str]], region: str) -> tuple[list[str], ColumnMapping]:
    """Return the titles of the columns and the guessed mapping; columns of unknown meaning become variables.

    Without a title row the titles are generated ("Column 1"). If no phone column is found, the user has to choose it.
    """
    width = max((len(row) for row in first_rows), default=0)
    has_titles = bool(first_rows) and not any(understand_number(cell, region).e164 for cell in first_rows[0])
    body = first_rows[1:] if has_titles else first_rows
    titles = titles_of(first_rows[0] if has_titles else [], width)
    meanings = {column: _by_title(title) if has_titles else ("", 99) for column, title in enumerate(titles)}
    columns: dict[int, str] = {}

    phone = _phone_column(meanings, body, width, region)
    if phone is not None:
        columns[phone] = PHONE
    for column, (meaning, _rank) in meanings.items():
        if column in columns or meaning == PHONE:
            continue
        if meaning == NAME or (meaning and meaning not in columns.values()):
            columns[column] = meaning
    columns = _one_whole_name(columns, titles)
    # With titles, an unknown column of words is not taken for the name: it may be a city. The user chooses.
    if not has_titles:
        name = _name_column(body, width, columns)
        if name is not None:
            columns[name] = NAME
    taken: set[str] = set()
    for column, title in enumerate(titles):
        if column in columns:
            continue
        has_values = any(len(row) > column and row[column].strip() for row in body)
        if plain_title(title) in OUR_TITLES or not has_values:
            columns[column] = IGNORED
        else:
            columns[column] = VARIABLE + variable_name(title, taken)
    return titles, ColumnMapping(columns, has_titles)


def variable_name(title: str, taken: set[str] | None = None) -> str:
    """Return the name of a column's variable: its title, as readable as the grammar of variables allows.

    `taken` holds the keys of names in use, to which it is added; equal titles get a number, as in `City 2`.
    """
    base = name_of(title) or "column"
    name, number = base, 2
    while taken is not None and key_of(name) in taken:
        name, number = f"{base[: MAX_NAME - 4].rstrip()} {number}", number + 1
    if taken is not None:
        taken.add(key_of(name))
    return name


def titles_of(row: Sequence[str], width: int) -> list[str]:
    """Return a title for each column: the row's own, numbered if two are equal; "Column n" if it is empty."""
    titles = [" ".join(cell.split())[:80] for cell in row] + [""] * (width - len(row))
    named: list[str] = []
    for position, title in enumerate(titles, start=1):
        text = title or _("Column %(number)s") % {"number": position}
        same = sum(1 for other in titles[: position - 1] if other and other == title)
        named.append(f"{text} ({same + 1})" if same else text)
    return named


def plain_title(title: str) -> str:
    """Return a title normalized for comparison: unified letters, lower case, no punctuation."""
    folded = unicodedata.normalize("NFKC", title).translate(_EQUAL_LETTERS).lower()
    return _NO_WORD.sub(" ", folded).strip()


_RANKS = {plain_title(title): (meaning, rank) for meaning, found in TITLES.items() for rank, title in enumerate(found)}


def _by_title(title: str) -> tuple[str, int]:
    plain = re.sub(r" \d+$", "", plain_title(title))
    exact = _RANKS.get(plain)
    if exact is not None:
        return exact
    words = f" {plain} "
    for known, (meaning, rank) in _RANKS.items():
        if meaning in {PHONE, NAME} and len(known) > 3 and f" {known} " in words:
            # "Customer phone (office)" is less certain than "phone"; "company name" is not a person's name.
            return ("", 99) if meaning == NAME else (meaning, rank + 50)
    return "", 99


def _shares(body: Sequence[Sequence[str]], width: int, region: str) -> list[float]:
    """Return for each column the share of its filled cells that are phone numbers."""
    shares = []
    for column in range(width):
        cells = [row[column] for row in body if len(row) > column and row[column].strip()]
        understood = sum(1 for cell in cells if understand_number(cell, region).e164)
        shares.append(understood / len(cells) if cells else 0.0)
    return shares


def _phone_column(
    meanings: Mapping[int, tuple[str, int]], body: Sequence[Sequence[str]], width: int, region: str
) -> int | None:
    shares = _shares(body, width, region)
    titled = [(rank, column) for column, (meaning, rank) in meanings.items() if meaning == PHONE]
    likely = [(rank, column) for rank, column in titled if shares[column] >= LEAST_SHARE]
    if likely:
        return min(likely)[1]
    best = max(range(width), key=lambda column: shares[column], default=None)
    if best is not None and shares[best] >= LEAST_SHARE:
        return best
    return min(titled)[1] if titled else None


def _one_whole_name(columns: dict[int, str], titles: Sequence[str]) -> dict[int, str]:
    """Return the columns with either a whole-name column or the parts of a name, never both; parts are joined."""
    names = [column for column, meaning in columns.items() if meaning == NAME]
    if len(names) < 2:
        return columns
    whole = [c for c in names if plain_title(titles[c]) in _WHOLE_NAMES]
    kept = whole[:1] or names
    return {column: meaning for column, meaning in columns.items() if meaning != NAME or column in kept}


_WHOLE_NAMES = {
    plain_title(title)
    for title in (
        "full name", "customer name", "contact name", "customer", "person", "نام و نام خانوادگی", "نام مشتری",
        "نام کامل", "pura naam", "grahak",
    )
}  # fmt: skip


def _name_column(body: Sequence[Sequence[str]], width: int, columns: Mapping[int, str]) -> int | None:
    """Return the first column most of whose cells are words: letters, no digits, not all the same."""
    for column in range(width):
        if column in columns:
            continue
        cells = [row[column].strip() for row in body if len(row) > column and row[column].strip()]
        words = [cell for cell in cells if any(map(str.isalpha, cell)) and not any(map(str.isdigit, cell))]
        if cells and len(words) >= 0.7 * len(cells) and (len(set(words)) > len(words) / 2):
            return column
    return None
