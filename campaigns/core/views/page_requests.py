"""Helpers for reading a request: the user, the form's token, and the page to return to."""

from __future__ import annotations

from typing import cast
from uuid import UUID

from django.contrib.auth.models import AbstractUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme

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


def go_back(request: HttpRequest, fallback: str, *arguments: object) -> HttpResponse:
    """Redirect to the form's `next` if it is a path of this site, else to the named URL with these arguments."""
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return redirect(wanted)
    return redirect(fallback, *arguments)
