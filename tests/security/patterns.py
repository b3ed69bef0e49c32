"""Tells patterns that may take more than linear time: two neighbouring quantifiers that can share letters.

Such a pair may divide a long run of these letters in as many ways as it has letters, and all of them are tried where
what follows does not fit: `\\s*\\s*$` takes hours for a page of blanks. See sre_parse for the tree that is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from re import _constants as c  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

FEW = 64
"""Repeats that are not counted as many: the ways to divide so few letters are few."""
SIGNS = frozenset(map(chr, (*range(0x250), *range(0x590, 0x700), *range(0x2000, 0x2070), 0x3000, 0xFDFA, 0xFEFF)))
"""What letters are tried with: Latin, Hebrew, Arabic, and blanks of all kinds."""
_SPACE, _DIGIT, _WORD = (frozenset(filter(re.compile(kind).match, SIGNS)) for kind in (r"\s", r"\d", r"\w"))
_CATEGORIES = {
    c.CATEGORY_SPACE: _SPACE, c.CATEGORY_NOT_SPACE: SIGNS - _SPACE, c.CATEGORY_DIGIT: _DIGIT,
    c.CATEGORY_NOT_DIGIT: SIGNS - _DIGIT, c.CATEGORY_WORD: _WORD, c.CATEGORY_NOT_WORD: SIGNS - _WORD,
}  # fmt: skip
Letters = frozenset[str]


@dataclass(frozen=True)
class Item:
    """A part of a pattern in its order: the letters it matches, whether it may be absent, whether it repeats."""

    letters: Letters
    may_be_absent: bool = False
    repeats: bool = False


def neighbours(pattern: str | bytes, flags: int = 0) -> list[str]:
    """Return what two neighbouring quantifiers share, for each such pair; empty for a pattern of linear time."""
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    tree = _parser.parse(text, flags & ~re.LOCALE)
    found: list[str] = []
    for items in _ways(tree, bool((flags | tree.state.flags) & re.IGNORECASE), found):
        found += _shared(items)
    return found


def _shared(items: Sequence[Item]) -> Iterator[str]:
    for place, first in enumerate(items):
        if not first.repeats:
            continue
        # What both match and all that must stand between them, as in `.*,.*`: a run of it is divided in many ways.
        run = first.letters
        for second in items[place + 1 :]:
            both = run & second.letters
            if second.repeats and both:
                yield "".join(sorted(both)[:6])
                break
            if not second.may_be_absent:
                run = both


def _ways(tree: Any, ignores_case: bool, found: list[str]) -> list[list[Item]]:
    """Return the sequences that a tree stands for, one for each alternative; notes what repeats share inside."""
    ways: list[list[Item]] = [[]]
    for kind, value in tree:
        added: list[list[Item]] = [[]]
        if kind in (c.LITERAL, c.NOT_LITERAL, c.ANY, c.IN):
            added = [[Item(_letters(kind, value, ignores_case))]]
        elif kind in (c.MAX_REPEAT, c.MIN_REPEAT):
            added = _repeated(value, ignores_case, found)
        elif kind is c.POSSESSIVE_REPEAT or kind is c.ATOMIC_GROUP:
            # What it took it keeps: nothing is tried again.
            body = value[2] if kind is c.POSSESSIVE_REPEAT else value
            added = [[Item(_all_letters(_ways(body, ignores_case, found)), may_be_absent=True)]]
        elif kind is c.SUBPATTERN:
            added = _ways(value[3], ignores_case or bool(value[1] & re.IGNORECASE), found)
        elif kind is c.BRANCH:
            added = [way for branch in value[1] for way in _ways(branch, ignores_case, found)]
        elif kind in (c.ASSERT, c.ASSERT_NOT):
            for way in _ways(value[1], ignores_case, found):
                found += _shared(way)
        elif kind is c.GROUPREF:
            added = [[Item(SIGNS)]]
        elif kind is not c.AT:
            raise NotImplementedError(kind)
        if len(ways) * len(added) > 2000:
            added = [[Item(_all_letters(added), all(item.may_be_absent for way in added for item in way))]]
        ways = [before + after for before in ways for after in added]
    return ways


def _repeated(value: Any, ignores_case: bool, found: list[str]) -> list[list[Item]]:
    least, most, body = value
    inner = _ways(body, ignores_case, found)
    if most is not c.MAXREPEAT and most <= FEW:
        return [*inner, *([[]] if least == 0 else [])]
    for first in inner:
        for second in inner:
            found += _shared(first + second)
    return [[Item(_all_letters(inner), may_be_absent=least == 0, repeats=True)]]


def _all_letters(ways: list[list[Item]]) -> Letters:
    return frozenset().union(*(item.letters for way in ways for item in way))


def _letters(kind: Any, value: Any, ignores_case: bool) -> Letters:
    if kind is c.ANY:
        return SIGNS - {"\n"}
    if kind is c.LITERAL:
        return _cased({chr(value)}, ignores_case)
    if kind is c.NOT_LITERAL:
        return SIGNS - _cased({chr(value)}, ignores_case)
    letters: set[str] = set()
    is_negated = False
    for each, of in value:
        if each is c.NEGATE:
            is_negated = True
        elif each is c.LITERAL:
            letters.add(chr(of))
        elif each is c.RANGE:
            letters |= {sign for sign in SIGNS if of[0] <= ord(sign) <= of[1]} | {chr(of[0]), chr(of[1])}
        else:
            letters |= _CATEGORIES[of]
    cased = _cased(letters, ignores_case)
    return SIGNS - cased if is_negated else cased


def _cased(letters: set[str], ignores_case: bool) -> Letters:
    if not ignores_case:
        return frozenset(letters)
    return frozenset(letters | {sign.lower() for sign in letters} | {sign.upper() for sign in letters})
