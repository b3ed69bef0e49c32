"""Queues calls through any vendor of the simulator, and follows them to their end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from campaigns.models import Call, Contact
from providers.models import Provider
from providers.types import FINAL, CallStatus
from tests.conftest import make_contact

Run = Callable[..., None]


def number_of(vendor: str, last: str) -> str:
    """Return a number that the vendor takes, with the last four digits that decide what happens."""
    return f"+98912000{last}" if vendor == "bitel" else f"+1202555{last}"


def ring(provider: Provider, last: str, **fields: Any) -> Call:
    """Queue one call through a provider, with whatever its vendor needs."""
    backend = provider.backend_class
    number = number_of(provider.vendor, last)
    defaults: dict[str, Any] = {
        "agent": provider.agent_set.first(),
        "voice": provider.voice_set.first() if "voice" in backend.message_kinds else None,
        "caller_id": provider.callerid_set.first() if backend.accepts_caller_id else None,
        "contact": Contact.objects.filter(phone=number).first() or make_contact(phone=number),
        "variables": {"name": "Maryam"} if backend.accepts_variables else {},
    }
    return Call.objects.create(provider=provider, to_number=number, due_at=timezone.now(), **(defaults | fields))


def follow(calls: list[Call], dial: Run, read_back: Run, rounds: int = 5) -> None:
    """Dial, and read until every call is over."""
    ours = Call.objects.filter(pk__in=[call.pk for call in calls])
    dial(2, until=lambda: not ours.filter(status__in=[CallStatus.PENDING, CallStatus.PLACING]).exists())
    for _round in range(rounds):
        read_back(2, until=lambda: not ours.exclude(status__in=FINAL).exists())
        for call in calls:
            call.refresh_from_db()
        if all(call.status in FINAL for call in calls):
            return
