"""Middleware: security headers, sessions that slide, the viewer's time zone, redirects from POST-only addresses."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import Resolver404, resolve
from django.utils import timezone
from django.utils.translation import gettext as _

from callcenter.access import clock
from callcenter.access.open_sessions import note_session
from callcenter.access.sessions import BEGAN_AT, SLID_EVERY, USED_AT, is_over

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data:; media-src 'self'; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

Answer = Callable[[HttpRequest], HttpResponse]


class SecurityHeaders:
    """Sets a strict Content-Security-Policy, and `no-store` on what a logged-in person sees."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response with the headers set."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        if getattr(request, "user", None) is not None and request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "no-store, private")
        return response


class SlidingSession:
    """Ends a session so long after its last use, noted every `SLID_EVERY` seconds, and so long after its log-in.

    What a page asks for by itself, as live parts do, is no use: htmx's GET requests do not count. A session whose user
    is switched off, gone or has another password is ended for good, so that nothing brings it back later.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; the session is saved with it if it slides."""
        asks_by_itself = request.method == "GET" and "HX-Request" in request.headers
        now = int(time.time())
        if not request.user.is_authenticated:
            if SESSION_KEY in request.session:
                request.session.flush()
        elif is_over(request.session, now):
            logout(request)
        elif not asks_by_itself and now - request.session.get(USED_AT, 0) >= SLID_EVERY:
            request.session[USED_AT] = now
            # Of a version before, which noted no beginning.
            request.session.setdefault(BEGAN_AT, now)
            note_session(request, request.user)
        return self.get_response(request)


class ViewerTimeZone:
    """Activates the viewer's time zone, and keeps the clock at the request as `viewer_clock`."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response, rendered with the viewer's time zone active."""
        found = clock.clock_of(request)
        request.viewer_clock = found  # type: ignore[attr-defined]
        with timezone.override(found.zone):
            return self.get_response(request)


class PageAbove:
    """Redirects a GET of a POST-only address to the page above it.

    A refused form is shown at such an address, and changing the language, logging in again or "Stop all calls" sends
    the browser back to it by GET.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; a 405 to a GET becomes a redirect to the page above."""
        response = self.get_response(request)
        opens_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if response.status_code != 405 or not opens_page or "HX-Request" in request.headers:
            return response
        if getattr(request, "is_api", False):
            return response
        above = page_above(request.path_info)
        if getattr(request, "kept_forms", None):
            # What was typed is shown there instead.
            request.page_above = above  # type: ignore[attr-defined]
        else:
            messages.info(request, _("The form on this page was not accepted. Nothing was saved."))
        return redirect(above)


def page_above(path: str) -> str:
    """Return the nearest parent of a path that resolves to a view."""
    while path := path.rstrip("/").rpartition("/")[0]:
        try:
            resolve(f"{path}/")
        except Resolver404:
            continue
        return f"{path}/"
    return "/"
