"""Search in the help pages: every word must occur; titles weigh more than text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from callcenter.help.pages import HelpPage, Section

MOST = 20
"""Most results of one search."""
AROUND = 90
"""Letters of the text shown before and after the first word found."""
MAX_ASKED = 80
"""Characters of a question that are read."""
MAX_WORDS = 8
_SAME_LETTERS = str.maketrans({"ي": "ی", "ك": "ک", "ة": "ه", "أ": "ا", "إ": "ا", "‌": " ", "ـ": None})
"""Letters that Arabic and Persian keyboards write differently; a zero-width non-joiner parts words."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One part of a page that holds all words, with the text around the first of them."""

    page: HelpPage
    section: Section
    before: str
    word: str
    after: str


def plain(text: str) -> str:
    """Return a text as the search compares it: lower case, without accents, one form of each Persian letter."""
    spread = unicodedata.normalize("NFKD", text.translate(_SAME_LETTERS)).casefold()
    return "".join(letter for letter in spread if not unicodedata.combining(letter))


def find(pages: Sequence[HelpPage], asked: str) -> list[Hit]:
    """Return the parts that hold all words asked for, the best first; none where nothing was asked."""
    words = [word for word in re.split(r"\W+", plain(asked[:MAX_ASKED])) if word][:MAX_WORDS]
    if not words:
        return []
    hits: list[tuple[int, int, Hit]] = []
    for page in pages:
        for section in page.sections:
            title, text = plain(f"{page.title} {section.title}"), plain(section.text)
            if not all(word in title or word in text for word in words):
                continue
            weight = sum(10 * (word in plain(section.title)) + 4 * (word in title) + (word in text) for word in words)
            hits.append((-weight, len(hits), _hit(page, section, words)))
    return [hit for _weight, _order, hit in sorted(hits, key=lambda one: one[:2])[:MOST]]


def _hit(page: HelpPage, section: Section, words: Sequence[str]) -> Hit:
    text = " ".join(section.text.split())
    # Compared letter by letter, so that a place in the plain form is the same place in the text.
    folded = "".join(plain(letter)[:1] or " " for letter in text)
    places = [(folded.find(word), word) for word in words]
    at, word = min(((place, word) for place, word in places if place >= 0), default=(-1, ""))
    if at < 0:
        return Hit(page, section, text[: 2 * AROUND], "", "")
    start = max(at - AROUND, 0)
    end = at + len(word)
    before = ("… " if start else "") + text[start:at]
    after = text[end : end + AROUND] + (" …" if end + AROUND < len(text) else "")
    return Hit(page, section, before, text[at:end], after)
