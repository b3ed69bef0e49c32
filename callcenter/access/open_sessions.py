"""The sessions of a user: which are open, since when, from where; ended by their user or by what takes rights away.

A session is open as long as its row of `django.contrib.sessions` is there: an ended one has none, and no cookie brings
it back. What this module keeps beside it is for people to know their sessions by.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import SESSION_KEY, get_user_model
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from callcenter.access.client_address import client_address
from callcenter.access.models import MAX_BROWSER, OpenSession

GUARDED = ("password", "is_active", "is_staff", "is_superuser")
"""Columns of a user whose change ends the user's sessions."""


def _stored() -> Any:
    # By name: commands that read rows alone run without the app.
    return apps.get_model("sessions", "Session")._default_manager


def note_session(request: HttpRequest, user: Any) -> None:
    """Note the use of a request's session; one that was used by nobody known yet is noted as begun now."""
    key = request.session.session_key
    if not key:
        return
    now = timezone.now()
    seen = {
        "used_at": now,
        "address": client_address(request) or None,
        "browser": request.headers.get("User-Agent", "")[:MAX_BROWSER].replace("\0", ""),
    }
    OpenSession.objects.update_or_create(key=key, defaults=seen | {"user": user}, create_defaults=seen | {"user": user})
    OpenSession.objects.filter(user=user, used_at__lt=now - datetime.timedelta(seconds=_longest())).delete()


def _longest() -> int:
    return int(max(settings.SESSION_COOKIE_AGE, settings.SESSION_MAX_HOURS * 3600)) + 3600


def open_sessions(user: Any) -> list[OpenSession]:
    """Return a user's open sessions, the one used last first."""
    found = list(OpenSession.objects.filter(user=user).order_by("-used_at"))
    alive = _stored().filter(session_key__in=[one.key for one in found], expire_date__gt=timezone.now())
    keys = set(alive.values_list("session_key", flat=True))
    return [one for one in found if one.key in keys]


def end_session(user: Any, pk: int) -> bool:
    """End one of a user's sessions; returns False where there is none of this id that is theirs."""
    found = OpenSession.objects.filter(user=user, pk=pk).first()
    if found is None:
        return False
    with transaction.atomic():
        _stored().filter(session_key=found.key).delete()
        found.delete()
    return True


def end_sessions(user: Any, keep: str = "") -> int:
    """End all sessions of a user but the one with the key `keep`; returns how many."""
    known = set(OpenSession.objects.filter(user=user).values_list("key", flat=True))
    # Also those that were not noted: of a version before, or with a key that was changed a moment ago.
    others = _stored().filter(expire_date__gt=timezone.now())
    others = others.exclude(session_key__in=OpenSession.objects.exclude(user=user).values("key"))
    theirs = {one.session_key for one in others if str(one.get_decoded().get(SESSION_KEY, "")) == str(user.pk)}
    keys = (known | theirs) - {keep}
    with transaction.atomic():
        ended: int = _stored().filter(session_key__in=keys).delete()[0]
        OpenSession.objects.filter(key__in=keys).delete()
    return ended


# What takes rights away


def remember_before(instance: Any, update_fields: Any = None, raw: bool = False, **_how: Any) -> None:
    """Before a user is saved: remember whether the save changes what sessions rest on."""
    if raw or instance.pk is None or (update_fields is not None and not set(update_fields) & set(GUARDED)):
        return
    before = get_user_model()._default_manager.filter(pk=instance.pk).values_list(*GUARDED).first()
    names = [name for name in GUARDED if update_fields is None or name in update_fields]
    stored = dict(zip(GUARDED, before, strict=True)) if before else {}
    instance._ends_sessions = any(stored and stored[name] != getattr(instance, name) for name in names)


def end_after(instance: Any, **_how: Any) -> None:
    """After a user was saved: end the sessions that rested on what was changed."""
    if instance.__dict__.pop("_ends_sessions", False):
        end_sessions(instance)


def end_with_roles(instance: Any, action: str, pk_set: Any, reverse: bool, **_how: Any) -> None:
    """After roles were given or taken: end the sessions of whoever has other roles now."""
    users = get_user_model()._default_manager
    changed: Iterable[Any] = ()
    if action == "pre_clear":
        changed = users.filter(groups=instance) if reverse else [instance]
    elif action in {"post_add", "post_remove"} and pk_set:
        changed = users.filter(pk__in=pk_set) if reverse else [instance]
    for user in changed:
        end_sessions(user)
