"""What follows from a log-in, a failure and a log-out: audit, freshness, a known browser, a due second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.signals import (
    authentication_step_completed,
    password_changed,
    password_reset,
)
from allauth.mfa.signals import (
    authentication_failed,
    authenticator_added,
    authenticator_removed,
    authenticator_reset,
)
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest

from callcenter.access.client_address import client_address
from callcenter.access.fresh import note_proof
from callcenter.audit.models import record
from callcenter.sign_in import second_factor


def connect() -> None:
    """Connect every receiver, each once."""
    user_logged_in.connect(logged_in, dispatch_uid="sign_in")
    user_logged_out.connect(logged_out, dispatch_uid="sign_in")
    user_login_failed.connect(failed, dispatch_uid="sign_in")
    authentication_step_completed.connect(proved_again, dispatch_uid="sign_in")
    password_changed.connect(changed, dispatch_uid="sign_in")
    password_reset.connect(reset, dispatch_uid="sign_in")
    authenticator_added.connect(added, dispatch_uid="sign_in")
    authenticator_removed.connect(removed, dispatch_uid="sign_in")
    authenticator_reset.connect(renewed, dispatch_uid="sign_in")
    authentication_failed.connect(wrong_code, dispatch_uid="sign_in")


def logged_in(sender: object, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Record a log-in; it is a fresh proof, and the browser is known from now on."""
    note_proof(request)
    second_factor.note_at_log_in(request, user)
    if request is not None:
        request.logged_in_here = user.get_username()  # type: ignore[attr-defined]
    record(user, "user.logged_in", user, address=_address(request))


def logged_out(sender: object, request: HttpRequest | None, user: User | None, **_: Any) -> None:
    """Record a log-out."""
    if user is not None and user.pk is not None:
        record(user, "user.logged_out", user, address=_address(request))


def failed(sender: object, credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    """Record a failed log-in; a name that no user has is not kept, for it may be a password in the wrong field."""
    known = User.objects.filter(username=str(credentials.get("username", ""))[:150]).first()
    record(None, "user.login_failed", known, address=_address(request), is_known=known is not None)


def proved_again(sender: object, request: HttpRequest, user: User, **more: Any) -> None:
    """Note that a logged-in person proved again who they are."""
    if more.get("reauthenticated"):
        note_proof(request)
        record(user, "user.proved_again", user, address=_address(request))


def changed(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Record a changed password."""
    record(user, "user.password_changed", user)


def reset(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Record a password that was set by a mailed link."""
    record(user, "user.password_reset", user, address=_address(request))


def added(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Record a new second factor."""
    record(user, "user.second_factor_added", user, kind=str(authenticator.type))


def removed(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Record a removed second factor."""
    record(user, "user.second_factor_removed", user, kind=str(authenticator.type))


def renewed(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Record new recovery codes."""
    record(user, "user.recovery_codes_made", user)


def wrong_code(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Record a wrong code of a second factor."""
    record(None, "user.wrong_code", user, address=_address(request))


def _address(request: HttpRequest | None) -> str:
    return client_address(request) if request is not None else ""
