"""Text as a person typed it or a file holds it, as one plain line."""

from __future__ import annotations

_CONTROLS = dict.fromkeys(
    [*range(32), *range(127, 160), 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF], " "
)


def plain_text(text: str, most: int) -> str:
    """Return a text as one line without control and direction characters, cut to `most` characters."""
    if text.isprintable() and "  " not in text:
        return text.strip(" ")[:most]
    if not text.isprintable():
        text = text.translate(_CONTROLS)
    return " ".join(text.split())[:most]
