"""Message templates: fills a campaign's text and variables from a contact, cleaned so that a vendor can take them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from callcenter.formats import placeholders as grammar
from callcenter.formats.placeholders import key_of
from campaigns.core.variants import messages_of, versions_of
from campaigns.models import Campaign, Contact

MAX_VALUE = 500
MAX_TEXT = 2000
MAX_VARIABLES = 50

NAME = "name"
"""The variable that holds a person's name."""
NAMES = (
    NAME, "full name", "customer name", "contact name", "customer", "person", "نام", "نام و نام خانوادگی", "نام مشتری",
    "نام کامل", "الاسم", "اسم", "naam", "pura naam", "grahak", "नाम", "ग्राहक",
)  # fmt: skip
"""Titles of columns that hold a whole name: an import keeps it as the person's name, and a text may use the title."""
_NAME_KEYS = frozenset(map(key_of, NAMES))

JOINERS = "\u200c\u200d"
"""Invisible, but part of Persian spelling."""


def clean(value: object, limit: int = MAX_VALUE) -> str:
    """Return a value as one line of plain text: no control or direction marks, no braces, at most `limit` characters.

    Vendors fill templates of their own: a brace in a contact's data must not become a placeholder there.
    """
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, str) and len(value) <= limit and value.isprintable() and "{" not in value and "}" not in value:
        return " ".join(value.split())
    kept = "".join(
        " " if letter.isspace() else letter
        for letter in str(value)[: limit * 4]
        if letter not in "{}"
        and (letter.isspace() or letter in JOINERS or not unicodedata.category(letter).startswith("C"))
    )
    return " ".join(kept.split())[:limit].strip()


@lru_cache(maxsize=4096)
def _clean_name(name: str) -> str:
    return clean(name, 80)


def placeholders(template: str) -> list[str]:
    """Return the names that a template needs, each once, in order.

    What stands between braces and is no name is among them: it has no value, so that nobody hears it.
    """
    return [*grammar.names_in(template), *grammar.unreadable_in(template)]


def value_of(wanted: str, known: Mapping[str, str]) -> str:
    """Return the value of a variable: of exactly this name, else of one that is equal to it; empty where none is.

    Names are equal whatever their case and whatever stands between their words. A title for whole names stands for
    the person's name where no column of their own has it.
    """
    if found := known.get(wanted):
        return found
    if not grammar.is_name(wanted):
        return ""
    key = key_of(wanted)
    equal = next((value for name, value in known.items() if value and key_of(name) == key), "")
    return equal or (known.get(NAME, "") if key in _NAME_KEYS else "")


def known_of(contact: Contact | None) -> dict[str, str]:
    """Return a contact's values by name: the imported columns, and `name`; empty for None."""
    if contact is None:
        return {}
    return known_from(contact.name, contact.variables)


def known_from(name: str, variables: Mapping[str, Any]) -> dict[str, str]:
    """Return the cleaned values of a contact's columns, and its name as `name` unless a column has that name."""
    known = {"name": clean(name)}
    for key, value in list(variables.items())[:MAX_VARIABLES]:
        cleaned = _clean_name(key)
        if cleaned:
            known[cleaned] = clean(value)
    return known


def fill_in(template: str, known: Mapping[str, str], limit: int = MAX_VALUE) -> str:
    """Return a template with its placeholders filled; an unknown name becomes an empty text."""
    return clean(grammar.fill(template, lambda name: value_of(name, known)), limit)


def with_values(kept: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """Return a person's variables with given ones, which go before kept ones of an equal name."""
    replaced = {key_of(name) for name in given}
    return {name: value for name, value in kept.items() if name in given or key_of(name) not in replaced} | dict(given)


def as_spelled(variables: Mapping[str, str], spelled: Iterable[str]) -> dict[str, str]:
    """Return the variables with those of the agent's prompt also under the name that the prompt has for them."""
    found = dict(variables)
    for name in spelled:
        if not found.get(name) and (value := value_of(name, variables)):
            found[name] = value
    return found


class Message:
    """A campaign's text and variables, read once and filled for many people."""

    def __init__(self, campaign: Campaign) -> None:
        own = {_clean_name(name): str(text) for name, text in list(campaign.variables.items())[:MAX_VARIABLES]}
        own.pop("", None)
        self._fixed = {name: fill_in(text, {}) for name, text in own.items() if not placeholders(text)}
        self._asking = {name: text for name, text in own.items() if name not in self._fixed}
        self._text = campaign.text

    def fill(self, name: str | None, variables: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
        """Return the text to speak to one person, and the variables to send: the person's columns, then the campaign's.

        Where both have a variable of one name, the campaign's wins. `name` None means that there is no contact.
        """
        known = {} if name is None else known_from(name, variables)
        own = {name: fill_in(text, known) for name, text in self._asking.items()}
        text = fill_in(self._text, known, MAX_TEXT) if self._text else ""
        return text, known | self._fixed | own


def render_variables(campaign: Campaign, contact: Contact | None) -> dict[str, str]:
    """Return the variables to send with one call, by name."""
    return as_spelled(_filled(campaign, contact)[1], campaign.agent.variables if campaign.agent else ())


def render_text(campaign: Campaign, contact: Contact | None) -> str:
    """Return the text to speak to one person."""
    return _filled(campaign, contact)[0]


def _filled(campaign: Campaign, contact: Contact | None) -> tuple[str, dict[str, str]]:
    return Message(campaign).fill(*((contact.name, contact.variables) if contact else (None, {})))


def needed_names(campaign: Campaign) -> tuple[str, ...]:
    """Return the names of the contact's values that a campaign's text and variables use; none of them may be empty.

    Of a campaign with variants, those that any of them uses: the people of all variants are then people alike.
    """
    templates: list[str] = []
    messages = messages_of(campaign)
    if campaign.variants:
        del messages[""]
    for said in messages.values():
        templates += [*(str(template) for template in said.variables.values()), said.text]
    return tuple(dict.fromkeys(name for template in templates for name in placeholders(template)))


def expected_names(campaign: Campaign) -> tuple[str, ...]:
    """Return the variables that the agent's prompt uses and that the campaign does not set itself; of any variant."""
    found: dict[str, None] = {}
    for said in versions_of(campaign):
        expected = said.agent.variables if said.agent else ()
        given = {key_of(clean(name, 80)) for name, text in said.variables.items() if str(text).strip()}
        found |= {name: None for raw in expected if (name := clean(raw, 80)) and key_of(name) not in given}
    return tuple(found)


def missing_from(wanted: Iterable[str], name: str, variables: Mapping[str, Any]) -> list[str]:
    """Return which of the wanted names are empty for a person."""
    found: Mapping[str, Any] = {"name": name} | dict(variables)
    missing = [column for column in wanted if not clean(found.get(column))]
    if missing:
        # A column may be named otherwise, as long as the names are equal.
        known = known_from(name, variables)
        missing = [column for column in missing if not value_of(column, known)]
    return missing


def missing_variables(campaign: Campaign, contact: Contact | None) -> list[str]:
    """Return the names of the needed values that are empty for one person, who must then not be called."""
    if contact is None:
        return list(needed_names(campaign))
    return missing_from(needed_names(campaign), contact.name, contact.variables)
