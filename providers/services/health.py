"""Health of a provider: records successes and errors, and halts an account that the vendor refuses."""

from __future__ import annotations

import logging

from providers.exceptions import AccountProblem, ProviderError, ProviderMisconfigured
from providers.models import Provider

logger = logging.getLogger(__name__)


def note_success(provider_id: int) -> None:
    """Record a successful answer."""
    Provider.objects.note_success(provider_id)


def note_error(provider_id: int, error: ProviderError | ProviderMisconfigured) -> None:
    """Record an error; a refused key or an empty account halts the provider at once."""
    Provider.objects.note_error(provider_id, error)
    logger.warning("provider=%s error=%s", provider_id, type(error).__name__)
    if isinstance(error, AccountProblem):
        Provider.objects.halt(provider_id, error.message)
