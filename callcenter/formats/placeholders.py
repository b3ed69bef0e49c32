"""The one grammar of variables in texts: `{name}`, where the name is any that a column of a spreadsheet may have.

It is read alike in a campaign's texts, in agents' prompts (`{{name}}` too), in the launch check and at rendering.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

MAX_NAME = 80
"""Characters of a name."""
MAX_WRITTEN = 400
"""Characters between two braces, blanks included, that are looked at."""
_NO_NAME = frozenset('{}":|')
"""Signs of code and of `name: value` lines, which no name contains."""
_JOINERS = "\u200c\u200d"
"""Invisible, but part of Persian spelling."""
_EQUAL_LETTERS = str.maketrans("يكةأإآٱ", "یکهاااا")
_BETWEEN_WORDS = re.compile(r"[\W_]+")


class Variable(NamedTuple):
    """A variable in a text: its name, and how it is written, braces included."""

    name: str
    written: str


Piece = str | Variable


def parse(text: str) -> list[Piece]:
    """Return the text in pieces; `write` puts them together again. Takes time in proportion to the length."""
    pieces: list[Piece] = []
    told = 0
    for start, end, name in _groups(text):
        if name:
            if told < start:
                pieces.append(text[told:start])
            pieces.append(Variable(name, text[start:end]))
            told = end
    if told < len(text):
        pieces.append(text[told:])
    return pieces


def write(pieces: list[Piece]) -> str:
    """Return the text of pieces."""
    return "".join(piece if isinstance(piece, str) else piece.written for piece in pieces)


def variable(name: str) -> Variable:
    """Return a variable of a name, to be written. Raises ValueError for what is no name."""
    if not is_name(name):
        raise ValueError(name)
    return Variable(name, f"{{{name}}}")


def names_in(text: str) -> list[str]:
    """Return the names of a text's variables, each once, in order."""
    return list(dict.fromkeys(name for _start, _end, name in _groups(text) if name))


def unreadable_in(text: str) -> list[str]:
    """Return what stands between braces and is no name although somebody may have meant one, cut to `MAX_NAME`."""
    found = (text[start + 1 : end - 1][:MAX_NAME].strip() for start, end, name in _groups(text) if not name)
    return list(dict.fromkeys(words for words in found if any(map(str.isalnum, words))))


def fill(text: str, value_of: Callable[[str], str]) -> str:
    """Return the text with each variable replaced by its value."""
    return "".join(piece if isinstance(piece, str) else value_of(piece.name) for piece in parse(text))


def is_name(text: str) -> bool:
    """Return whether a text, as it is, is the name of a variable."""
    return 0 < len(text) <= MAX_NAME and name_of(text) == text


@lru_cache(maxsize=4096)
def name_of(title: str) -> str:
    """Return the name that is nearest to the title of a column, as readable as it; empty where nothing is left.

    Line breaks, control and direction marks, braces, quotes, colons and bars become blanks; blanks are single.
    """
    kept = "".join(
        letter if letter in _JOINERS or (letter not in _NO_NAME and _is_plain(letter)) else " "
        for letter in unicodedata.normalize("NFC", title[:MAX_WRITTEN])
    )
    name = " ".join(kept.split())[:MAX_NAME].strip()
    if name.startswith("%") and name.endswith("%"):  # {% if %} is a template's own language
        name = name.strip("% ")
    return name if any(letter.isalnum() or ord(letter) > 127 for letter in name if letter not in _JOINERS) else ""


@lru_cache(maxsize=4096)
def key_of(name: str) -> str:
    """Return what equal names share: `Customer Name`, `customer_name` and `{CUSTOMER  NAME}` are one variable."""
    folded = unicodedata.normalize("NFKC", name).casefold().translate(_EQUAL_LETTERS)
    return _BETWEEN_WORDS.sub(" ", _with_latin_digits(folded)).strip() or folded.strip()


@lru_cache(maxsize=4096)
def words_of(name: str) -> str:
    """Return a name as letters, digits and `_` alone, such as `customer_name`; empty where it has neither.

    For vendors that may take no other names. Two names may become one.
    """
    folded = unicodedata.normalize("NFKC", name).lower()
    return _BETWEEN_WORDS.sub("_", _with_latin_digits(folded)).strip("_")


def _with_latin_digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(letter)) if letter.isdecimal() else letter for letter in text)


def _is_plain(letter: str) -> bool:
    return unicodedata.category(letter)[0] not in "CZ"


def _groups(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and name of each pair of braces with no brace inside; the name is empty where it is none.

    Each character is looked at a fixed number of times: forward to the next closing brace, and back from it.
    """
    at = 0
    while (close := text.find("}", at)) >= 0:
        start = text.rfind("{", at, close)
        if start >= 0:
            written = text[start + 1 : close] if close - start <= MAX_WRITTEN else ""
            yield start, close + 1, _name_within(written)
        at = close + 1


def _name_within(written: str) -> str:
    stripped = written.strip()
    return stripped if is_name(stripped) else ""
