"""Masking of numbers, ids and keys: only the last four characters show."""

from __future__ import annotations

SHOWN = 4


def last_four(value: str) -> str:
    """Return the last four characters, to compare or search by."""
    return value[-SHOWN:]


def ending(value: str) -> str:
    """Return a value masked but for its last four characters, such as `…4567`."""
    return f"…{last_four(value)}"


def ending_if_long(digits: str) -> str:
    """Return a number's last four digits, masked; empty where the number is so short that they would show it whole."""
    return ending(digits) if len(digits) > SHOWN else ""


def dotted(value: str, before: str = "") -> str:
    """Return a masked number with its beginning `before` and its last four digits, such as `+98 ••• 4567`."""
    return f"{before} ••• {last_four(value)}".strip()
