"""The three stops of a provider, never mixed: halted, breaker open, frozen."""

from __future__ import annotations

from datetime import datetime

from providers.exceptions import CredentialsRejected, OutOfCredit
from providers.models import Provider
from providers.models.stops import Actor
from providers.services.checking import CheckVerdict, check_provider


def halt(provider_id: int, reason: str, person: Actor = None) -> bool:
    """Stop calling until a person resumes it; false where it was halted already."""
    return Provider.objects.halt(provider_id, reason, person)


def resume(provider_id: int, person: Actor) -> CheckVerdict:
    """End a halt, once the key was tested: a key or account that is still refused stays halted.

    An answer that says nothing of the account (the vendor cannot be reached) does not keep it halted: the breaker is
    there for that.
    """
    verdict = check_provider(provider_id, person)
    if verdict.is_ok or verdict.kind not in {CredentialsRejected.__name__, OutOfCredit.__name__}:
        Provider.objects.resume(provider_id, person)
    return verdict


def open_breaker(provider_id: int, reason: str, probe_at: datetime) -> bool:
    """Pause calling after failures until a probe goes well; false where it was open already."""
    return Provider.objects.open_breaker(provider_id, reason, probe_at)


def close_breaker(provider_id: int, person: Actor = None) -> bool:
    """Let calls pass again; false where it was closed already."""
    return Provider.objects.close_breaker(provider_id, person)


def freeze(provider_id: int, reason: str, person: Actor = None) -> bool:
    """Stop calling until the vendor's list was compared; false where it was frozen already."""
    return Provider.objects.freeze(provider_id, reason, person)


def unfreeze(provider_id: int, person: Actor = None, reason: str = "") -> bool:
    """Let calls pass again after the comparison; false where it was not frozen."""
    return Provider.objects.unfreeze(provider_id, person, reason)
