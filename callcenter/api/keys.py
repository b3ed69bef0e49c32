"""Makes, ends and finds API keys, and says for whom one stands."""

from __future__ import annotations

import datetime
import hashlib
import secrets
import time
from collections.abc import Collection
from typing import NamedTuple

from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F, FloatField, Model, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils import timezone

from callcenter.access.own_roles import rights_of_roles
from callcenter.access.roles import Person, may
from callcenter.api import scopes
from callcenter.api.models import PREFIX_LETTERS, ApiKey
from callcenter.audit.models import record

MAKE, ALL = "make_api_keys", "manage_people"
"""The rights to make keys of one's own, and to see and end everybody's."""
BEGINNING = "cc_"
BURST = 20
"""Requests that may come at once after a pause, or a tenth of a minute's where that is more."""


class Made(NamedTuple):
    """A new key, and its secret, which is shown once."""

    key: ApiKey
    secret: str


class Opened(NamedTuple):
    """A key that was shown, and its owner with those of their rights that the key leaves."""

    key: ApiKey
    person: User


def digest_of(secret: str) -> str:
    """Return what is stored of a key."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def make_key(
    owner: User, *, name: str, role: Group, scopes: Collection[str], a_minute: int, expires_at: datetime.datetime
) -> Made:
    """Make a key for oneself. Raises PermissionDenied without the right, and for a role that one does not have."""
    if not may(owner, MAKE) or not owner.groups.filter(pk=role.pk).exists():
        raise PermissionDenied(MAKE)
    secret = BEGINNING + secrets.token_hex(4) + secrets.token_urlsafe(32)
    with transaction.atomic():
        key = ApiKey.objects.create(
            name=name,
            owner=owner,
            role=role,
            scopes=sorted(scopes),
            prefix=secret[:PREFIX_LETTERS],
            digest=digest_of(secret),
            a_minute=a_minute,
            expires_at=expires_at,
        )
        record(
            owner, "api_key.made", key, role=role.name, scopes=key.scopes, a_minute=a_minute,
            expires_at=expires_at.isoformat(),
        )  # fmt: skip
    return Made(key, secret)


def shown_to(person: Person) -> QuerySet[ApiKey]:
    """Return the keys that a person sees: their own, or everybody's with the right."""
    keys = ApiKey.objects.select_related("owner", "role", "ended_by")
    return keys if may(person, ALL) else keys.filter(owner=person.pk)


def end_key(key_id: int, person: User) -> bool:
    """End a key that a person sees, from this commit on; returns False if it had ended. Raises ApiKey.DoesNotExist."""
    with transaction.atomic():
        key = shown_to(person).get(pk=key_id)
        now = timezone.now()
        if not ApiKey.objects.filter(pk=key_id, ended_at__isnull=True).update(ended_at=now, ended_by=person.pk):
            return False
        record(person, "api_key.ended", key, of=key.owner.get_username())
    return True


def open_key(secret: str) -> Opened | None:
    """Return a live key and for whom it stands; None for what is none, has ended or expired, or whose owner is off."""
    if not secret.startswith(BEGINNING):
        return None
    now = timezone.now()
    key = ApiKey.objects.live(now).select_related("role", "owner").filter(digest=digest_of(secret)).first()
    if key is None:
        return None
    of_role = rights_of_roles([key.role]) if key.role is not None else frozenset()
    return Opened(key, _within(key.owner, of_role & scopes.rights_of(key.scopes)))


def _within(person: User, allowed: frozenset[str]) -> User:
    """Return a user object that holds no other rights than these, whoever asks it; of another app's rights none.

    The object is of this one request. A superuser, who holds every right, is kept within them as well.
    """
    holds = person.has_perm

    def has_perm(perm: str, obj: Model | None = None) -> bool:
        app, _dot, code = perm.partition(".")
        return app == "access" and code in allowed and holds(perm, obj)

    person.has_perm = has_perm  # type: ignore[method-assign]
    return person


def take_turn(key: ApiKey) -> float:
    """Note a use of a key within its rate, for all processes together; returns 0, or the seconds to wait.

    The rate is a virtual schedule in one statement (GCRA): a request is on time at `next_at`, and may come early by a
    burst, so that a key that paused may ask several times at once.
    """
    now, every = time.time(), 60.0 / key.a_minute
    early = max(BURST, key.a_minute // 10) * every
    on_time = Greatest(F("next_at"), Value(now), output_field=FloatField()) + Value(every)
    rows = ApiKey.objects.filter(pk=key.pk, next_at__lte=now + early - every)
    if rows.update(next_at=on_time, last_used_at=timezone.now()):
        return 0.0
    at: float = ApiKey.objects.values_list("next_at", flat=True).get(pk=key.pk)
    return max(at - early + every - now, 0.1)
