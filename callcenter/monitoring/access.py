"""Who may read /metrics, and the details of /readyz: whoever has the token, or asks from a listed address."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from callcenter.access.client_address import peer_address

FORWARDED = ("X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via")
"""Headers of a proxy: the address that we see is then the proxy's, not that of whoever asks."""


def is_open() -> bool:
    """Return whether the settings let anybody read the metrics."""
    return bool(settings.METRICS_TOKEN or settings.METRICS_ADDRESSES)


def has_token(request: HttpRequest) -> bool:
    """Return whether the request carries METRICS_TOKEN as a bearer token."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    is_right = constant_time_compare(token.strip(), settings.METRICS_TOKEN)
    return bool(settings.METRICS_TOKEN) and scheme.lower() == "bearer" and is_right


def is_listed(request: HttpRequest) -> bool:
    """Return whether the request comes straight from an address in METRICS_ADDRESSES, not through a proxy."""
    if any(name in request.headers for name in FORWARDED):
        return False
    address = peer_address(request)
    return address is not None and any(address in network for network in settings.METRICS_ADDRESSES)


def may_read(request: HttpRequest) -> bool:
    """Return whether the request may read the metrics."""
    return has_token(request) or is_listed(request)
