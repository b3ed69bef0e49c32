"""The log-ins of the browsers, known to those who make them (`browsers`) and those who use them (`locustfile`)."""

from __future__ import annotations

USERNAME, PASSWORD = "browser{}", "a-long-password-for-browsers"
ROLES = ("caller", "manager", "manager", "caller", "manager", "manager", "caller", "manager", "manager", "admin")
"""The role of each browser in turn. Managers see the whole campaign and every call; callers what is theirs."""


def role_of(number: int) -> str:
    """Return the role of a browser."""
    return ROLES[number % len(ROLES)]
