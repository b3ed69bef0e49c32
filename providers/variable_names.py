"""Names of variables on the wire: what a vendor takes, and how a name of any spreadsheet becomes one."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from enum import Enum
from typing import Any

from callcenter.formats.placeholders import key_of, words_of
from providers.types import CallOrder

_WORD = re.compile(r"\w+")


class WireNames(Enum):
    """Which names of variables a vendor's orders may carry."""

    ANY = "any"
    """An object with any key."""
    WORDS = "words"
    """Only letters, digits and `_`, and what the agent's own prompt spells."""


def wire_variables(order: CallOrder, accepted: WireNames) -> dict[str, Any]:
    """Return the variables of an order under the names that the vendor takes.

    Beside its own name, each is sent as words joined by `_`: a prompt that no sync shows may say `{customer_name}`
    where the column is named `Customer name`. A name that an order has itself wins.
    """
    found: dict[str, Any] = {}
    for name, value in order.variables.items():
        if accepted is WireNames.ANY or _WORD.fullmatch(name) or name in order.spelled:
            found[name] = value
    for name, value in order.variables.items():
        if words := words_of(name):
            found.setdefault(words, value)
    return found


def unsent(names: Iterable[str], accepted: WireNames, spelled: Collection[str]) -> list[str]:
    """Return the names that cannot be sent at all."""
    if accepted is WireNames.ANY:
        return []
    known = {key_of(name) for name in spelled}
    return [name for name in names if not words_of(name) and key_of(name) not in known]


def clashing(names: Iterable[str], accepted: WireNames) -> list[list[str]]:
    """Return groups of different names that become one name on the wire, so that only the first is sent."""
    if accepted is WireNames.ANY:
        return []
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in dict.fromkeys(names):
        if words := words_of(name):
            groups[words].append(name)
    return [group for group in groups.values() if len(group) > 1]
