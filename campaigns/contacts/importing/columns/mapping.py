"""Column mapping: what each column of a file means, which sheets are read, and from which row on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from callcenter.formats.placeholders import MAX_NAME, key_of, name_of
from campaigns.contacts.importing.cells import consent, wish_words

PHONE, OTHER_PHONE, NAME = "phone", "other_phone", "name"
TIME_ZONE, CONSENT_SOURCE, CONSENT_AT = "time_zone", "consent_source", "consent_at"
CONSENT, DO_NOT_CALL, TAGS = "consent", "do_not_call", "tags"
IGNORED = ""
VARIABLE = "var:"
SEVERAL = frozenset({OTHER_PHONE, NAME, DO_NOT_CALL})
"""Meanings that more than one column may have: further numbers in the file's order, the parts of a name, wishes."""
READ, SKIP = "read", "skip"
"""What is done with rows that the spreadsheet hides; empty while nobody has said."""

FIELDS: dict[str, Promise] = {
    PHONE: gettext_lazy("Phone number"),
    OTHER_PHONE: gettext_lazy("Another phone number"),
    NAME: gettext_lazy("Name"),
    TIME_ZONE: gettext_lazy("Time zone"),
    DO_NOT_CALL: gettext_lazy("Do not call (yes or no)"),
    TAGS: gettext_lazy("Tags (separated by commas)"),
    CONSENT: gettext_lazy("Consent (yes or no)"),
    CONSENT_SOURCE: gettext_lazy("Consent source"),
    CONSENT_AT: gettext_lazy("Consent date"),
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
        "given name", "middle name", "first", "last", "customer", "person", "نام و نام خانوادگی", "نام مشتری",
        "نام کامل", "نام", "نام خانوادگی", "الاسم", "اسم", "naam", "pura naam", "grahak", "upnaam", "नाम", "ग्राहक",
    ),
    TIME_ZONE: ("time zone", "timezone", "tz", "منطقه زمانی", "samay kshetra"),
    DO_NOT_CALL: wish_words.TITLES,
    CONSENT: consent.YES_NO_TITLES,
    CONSENT_SOURCE: ("consent source", "consent given by", "consent by", "منبع رضایت"),
    CONSENT_AT: ("consent at", "consent date", "consent given at", "consented at", "تاریخ رضایت", "sahmati tarikh"),
}  # fmt: skip
# Columns that our own file of bad rows adds, in each language that it is written in.
OUR_ROW_TITLES = frozenset({"row in the file", "سطر در فایل"})
OUR_TITLES = OUR_ROW_TITLES | {"reason", "دلیل"}
_EQUAL_LETTERS = str.maketrans("يكةأإآ\u200c_", "یکهااا  ")
_NO_WORD = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """How one sheet is read: its title rows, and where its columns stand among those of the whole file."""

    titles: tuple[int, ...] = ()
    """Row numbers of the titles, as the spreadsheet counts; rows above them are no people. Empty: no titles."""
    columns: tuple[int, ...] = ()
    """The file's column of each of the sheet's own; empty where they are the same."""


@dataclass(frozen=True, slots=True)
class FoundSheet:
    """A visible sheet as it was when the file was uploaded."""

    name: str
    rows: int
    """Rows below its titles that are not blank."""
    hidden: int = 0
    """How many of them the spreadsheet hides, by a filter or by hand."""
    has_numbers: bool = False


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """What each column means, which sheets and rows are read, and whether known people are updated."""

    columns: dict[int, str] = field(default_factory=dict)
    has_titles: bool = True
    """For a sheet without a layout: whether its first row holds titles."""
    update_known: bool = False
    sheets: tuple[str, ...] = ()
    """Names of the sheets that are read, in the file's order; empty: the first visible one that holds rows."""
    layouts: dict[str, SheetLayout] = field(default_factory=dict)
    hidden_rows: str = ""
    language: str = ""
    """Language in which lengths of time are written out, so that every reading of the file writes the same."""
    asks: dict[str, list[int]] = field(default_factory=dict)
    """Meanings for which several columns compete, with those columns; a person has to choose."""
    found: tuple[FoundSheet, ...] = ()
    untitled: tuple[int, ...] = ()
    """Columns without a title, which are left out until somebody names them."""
    is_own_export: bool = False
    """Whether it is a file of people that we wrote: its columns are known, and whoever is not to be called is kept."""

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ColumnMapping:
        """Return the mapping that is stored in `ContactImport.mapping`."""
        return cls(
            {int(column): meaning for column, meaning in stored.items() if column.isdigit()},
            bool(stored.get("has_titles", True)),
            bool(stored.get("update_known", False)),
            tuple(stored.get("sheets", ())),
            {
                name: SheetLayout(tuple(one.get("titles", ())), tuple(one.get("columns", ())))
                for name, one in stored.get("layouts", {}).items()
            },
            str(stored.get("hidden_rows", "")),
            str(stored.get("language", "")),
            {meaning: list(columns) for meaning, columns in stored.get("asks", {}).items()},
            tuple(FoundSheet(**one) for one in stored.get("found", ())),
            tuple(stored.get("untitled", ())),
            bool(stored.get("is_own_export", False)),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON for `ContactImport.mapping`: meanings by column position as text, beside the options."""
        stored: dict[str, Any] = {str(column): meaning for column, meaning in sorted(self.columns.items())}
        stored |= {"has_titles": self.has_titles, "update_known": self.update_known}
        if self.layouts:
            stored["layouts"] = {
                name: {"titles": list(one.titles), "columns": list(one.columns)} for name, one in self.layouts.items()
            }
        if self.found:
            stored["found"] = [asdict(one) for one in self.found]
        rest = {
            "sheets": list(self.sheets),
            "hidden_rows": self.hidden_rows,
            "language": self.language,
            "asks": self.asks,
            "untitled": list(self.untitled),
            "is_own_export": self.is_own_export,
        }
        return stored | {key: value for key, value in rest.items() if value}

    @property
    def not_read(self) -> list[FoundSheet]:
        """The visible sheets that hold rows and are not read."""
        return [sheet for sheet in self.found if sheet.rows and sheet.name not in self.sheets]

    @property
    def hidden(self) -> int:
        """The number of hidden rows in the sheets that are read."""
        return sum(sheet.hidden for sheet in self.found if sheet.name in self.sheets)

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


def plain_title(title: str) -> str:
    """Return a title normalized for comparison: unified letters, lower case, no punctuation."""
    folded = unicodedata.normalize("NFKC", title).translate(_EQUAL_LETTERS).lower()
    # Signs of vowels are part of a word, as in Hindi.
    kept = (sign if sign.isalnum() or unicodedata.category(sign)[0] == "M" else " " for sign in folded)
    return " ".join("".join(kept).split())


def place_cells(row: Sequence[str], columns: Sequence[int]) -> list[str]:
    """Return a row with each cell at its column of the whole file, "" between them."""
    placed = [""] * (max(columns, default=-1) + 1)
    for cell, column in zip(row, columns, strict=False):
        placed[column] = cell
    return placed
