"""What follows from a log-in and a proof: freshness, a known browser, a due second factor, and the audit."""

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
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest

from callcenter.access.fresh import note_proof
from callcenter.audit.models import record
from callcenter.audit.often import A_MINUTE, note
from callcenter.sign_in import second_factor


def connect() -> None:
    """Connect every receiver, each once."""
    user_logged_in.connect(logged_in, dispatch_uid="sign_in")
    authentication_step_completed.connect(proved_again, dispatch_uid="sign_in")
    password_changed.connect(changed, dispatch_uid="sign_in")
    password_reset.connect(reset, dispatch_uid="sign_in")
    authenticator_added.connect(added, dispatch_uid="sign_in")
    authenticator_removed.connect(removed, dispatch_uid="sign_in")
    authenticator_reset.connect(renewed, dispatch_uid="sign_in")
    authentication_failed.connect(wrong_code, dispatch_uid="sign_in")


def logged_in(sender: object, request: HttpRequest | None, user: User, **_: Any) -> None:
    """Take a log-in for a fresh proof, ask for a second factor where one is due, and know the browser from now on."""
    note_proof(request)
    second_factor.note_at_log_in(request, user)
    if request is not None:
        request.logged_in_here = user.get_username()  # type: ignore[attr-defined]


def proved_again(sender: object, request: HttpRequest, user: User, method: str, **more: Any) -> None:
    """Note that a logged-in person proved again who they are."""
    if more.get("reauthenticated"):
        note_proof(request)
        record(user, "fresh_login.succeeded", user, method=method)


def changed(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Record a changed password."""
    record(user, "password.changed", user)


def reset(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Record a password that was set by a mailed link."""
    record(user, "password.reset", user)


def added(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Record a new second factor."""
    record(user, "second_factor.added", user, kind=str(authenticator.type))


def removed(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Record a removed second factor."""
    record(user, "second_factor.removed", user, kind=str(authenticator.type))


def renewed(sender: object, request: HttpRequest, user: User, authenticator: Any, **_: Any) -> None:
    """Record new recovery codes."""
    record(user, "second_factor.codes_made", user)


def wrong_code(sender: object, request: HttpRequest, user: User, **_: Any) -> None:
    """Record a wrong code of a second factor; many within a minute are counted."""
    note(None, "login.failed", user, known=True, method="second_factor", window=A_MINUTE)
