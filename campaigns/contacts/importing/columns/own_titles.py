"""Titles of our own files of people: by them such a file is read as what it was, whatever stands in its cells.

The titles are part of the format: files of earlier releases are read by them, so none is ever worded anew.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from campaigns.contacts.importing.columns.mapping import (
    CONSENT,
    CONSENT_AT,
    CONSENT_SOURCE,
    DO_NOT_CALL,
    IGNORED,
    NAME,
    OTHER_PHONE,
    PHONE,
    TAGS,
    TIME_ZONE,
    VARIABLE,
    plain_title,
    variable_name,
)
from campaigns.core.csv_cells import unguarded

MASKED, COUNTRY, LISTS = "masked", "country", "lists"
"""Columns of ours besides those with a meaning: masked numbers; what the number says itself; what is only told."""
TITLES: dict[str, dict[str, str]] = {
    "en": {
        PHONE: "Number",
        MASKED: "Number (masked)",
        NAME: "Name",
        OTHER_PHONE: "Other number",
        COUNTRY: "Country",
        TIME_ZONE: "Time zone",
        TAGS: "Tags",
        LISTS: "Lists",
        CONSENT: "Consent",
        CONSENT_SOURCE: "Consent given by",
        CONSENT_AT: "Consent given at",
        DO_NOT_CALL: "Do not call",
    },
    "fa": {
        PHONE: "شماره",
        MASKED: "شماره (پوشیده)",
        NAME: "نام",
        OTHER_PHONE: "شمارهٔ دیگر",
        COUNTRY: "کشور",
        TIME_ZONE: "منطقهٔ زمانی",
        TAGS: "برچسب‌ها",
        LISTS: "فهرست‌ها",
        CONSENT: "رضایت",
        CONSENT_SOURCE: "رضایت از طریق",
        CONSENT_AT: "تاریخ رضایت",
        DO_NOT_CALL: "تماس نگیرید",
    },
}
YES: dict[str, str] = {"en": "yes", "fa": "بله"}
HELD: dict[str, str] = {"en": "held", "fa": "در انتظار تصمیم"}
"""In the do-not-call column: somebody has to decide, here as there. It is neither yes nor no to whoever reads it."""
_ALWAYS = frozenset({NAME, COUNTRY, TIME_ZONE, TAGS, LISTS, CONSENT, CONSENT_SOURCE, CONSENT_AT, DO_NOT_CALL})
_PLACE = re.compile(r"(.*) ([2-9]|[1-9]\d)")


class OwnColumns(NamedTuple):
    """What the columns of a file of ours mean."""

    columns: dict[int, str]
    is_masked: bool
    """Whether its numbers are masked, so that it cannot be imported."""


def language_of_titles(language: str) -> str:
    """Return the language, of those that our files are written in, for a user's language."""
    code = language.partition("-")[0]
    return code if code in TITLES else "en"


def title_of_variable(name: str) -> str:
    """Return the title of a variable's column: in braces, as it is written in a text, so that it is no other column."""
    return f"{{{name}}}"


def title_of(key: str, language: str, place: int = 1) -> str:
    """Return the title of a column; further ones of one kind are numbered, as in `Other number 2`."""
    title = TITLES[language][key]
    return f"{title} {place}" if place > 1 else title


def own_columns(cells: Sequence[str]) -> OwnColumns | None:
    """Return what the columns below these titles mean; None if they are not the titles of a file of ours."""
    return next((found for titles in TITLES.values() if (found := _in(titles, cells)) is not None), None)


def _in(titles: dict[str, str], cells: Sequence[str]) -> OwnColumns | None:
    by_title = {plain_title(title): key for key, title in titles.items()}
    keys: dict[int, str] = {}
    variables: dict[int, str] = {}
    others: dict[int, str] = {}
    for column, cell in enumerate(cells):
        text = unguarded(cell).strip()
        plain = plain_title(text)
        further = _PLACE.fullmatch(plain)
        if text.startswith("{") and text.endswith("}") and len(text) > 2:
            variables[column] = text[1:-1]
        elif (key := by_title.get(plain)) and key not in keys.values():
            keys[column] = key
        elif further is not None and by_title.get(further[1]) == OTHER_PHONE:
            keys[column] = OTHER_PHONE
        elif text:
            others[column] = text
    found = set(keys.values())
    if not found >= _ALWAYS or not found & {PHONE, MASKED}:
        return None
    told = {MASKED: PHONE, COUNTRY: IGNORED, LISTS: IGNORED}
    columns = dict.fromkeys(range(len(cells)), IGNORED)
    columns |= {column: told.get(key, key) for column, key in keys.items()}
    columns |= {column: VARIABLE + name for column, name in variables.items()}
    taken = {NAME}
    # Columns that somebody added to our file since.
    columns |= {column: VARIABLE + variable_name(text, taken) for column, text in others.items()}
    return OwnColumns(columns, MASKED in found)
