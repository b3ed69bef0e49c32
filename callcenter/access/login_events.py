"""Log-ins, failures, log-outs and refused pages, for the audit log."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse

from callcenter.audit.models import record
from callcenter.audit.often import A_MINUTE, note

OWN_WORDS = frozenset({"no-role"})
"""Pages that answer 403 by their nature."""


def _is_of_a_browser(request: HttpRequest | None) -> bool:
    """Return whether a real request is behind it: a log-in without one is made by a test or a script."""
    return request is not None and "REQUEST_METHOD" in request.META


def logged_in(request: HttpRequest | None, user: AbstractBaseUser, **_: Any) -> None:
    """Record a log-in."""
    if _is_of_a_browser(request):
        record(user, "login.succeeded", user, **({"method": way} if (way := _way(request, user)) else {}))


def _way(request: HttpRequest | None, user: AbstractBaseUser) -> str:
    """Return by what somebody got in, as django-allauth kept it in the session: "password, totp" or "passkey"."""
    if not hasattr(request, "session"):
        return ""
    # Here, as it loads models and what reaches the network: whoever only reads rows has no use for it.
    from allauth.account.authentication import get_authentication_records

    ways = get_authentication_records(request, user)
    return ", ".join("passkey" if way.get("passwordless") else way.get("type") or way["method"] for way in ways)


def logged_out(request: HttpRequest | None, user: AbstractBaseUser | None, **_: Any) -> None:
    """Record a log-out."""
    if _is_of_a_browser(request) and user is not None:
        record(user, "login.ended", user)


def failed(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Record a failed log-in; the name that was typed is kept only if it is a user's: it may be a password."""
    if not _is_of_a_browser(request):
        return
    user = _user_named(credentials)
    note(None, "login.failed", user, known=user is not None, window=A_MINUTE)


def throttled(request: HttpRequest | None = None, username: str = "", **_: Any) -> None:
    """Record that a log-in was refused for too many attempts."""
    user = _user_named({"username": username})
    note(None, "login.throttled", user, known=user is not None, window=A_MINUTE)


def _user_named(credentials: dict[str, Any]) -> Any:
    name = str(credentials.get("username") or "")[:150].replace("\x00", "")
    users = get_user_model()
    return users._default_manager.filter(**{users.USERNAME_FIELD: name}).first() if name else None


def refused(request: HttpRequest, response: HttpResponse, right: str) -> None:
    """Record a page that a logged-in user was refused; the same one within minutes is counted."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return
    match = request.resolver_match
    page = (match.view_name if match else "") or ""
    if page in OWN_WORDS:
        return
    note(user, "access.denied", page=page, method=request.method or "", right=right[:60])
