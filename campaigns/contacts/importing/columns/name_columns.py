"""Which columns hold the name: titles say it, what stands there must agree; without titles, words that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from campaigns.contacts.importing.columns.title_words import is_name_title, names_whole_person, says_just_name

LEAST_WORDS, LEAST_DIFFERENT = 0.7, 0.5
NEAR = 0.25
"""Two columns without titles compete if their scores differ by at most this."""
MAX_LETTERS = 60


class NameChoice(NamedTuple):
    """The columns of the name in the file's order, or those that compete for it."""

    names: list[int]
    asked: list[int]


def choose(titles: Sequence[str], columns: Mapping[int, Sequence[str]], *, has_titles: bool) -> NameChoice:
    """Return the name columns among `columns` (position to first cells)."""
    if not has_titles:
        return _without_titles(columns)
    named = [column for column, cells in columns.items() if is_name_title(titles[column]) and _may_be_names(cells)]
    whole = [column for column in named if names_whole_person(titles[column])]
    just_name = [column for column in named if says_just_name(titles[column])]
    has_parts = len(named) > len(whole) + len(just_name)
    rivals = sorted(whole if has_parts else whole + just_name)
    if len(rivals) > 1:
        return NameChoice([], rivals)
    return NameChoice(whole or named, [])


def _without_titles(columns: Mapping[int, Sequence[str]]) -> NameChoice:
    scores = {column: score for column, cells in columns.items() if (score := word_score(cells))}
    if not scores:
        return NameChoice([], [])
    best = max(scores.values())
    near = [column for column, score in scores.items() if score >= best - NEAR]
    return NameChoice(near, []) if len(near) == 1 else NameChoice([], near)


def word_score(cells: Sequence[str]) -> float:
    """Return from 0 to 1 how far cells are names: letters without digits, few of them the same; 0 for other cells."""
    filled = [text for cell in cells if (text := cell.strip())]
    words = [text for text in filled if _is_words(text)]
    if not filled or len(words) < LEAST_WORDS * len(filled):
        return 0.0
    different = len(set(words)) / len(words)
    return len(words) / len(filled) * different if different > LEAST_DIFFERENT else 0.0


def _is_words(text: str) -> bool:
    return (
        len(text) <= MAX_LETTERS
        and any(map(str.isalpha, text))
        and not any(map(str.isdigit, text))
        and not any(sign in text for sign in "@/\\{}<>")
    )


def _may_be_names(cells: Sequence[str]) -> bool:
    """Tell whether cells under the title of a name are not numbers, dates or codes instead."""
    filled = [text for cell in cells if (text := cell.strip())]
    return not filled or sum(any(map(str.isalpha, text)) for text in filled) >= len(filled) / 2
