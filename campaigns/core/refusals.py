"""The one way to say that what a person asked for cannot be done."""

from __future__ import annotations


class Refusal(Exception):
    """Raised when what a person asked for cannot be done now; the message is a plain sentence that says why."""
