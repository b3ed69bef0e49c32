"""Fresh sign-in: what is dangerous asks a person to prove again, a short time before, who they are."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse

from callcenter.parameters import is_our_page

PROVED_AT = "proved_at"
"""Key of a session: when its person last proved who they are, in epoch seconds."""
P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def note_proof(request: HttpRequest | None, **_: Any) -> None:
    """Note that the person of a request has just proved who they are; a receiver of the log-in's signal too."""
    if request is not None and hasattr(request, "session"):
        request.session[PROVED_AT] = int(time.time())


def is_fresh(request: HttpRequest) -> bool:
    """Return whether the person logged in, or proved again who they are, at most FRESH_SIGN_IN_MINUTES ago."""
    proved_at = request.session.get(PROVED_AT, 0)
    return request.user.is_authenticated and 0 <= time.time() - proved_at < settings.FRESH_SIGN_IN_MINUTES * 60


def needs_fresh_sign_in(view: View[P]) -> View[P]:
    """Decorate a view so that it needs a fresh sign-in: the person is asked for their password, and brought back.

    A form that was sent too late is not carried out; it comes back filled, without its secrets.
    """

    @wraps(view)
    def checked(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        return view(request, *args, **kwargs) if is_fresh(request) else prove_first(request)

    checked.needs_fresh_sign_in = True  # type: ignore[attr-defined]
    return cast(View[P], login_required(checked))


def prove_first(request: HttpRequest) -> HttpResponse:
    """Return the way to the page that asks for the password again; it leads back to where the person was."""
    target = f"{reverse('prove')}?{urlencode({REDIRECT_FIELD_NAME: page_asked_from(request)})}"
    if "HX-Request" in request.headers:
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return redirect(target)


def page_asked_from(request: HttpRequest) -> str:
    """Return path and query of the page to come back to: the one asked for, or the one whose form was sent."""
    if request.method in {"GET", "HEAD"} and "HX-Request" not in request.headers:
        return request.get_full_path()
    told = request.headers.get("HX-Current-URL") or request.headers.get("Referer") or ""
    parts = urlsplit(told)
    page = f"{parts.path}?{parts.query}" if parts.query else parts.path
    is_here = parts.netloc == request.get_host() and is_our_page(request, page)
    return page if is_here else request.get_full_path()
