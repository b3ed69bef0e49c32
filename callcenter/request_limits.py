"""Middleware that refuses what no page can read: too large a body, NUL bytes, keys that no row can have.

Both decide before the body is read: `CsrfViewMiddleware` reads it as soon as a view is known, whoever asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve

from callcenter.access.roles import Person, may
from callcenter.parameters import LARGEST_KEY

Answer = Callable[[HttpRequest], HttpResponse]


def length_of(request: HttpRequest) -> int | None:
    """Return the length of the body that a request says; None where it says none, but sends one all the same."""
    said = request.META.get("CONTENT_LENGTH") or ""
    if said.isascii() and said.isdigit():
        return int(said[:20])
    return None if said or request.META.get("HTTP_TRANSFER_ENCODING") else 0


class BodyLimit:
    """Refuses a body above `DATA_UPLOAD_MAX_MEMORY_SIZE`, except of an upload by a person who may make it.

    A view whose attribute `takes_upload` is true limits its uploads itself. A body of unknown length is refused,
    because Django would read it as empty.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response, or a refusal: 411, 413, 403 or the log-in."""
        length = length_of(request)
        if length is None:
            return render(request, "411.html", status=411)
        if length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            return self.get_response(request)
        try:
            view: Any = resolve(request.path_info).func
        except Resolver404:
            view = None
        if not getattr(view, "takes_upload", False):
            return render(request, "413.html", status=413)
        if not request.user.is_authenticated:
            return cast(HttpResponse, redirect_to_login(request.get_full_path()))
        if not may(cast(Person, request.user), view.needs_right):
            raise PermissionDenied(view.needs_right)
        return self.get_response(request)


class CleanParameters:
    """Refuses NUL bytes, which PostgreSQL cannot store, and treats a key that no column holds as that of no row."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; raises BadRequest for a NUL byte in the address."""
        if "\0" in request.path_info or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL")
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]
    ) -> None:
        """Raise Http404 for a key beyond 64 bits, and BadRequest for a NUL byte in a form."""
        if any(isinstance(value, int) and value > LARGEST_KEY for value in kwargs.values()):
            raise Http404
        # The bodies of the others are not ours to read here: a vendor's message, a file.
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        if any("\0" in text for _name, texts in request.POST.lists() for text in texts):
            raise BadRequest("NUL")
