"""Who used this browser of late, in a signed cookie: by the token of a form it tells whose form that was.

A form carries the CSRF token of the log-in under which its page was shown. The cookie holds a fingerprint of each such
token with its user and the time of the last use, so that a form is known by it also after the session has ended, or
after another log-in in another tab. Only a page of this site ever knew the token: a form of another site is nobody's.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.middleware.csrf import CSRF_ALLOWED_CHARS, CSRF_SECRET_LENGTH, CSRF_TOKEN_LENGTH
from django.utils.crypto import constant_time_compare, salted_hmac

SALT = "callcenter.kept_forms.logins"
ENDED_WITHIN = 12 * 3600
"""Seconds after the end of a session in which a form of it is still kept."""
NOTED_EVERY = 300
"""Seconds after which a further use is noted."""
MOST = 4
"""Log-ins of one browser that are remembered, the newest."""


@dataclass(frozen=True, slots=True)
class Login:
    """One log-in: the user's id, the fingerprint of its CSRF secret, and when it was last used, in epoch seconds."""

    user: int
    mark: str
    used_at: int


def cookie_name() -> str:
    """Return the cookie's name; a browser takes one with the prefix from this host over HTTPS alone."""
    return "__Host-logins" if settings.SESSION_COOKIE_SECURE else "logins"


def mark_of(secret: str) -> str:
    """Return the fingerprint of a CSRF secret."""
    return salted_hmac(SALT, secret, algorithm="sha256").hexdigest()[:32]


def secret_of(token: str) -> str:
    """Return the CSRF secret of a token, masked as Django masks it; empty for what is no token."""
    if len(token) != CSRF_TOKEN_LENGTH or not set(token) <= set(CSRF_ALLOWED_CHARS):
        return ""
    letters = CSRF_ALLOWED_CHARS
    pairs = zip(token[:CSRF_SECRET_LENGTH], token[CSRF_SECRET_LENGTH:], strict=True)
    return "".join(letters[letters.index(cipher) - letters.index(mask)] for mask, cipher in pairs)


def read(request: HttpRequest) -> list[Login]:
    """Return the log-ins of this browser whose session ended at most `ENDED_WITHIN` ago; none from a changed cookie."""
    try:
        found = signing.loads(request.COOKIES.get(cookie_name(), ""), salt=SALT)
        logins = [Login(int(user), str(mark), int(used_at)) for user, mark, used_at in found]
    except (signing.BadSignature, ValueError, TypeError):
        return []
    oldest = time.time() - settings.SESSION_COOKIE_AGE - ENDED_WITHIN
    return [login for login in logins if login.used_at >= oldest]


def owner_of(request: HttpRequest) -> int | None:
    """Return the id of the user to whom the page of a sent form was shown; None where that is not known for sure."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        return None
    secret = secret_of(request.POST.get("csrfmiddlewaretoken") or request.headers.get("X-CSRFToken") or "")
    if not secret:
        return None
    mark = mark_of(secret)
    return next((login.user for login in read(request) if constant_time_compare(login.mark, mark)), None)


def note(request: HttpRequest, response: HttpResponseBase) -> None:
    """Remember the log-in of a request in the cookie; again at most every `NOTED_EVERY` seconds."""
    secret, user = request.META.get("CSRF_COOKIE"), request.user.pk
    if not secret or user is None:
        return
    now, mark, known = int(time.time()), mark_of(secret), read(request)
    if any((login.user, login.mark) == (user, mark) and now - login.used_at < NOTED_EVERY for login in known):
        return
    others = [login for login in known if (login.user, login.mark) != (user, mark)]
    kept = [Login(user, mark, now), *others][:MOST]
    response.set_cookie(
        cookie_name(),
        signing.dumps([[login.user, login.mark, login.used_at] for login in kept], salt=SALT),
        max_age=settings.SESSION_COOKIE_AGE + ENDED_WITHIN,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
