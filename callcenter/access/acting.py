"""Middleware that tells the audit log where a request comes from, and records refused pages."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from callcenter import request_ids
from callcenter.access.client_address import client_address
from callcenter.access.login_events import refused
from callcenter.audit.context import Acting, acting


class AuditOrigin:
    """Stands behind the session's middleware; costs nothing unless an event is recorded."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; events inside are recorded as of this request."""
        with acting(origin_of(request)):
            response = self.get_response(request)
            if response.status_code == 403:
                refused(request, response, getattr(request, "refused_right", ""))
            return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Keep the name of the right that was missing."""
        if isinstance(exception, PermissionDenied):
            request.refused_right = str(exception)  # type: ignore[attr-defined]


def origin_of(request: HttpRequest) -> Acting:
    """Return where a request comes from."""
    return Acting(
        request_id=request_ids.current(),
        find_address=lambda: client_address(request),
        # Read when an event is recorded: logging in gives the session another key.
        find_session_key=lambda: getattr(getattr(request, "session", None), "session_key", None) or "",
    )
