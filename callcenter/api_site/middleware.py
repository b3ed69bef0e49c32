"""Middleware of the API: it knows no cookie, and each of its errors is a problem, whoever found it."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from callcenter.api import problems

BEGINNING = "/api/v1/"
KEPT = ("Allow", "Retry-After", "WWW-Authenticate", "Content-Range")
"""Headers of a refusal that its problem keeps."""


class ApiAnswers:
    """Stands before the sessions, so that no address of the API ever sees one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; a refusal that is a page for people becomes a problem."""
        if not request.path_info.startswith(BEGINNING):
            return self.get_response(request)
        request.COOKIES = {}
        request.is_api = True  # type: ignore[attr-defined]
        response = self.get_response(request)
        if response.status_code < 400 or response.headers.get("Content-Type") == problems.MEDIA_TYPE:
            return response
        kept = {name: response.headers[name] for name in KEPT if name in response.headers}
        return problems.answer(response.status_code, headers=kept)
