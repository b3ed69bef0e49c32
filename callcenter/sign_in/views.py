"""Views of the doors: log-in, log-out, and proving again who one is."""

from __future__ import annotations

from typing import Any

import requests
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.logout import logout
from allauth.account.views import LoginView, PasswordChangeView, PasswordResetView
from allauth.socialaccount.providers.openid_connect import views as openid
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from callcenter.kept_forms.middleware import COOKIE
from callcenter.parameters import is_our_page
from callcenter.sign_in.adapter import refusal
from callcenter.sign_in.links import can_mail
from callcenter.sign_in_settings import OPENID


class SignInView(LoginView):  # type: ignore[misc] # django-allauth has no types
    """The log-in page; redirects people who are logged in."""

    template_name = "registration/login.html"

    def post(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponseBase:
        """Log in by name and password; refused where passwords are switched off."""
        if not settings.PASSWORD_LOGIN:
            return refusal(request, _("Passwords are turned off. Log in with your organisation's account."))
        found: HttpResponseBase = super().post(request, *arguments, **options)
        return found

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Return the context, with the demo's log-ins in demo mode."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        asked = self.request.POST.get("next") or self.request.GET.get("next") or ""
        context |= {
            "next": asked if is_our_page(self.request, asked) else "",
            "has_kept_form": COOKIE in self.request.COOKIES,
            "has_passwords": settings.PASSWORD_LOGIN,
            "openid_name": settings.OIDC.name if settings.OIDC.server_url else "",
        }
        if settings.DEMO:
            from callcenter.demo import LOGINS

            context["demo_logins"] = LOGINS
        return context


@require_POST
def log_out(request: HttpRequest) -> HttpResponseBase:
    """Log out, also of a log-in that waits for its second factor; back to the log-in page."""
    logout(request, show_message=False)
    return redirect("login")


@login_required
def prove(request: HttpRequest) -> HttpResponseBase:
    """Lead to the way by which a person can prove again who they are: password, second factor, or their provider."""
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    asked = request.GET.get(REDIRECT_FIELD_NAME, "")
    query = urlencode({REDIRECT_FIELD_NAME: asked if is_our_page(request, asked) else reverse("start")})
    if methods:
        return redirect(f"{methods[0]['url']}?{query}")
    if settings.OIDC.server_url:
        # The provider is to ask, too, not to wave through whoever is logged in there.
        address = (
            f"{reverse('openid_connect_login', args=[OPENID])}?{query}&{urlencode({'auth_params': 'prompt=login'})}"
        )
        return render(request, "registration/prove_by_openid.html", {"address": address})
    return refusal(request, _("You have no password and no two-factor login. Ask an admin for a new link."))


class OwnPasswordView(PasswordChangeView):  # type: ignore[misc]
    """The page on which a person changes their own password."""

    template_name = "registration/password_change.html"

    def dispatch(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponseBase:
        """Refuse people who have none, or where passwords are switched off."""
        if request.user.is_authenticated and not (settings.PASSWORD_LOGIN and request.user.has_usable_password()):
            return refusal(request, _("You log in without a password, so there is none to change."))
        found: HttpResponseBase = super().dispatch(request, *arguments, **options)
        return found


class ForgottenView(PasswordResetView):  # type: ignore[misc]
    """The page that mails a link for a new password; says whom to ask where no mail leaves."""

    template_name = "registration/forgotten.html"

    def dispatch(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponseBase:
        """Say whom to ask where no mail leaves, or no address is known that a link could lead to."""
        if not settings.PASSWORD_LOGIN:
            raise Http404
        if not can_mail(request):
            return render(request, "registration/forgotten_without_mail.html")
        found: HttpResponseBase = super().dispatch(request, *arguments, **options)
        return found


def log_in_by_openid(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Lead to the provider; says so where it cannot be asked for its addresses."""
    try:
        found: HttpResponseBase = openid.login(request, provider_id)
    except requests.RequestException:
        return refused_by_openid(request)
    return found


def refused_by_openid(request: HttpRequest, **_options: Any) -> HttpResponse:
    """Say that a log-in at the provider did not work."""
    return refusal(request, _("Log-in with your organisation's account failed. Try again, or ask an admin."))
