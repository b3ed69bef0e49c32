"""Tells the rooms that a user is switched off, by whatever way the account is saved, and who takes over from them."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.dispatch import Signal

switched_off = Signal()
"""Sent in the transaction that saves a user as not active: `person`; `successor`, a user or None for nobody; `by`."""
_WAS_ACTIVE = "_was_active"


def note_before(sender: type[User], instance: User, update_fields: Any = None, **_: Any) -> None:
    """Note before a save whether the user is active as stored; a receiver of `pre_save`."""
    concerns = update_fields is None or "is_active" in update_fields
    was = bool(instance.pk and concerns and not instance.is_active)
    setattr(instance, _WAS_ACTIVE, was and User.objects.filter(pk=instance.pk, is_active=True).exists())


def tell_after(sender: type[User], instance: User, **_: Any) -> None:
    """Tell the rooms after a save that has switched the user off; a receiver of `post_save`.

    Whoever saves may set `successor` and `switched_off_by` on the instance before.
    """
    if not getattr(instance, _WAS_ACTIVE, False):
        return
    setattr(instance, _WAS_ACTIVE, False)
    with transaction.atomic():
        switched_off.send(
            User,
            person=instance,
            successor=getattr(instance, "successor", None),
            by=getattr(instance, "switched_off_by", None),
        )
