"""`Refusal`, the exception for a request of a user that cannot be carried out."""

from __future__ import annotations


class Refusal(Exception):
    """Raised when a user's request cannot be carried out now; the message is a sentence for the user that says why."""
