"""Where a provider's keys are sent: a key belongs to one address, and is dropped when the provider gets another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from providers.models import Provider


def destination(provider: Provider, options: Mapping[str, Any]) -> str:
    """Return where requests of a provider go with these options: vendor, scheme, host and port."""
    address = options.get("base_url") or provider.backend_class.default_base_url
    try:
        parts = urlsplit(str(address))
        port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    except ValueError:
        return f"{provider.vendor} {address}"
    return f"{provider.vendor} {parts.scheme}://{(parts.hostname or '').lower()}:{port}"


def goes_elsewhere(provider: Provider, options: Mapping[str, Any]) -> bool:
    """Return whether these options send to another address than the stored keys of a provider were stored for."""
    stored = Provider.objects.filter(pk=provider.pk).first() if provider.pk else None
    if stored is None or not stored.secrets:
        return False
    return destination(stored, stored.options) != destination(provider, options)
