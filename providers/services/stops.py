"""The three stops of a provider, independent of each other: halted, breaker open, frozen."""

from __future__ import annotations

from datetime import datetime

from providers.models import Provider
from providers.models.stops import Actor
from providers.services.checking import CheckVerdict, check_provider
from providers.wording import HALTING


def halt(provider_id: int, reason: str, person: Actor = None) -> bool:
    """Stop calls until a person resumes them; returns False where it was halted already."""
    return Provider.objects.halt(provider_id, reason, person)


def resume(provider_id: int, person: Actor) -> CheckVerdict:
    """Test the key and end the halt, unless the account is still refused or cannot be opened; returns the verdict.

    Where the vendor cannot be reached the halt ends too: failures of that kind are the circuit breaker's.
    """
    verdict = check_provider(provider_id, person)
    if verdict.is_ok or verdict.kind not in HALTING:
        Provider.objects.resume(provider_id, person)
    return verdict


def open_breaker(provider_id: int, reason: str, probe_at: datetime) -> bool:
    """Pause calls after failures until a probe succeeds; returns False where the breaker was open already."""
    return Provider.objects.open_breaker(provider_id, reason, probe_at)


def close_breaker(provider_id: int, person: Actor = None) -> bool:
    """Allow calls again; returns False where the breaker was closed already."""
    return Provider.objects.close_breaker(provider_id, person)


def freeze(provider_id: int, reason: str, person: Actor = None) -> bool:
    """Stop calls until the vendor's list was compared with ours; returns False where it was frozen already."""
    return Provider.objects.freeze(provider_id, reason, person)


def unfreeze(provider_id: int, person: Actor = None, reason: str = "") -> bool:
    """Allow calls again after the comparison; returns False where it was not frozen."""
    return Provider.objects.unfreeze(provider_id, person, reason)


def skip_comparison(provider_id: int, person: Actor, reason: str) -> bool:
    """Allow calls before the vendor's list was compared after a start; returns False where that was not due."""
    return Provider.objects.skip_comparison(provider_id, person, reason)
