"""Helpers for reading a request: the user, the form's token, and the page to return to."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest

from callcenter.parameters import go_back, words_of
from campaigns.reasons import MAX_REASON

__all__ = ["ENDS_POLLING", "MAX_SEARCH", "go_back", "person_of", "reason_of", "token_of"]

ENDS_POLLING = 286
"""HTTP status that makes htmx stop polling."""
MAX_SEARCH = 80
"""Characters of a search text that are read."""


def person_of(request: HttpRequest) -> AbstractUser:
    """Return the logged-in user; every view requires one."""
    return cast(AbstractUser, request.user)


def token_of(request: HttpRequest) -> UUID | None:
    """Return the form's token; None where it carries none."""
    try:
        return UUID(request.POST.get("form_token", ""))
    except ValueError:
        return None


def reason_of(request: HttpRequest) -> str:
    """Return the reason that a form gives, at most as long as a column of reasons holds."""
    return words_of(request.POST, "reason", MAX_REASON)
