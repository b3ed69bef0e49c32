"""Helpers for reading a request: the user, the form's token, and the page to return to."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, QueryDict

from callcenter.parameters import go_back, words_of
from campaigns.reasons import MAX_REASON

__all__ = ["ENDS_POLLING", "MAX_SEARCH", "go_back", "person_of", "reason_of", "token_of", "typed_before"]

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


def typed_before(request: HttpRequest, *addresses: str) -> QueryDict | None:
    """Return what was typed into a form of this page that goes to one of these addresses and could not be taken then.

    Only of a page that is opened, and only for its user: see `callcenter.kept_forms`. For forms whose fields depend on
    what is chosen in them; all others are filled in once the page is finished.
    """
    for kept in getattr(request, "kept_forms", ()):
        if kept.action.partition("?")[0] in addresses:
            request.kept_forms_used.add(kept.action)  # type: ignore[attr-defined]
            return cast(QueryDict, kept.data)
    return None


def reason_of(request: HttpRequest) -> str:
    """Return the reason that a form gives, at most as long as a column of reasons holds."""
    return words_of(request.POST, "reason", MAX_REASON)
