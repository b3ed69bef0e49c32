"""The address of the browser that asks, also behind a proxy."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """Return the address that asks: behind a proxy the last one of X-Forwarded-For, which the proxy itself wrote.

    Those before it are what the browser claims. Without a proxy the header is not believed at all.
    """
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")) if settings.BEHIND_PROXY else ""
    return forwarded.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR", ""))
