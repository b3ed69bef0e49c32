"""Text of another direction within a sentence: isolated, so that a right-to-left line does not reorder its signs."""

from __future__ import annotations

from django.utils.translation import get_language_bidi


def isolated(text: object) -> str:
    """Return the text isolated where the active language is written from right to left, else as it is."""
    return f"\u2068{text}\u2069" if get_language_bidi() else str(text)
