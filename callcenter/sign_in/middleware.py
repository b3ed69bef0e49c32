"""The middleware of sign-in: waits after wrong guesses, a known browser, and a second factor that is due first."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve

from callcenter.sign_in import browsers, second_factor
from callcenter.sign_in.throttle import Throttled

OPEN_WHILE_DUE = frozenset(
    {
        "logout",
        "account_logout",
        "set-language",
        "prove",
        "account_reauthenticate",
        "second-factor",
        "mfa_index",
        "mfa_activate_totp",
        "mfa_add_webauthn",
        "mfa_view_recovery_codes",
        "livez",
        "healthz",
        "readyz",
    }
)
"""Names of the addresses that a person may open who must set up a second factor first."""
Answer = Callable[[HttpRequest], HttpResponse]


class SignIn:
    """Leads a person whose second factor is due to its page, and answers who guesses too fast with a 429."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Return the response; after a log-in, the browser is remembered with it."""
        if second_factor.IS_DUE in request.session and second_factor.is_due(request) and not _is_open(request):
            target = "/second-factor/"
            if "HX-Request" in request.headers:
                return HttpResponse(status=204, headers={"HX-Redirect": target})
            return redirect(target)
        response = self.get_response(request)
        if name := getattr(request, "logged_in_here", ""):
            browsers.remember(request, response, name)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Return the page that says when to try again."""
        if not isinstance(exception, Throttled):
            return None
        response = render(request, "registration/throttled.html", {"seconds": exception.seconds}, status=429)
        response["Retry-After"] = str(exception.seconds)
        return response


def _is_open(request: HttpRequest) -> bool:
    try:
        return resolve(request.path_info).url_name in OPEN_WHILE_DUE
    except Resolver404:
        return False
