"""Cuts a number, an id or a key to its last four signs: what is shown where the whole must not be read."""

from __future__ import annotations

SHOWN = 4


def last_four(value: str) -> str:
    """Return the last four signs alone, for whoever compares or searches by them."""
    return value[-SHOWN:]


def ending(value: str) -> str:
    """Return a value of which only the end shows, such as `…4567`."""
    return f"…{last_four(value)}"


def ending_if_long(digits: str) -> str:
    """Return the end of a number; nothing where it has so few digits that its end would be all of it."""
    return ending(digits) if len(digits) > SHOWN else ""


def dotted(value: str, before: str = "") -> str:
    """Return a number for reading of which only the beginning and the end show, such as `+98 ••• 4567`."""
    return f"{before} ••• {last_four(value)}".strip()
