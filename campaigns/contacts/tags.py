"""Tags of people, as they are written: parted by commas."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.formats.plain_text import plain_text

MOST_TAGS = 20
MAX_TAG = 60
"""Characters."""


def read_tags(text: str, most: int | None = MOST_TAGS) -> list[str]:
    """Split a text at commas (Latin or Arabic) into tags, each once, at most `most`; None for all of them."""
    parts = (plain_text(part, MAX_TAG) for part in text.replace("،", ",").split(","))
    return list(dict.fromkeys(part for part in parts if part))[:most]


def written_tags(tags: Iterable[str]) -> str:
    """Return tags as one text, which `read_tags` reads again."""
    return ", ".join(tags)
