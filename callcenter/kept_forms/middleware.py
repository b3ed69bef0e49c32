"""The middleware of kept forms: keeps what could not be taken, and fills it in where it came from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.template.loader import render_to_string
from django.urls import reverse

from callcenter.access.models import KEPT_FOR, KeptForm
from callcenter.kept_forms import keeping, logins
from callcenter.kept_forms.filling import Filled, Page, visible

COOKIE = "kept-forms"
"""Says that something was kept from this browser, so that other pages need not look."""
PLACE = '<div id="kept-forms"></div>'
"""Where a page says what was kept."""

Answer = Callable[[HttpRequest], HttpResponseBase]


class KeptForms:
    """Keeps a form whose session has ended, and shows it again, filled, on the page it came from."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Return the response; a log-in in place of what a form asked for comes with the form kept."""
        kept = self._find(request)
        asked: Any = request
        asked.kept_forms, asked.kept_forms_used = kept, set()
        response = self.get_response(request)
        if request.method == "POST":
            response = self._after_post(request, response)
        elif kept and (moved := getattr(request, "page_above", None)):
            KeptForm.objects.filter(pk__in=[one.pk for one in kept]).update(page=moved)
        elif kept and isinstance(response, HttpResponse):
            fill(request, response, kept)
        logins.note(request, response)
        return response

    def _find(self, request: HttpRequest) -> list[keeping.Kept]:
        opens_page = request.method == "GET" and COOKIE in request.COOKIES and "HX-Request" not in request.headers
        if not opens_page or request.user.pk is None:
            return []
        return keeping.find(request.user.pk, request.get_full_path())

    def _after_post(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        # What was not read yet, as an upload before its check, is not read for this.
        if not hasattr(request, "_post"):
            return response
        if request.user.pk is None:
            return kept_for_later(request, response, KeptForm.Why.SIGNED_OUT) if asks_to_log_in(response) else response
        if leads_to(response, {reverse("prove")}):
            return kept_until_proved(request, response)
        # htmx asks what follows from a choice; the form itself is still to be sent.
        is_taken = response.status_code < 500 and "HX-Request" not in request.headers
        if is_taken and (key := request.POST.get(keeping.KEPT_FORM)):
            keeping.forget(request.user.pk, key)
        return response


def asks_to_log_in(response: HttpResponseBase) -> bool:
    """Return whether a response leads to the log-in."""
    return leads_to(response, {resolve_url(settings.LOGIN_URL), reverse("admin:login")})


def leads_to(response: HttpResponseBase, paths: set[str]) -> bool:
    """Return whether a response redirects to one of these paths."""
    return response.status_code == 302 and urlsplit(response["Location"]).path in paths


def kept_until_proved(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Keep the form of a person who must first prove again who they are; returns the response, which leads there."""
    try:
        kept = keeping.keep(request, request.user.pk or 0, KeptForm.Why.LOGGED_IN_AGAIN)
    except keeping.TooLong:
        kept = None
    if kept is not None:
        _remember(response)
    return response


def _remember(response: HttpResponseBase) -> None:
    response.set_cookie(
        COOKIE,
        "1",
        max_age=int(KEPT_FOR.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def kept_for_later(request: HttpRequest, refusal: HttpResponseBase, why: KeptForm.Why) -> HttpResponseBase:
    """Keep the form of a request that is not carried out; returns the way back to it, or `refusal` where none is kept.

    The way leads through the log-in where nobody is logged in.
    """
    owner = logins.owner_of(request)
    if owner is None:
        return refusal
    is_htmx = "HX-Request" in request.headers
    try:
        kept = keeping.keep(request, owner, why)
    except keeping.TooLong:
        # The page's script stays where it is, with what was typed.
        return refusal if is_htmx else render(request, "registration/not_kept.html", status=413)
    if kept is None or request.user.pk not in (None, owner):
        return refusal
    target = kept.page
    if request.user.pk is None:
        target = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': kept.page})}"
    response = HttpResponse(status=204, headers={"HX-Redirect": target}) if is_htmx else redirect(target)
    _remember(response)
    return response


def fill(request: HttpRequest, response: HttpResponse, kept: list[keeping.Kept]) -> None:
    """Fill kept forms into a page, and say on top of it what became of each."""
    if response.status_code != 200 or not response.headers.get("Content-Type", "").startswith("text/html"):
        return
    text = response.content.decode(response.charset)
    if PLACE not in text:
        return
    page = Page(text, request.get_full_path())
    used: set[str] = getattr(request, "kept_forms_used", set())
    filled = [page.fill(one, is_shown_already=one.action in used) for one in kept]
    said = render_to_string("_kept_forms.html", {"rows": [_row(one) for one in filled if one]}, request)
    response.content = page.finished().replace(PLACE, said, 1)
    if "Content-Length" in response.headers:
        response.headers["Content-Length"] = str(len(response.content))


def _row(filled: Filled) -> dict[str, Any]:
    return {
        "pk": filled.kept.pk,
        "anchor": filled.anchor,
        "has_fields": filled.has_fields,
        "is_again": filled.kept.why == KeptForm.Why.LOGGED_IN_AGAIN,
        "is_whole": filled.kept.is_whole,
        "typed": [] if filled.anchor else visible(filled.kept),
    }
