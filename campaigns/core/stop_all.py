"""Stop-all: one switch that holds from its commit; while it is pressed, no commit point passes."""

from __future__ import annotations

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db import transaction
from django.utils import timezone

from callcenter.audit.models import record
from campaigns.core.gate import SWITCH_ID, close_gate
from campaigns.models import DialingSwitch

Actor = AbstractBaseUser | AnonymousUser


def press_stop_all(person: Actor, reason: str = "") -> bool:
    """Stop all calls from this commit on; returns False where somebody had already pressed it (that press stands)."""
    with transaction.atomic(durable=True):
        switch = close_gate()
        if switch.stopped_at is not None:
            return False
        switch.stopped_at = timezone.now()
        switch.stopped_by_id = person.pk
        switch.reason = reason.strip()[:300]
        switch.save()
        record(person, "stop_all.pressed", switch, reason=switch.reason)
    return True


def release_stop_all(person: Actor) -> bool:
    """Let calls pass again; returns False where they already may."""
    with transaction.atomic(durable=True):
        switch = close_gate()
        if switch.stopped_at is None:
            return False
        pressed_at = switch.stopped_at
        switch.stopped_at, switch.stopped_by, switch.reason = None, None, ""
        switch.save()
        record(person, "stop_all.released", switch, pressed_at=pressed_at.isoformat())
    return True


def switch_now() -> DialingSwitch:
    """Return the switch as it stands; where nobody made the row yet, one that is not pressed and not stored."""
    return DialingSwitch.objects.select_related("stopped_by").filter(pk=SWITCH_ID).first() or DialingSwitch(
        pk=SWITCH_ID
    )


def is_stopped() -> bool:
    """Tell whether stop-all is pressed."""
    return switch_now().stopped_at is not None
