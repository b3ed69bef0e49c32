"""Harmless reads at a vendor: opens the backend, logs its exchanges and records success or failure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from providers.base import ProviderBackend
from providers.exceptions import ProviderError, ProviderMisconfigured
from providers.models import Provider
from providers.opening import open_backend
from providers.services.health import note_error, note_success
from providers.types import Exchange

ASK_SECONDS = 10.0
"""Time-out in seconds; shorter than an order's, because a person waits for the answer."""


@contextmanager
def asking(
    provider: Provider,
    what: str,
    *,
    secrets: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> Iterator[ProviderBackend]:
    """Yield the provider's backend for harmless reads; every exchange of a saved provider is logged.

    With `secrets` or `options` it tests new values: nothing but the log is written. Raises what the backend raises. No
    transaction may be open: it would last as long as the vendor takes to answer.
    """
    is_trial = secrets is not None or options is not None
    passed: list[Exchange] = []
    failure: Exception | None = None
    try:
        yield open_backend(
            provider, passed.append, is_person=True, secrets=secrets, options=options, total_timeout=ASK_SECONDS
        )
    except (ProviderError, ProviderMisconfigured) as error:
        failure = error
        if not is_trial:
            note_error(provider.pk, error)
        raise
    else:
        if not is_trial:
            note_success(provider.pk)
    finally:
        if provider.pk:
            for number, exchange in enumerate(passed, 1):
                # The answer's body is kept only after an error, for the last exchange, which is the one that failed.
                wrong = exchange.error or (failure if number == len(passed) else None)
                Provider.objects.note_exchange(
                    provider.pk,
                    what=what,
                    method=exchange.method,
                    path=exchange.path,
                    http_status=exchange.http_status,
                    duration_ms=exchange.duration_ms,
                    error=wrong,
                    sent=exchange.request.json if wrong and exchange.request else None,
                    answered=exchange.response.content if wrong and exchange.response is not None else None,
                    secrets=exchange.secrets,
                )
