"""Which users this browser is known from, in a signed cookie: their wrong passwords are counted by themselves.

The cookie opens nothing: it only keeps a stranger's guesses from delaying a person who logs in where they always do.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

SALT = "callcenter.sign_in.browsers"
REMEMBERED_FOR = 180 * 24 * 3600
"""Seconds after the last log-in."""
MOST = 8
"""Users of one browser that are remembered, the newest."""


def cookie_name() -> str:
    """Return the cookie's name; a browser takes one with the prefix from this host over HTTPS alone."""
    return "__Host-known-browser" if settings.SESSION_COOKIE_SECURE else "known-browser"


def read(request: HttpRequest) -> dict[str, str]:
    """Return the browser's mark for each user name that logged in here; none from a changed or old cookie."""
    try:
        found = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT, max_age=REMEMBERED_FOR)
        return {str(name): str(mark) for name, mark in found}
    except (signing.BadSignature, ValueError, TypeError):
        return {}


def mark_for(request: HttpRequest, name: str) -> str:
    """Return the mark of this browser for a user name; empty where it is not known from here."""
    return read(request).get(name, "")


def remember(request: HttpRequest, response: HttpResponseBase, name: str) -> None:
    """Write the cookie for a user who has just logged in, with a mark of their own if it has none yet."""
    known = read(request)
    mark = known.pop(name, "") or secrets.token_urlsafe(16)
    kept = [(name, mark), *known.items()][:MOST]
    response.set_cookie(
        cookie_name(),
        signing.dumps(kept, salt=SALT),
        max_age=REMEMBERED_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
