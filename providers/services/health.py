"""Health of a provider: records successes and errors, and halts an account that the vendor refuses."""

from __future__ import annotations

import logging

from providers.exceptions import AccountProblem, ProviderError, ProviderMisconfigured, ProviderUnusable
from providers.models import Provider

logger = logging.getLogger(__name__)


def note_success(provider_id: int) -> None:
    """Record a successful answer."""
    Provider.objects.note_success(provider_id)


def note_error(provider_id: int, error: ProviderError | ProviderMisconfigured) -> None:
    """Record an error; a refused key, an empty account or what cannot be opened halts the provider at once."""
    logger.warning("provider=%s error=%s", provider_id, type(error).__name__)
    if isinstance(error, AccountProblem | ProviderUnusable):
        Provider.objects.halt_for(provider_id, error)
    else:
        Provider.objects.note_error(provider_id, error)
