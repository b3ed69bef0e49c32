"""What of a message a provider offers to choose, for the builder and for variants."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from providers.models import Agent, CallerId, Dialer, Provider, Voice

CHOSEN_AT_VENDOR = {"agent": Agent, "voice": Voice, "caller_id": CallerId, "dialer": Dialer}


def parts_offered(provider: Provider | None) -> frozenset[str]:
    """Return which of agent, voice, text, caller ID and dialler calls through a provider may have."""
    if provider is None:
        return frozenset()
    backend = provider.backend_class
    kinds = backend.message_kinds
    offered = {
        "agent": "agent" in kinds,
        "voice": "voice" in kinds or backend.accepts_voice_override,
        "text": "text" in kinds,
        "caller_id": backend.accepts_caller_id or backend.needs_caller_id,
        "dialer": backend.accepts_dialer,
    }
    return frozenset(name for name, is_offered in offered.items() if is_offered)


def rows_offered(name: str, provider: Provider | None, chosen: Iterable[int | None]) -> QuerySet[Any]:
    """Return the agents, voices, caller IDs or diallers to choose from: those at the vendor, and those `chosen`."""
    kept = [pk for pk in chosen if pk]
    here = Q(provider=provider) & (Q(is_present=True) | Q(pk__in=kept))
    return CHOSEN_AT_VENDOR[name]._default_manager.filter(here)
