"""Middleware that answers probes and /metrics by whatever name or IP address they are asked for."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from callcenter.monitoring.urls import PATHS


class MachinePages:
    """Answers the addresses of `monitoring.urls` before the Host header is looked at and before a session is opened.

    A load balancer and Prometheus ask by IP address, which no ALLOWED_HOSTS names. What they are told holds no link
    that a forged Host could bend. `SECURE_REDIRECT_EXEMPT` leaves the same addresses without the redirect to https.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the machine's page, or the response of what stands below."""
        if request.path_info in PATHS:
            found: HttpResponse = resolve(request.path_info, "callcenter.monitoring.urls").func(request)
            return found
        return self.get_response(request)
