"""Log-in with a passkey alone: a security key that made sure of its owner stands for password and second factor.

Whoever has no password here comes by the organisation's own account, and only by it: what that account forbids, no key
allows. What user verification is: https://www.w3.org/TR/webauthn-3/#user-verification.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.models import Login
from allauth.mfa.webauthn.forms import LoginWebAuthnForm
from allauth.mfa.webauthn.internal import auth, flows
from allauth.mfa.webauthn.views import LoginWebAuthnView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from callcenter.access import login_events
from callcenter.access.client_address import client_network
from callcenter.parameters import is_our_page
from callcenter.sign_in import throttle
from callcenter.sign_in.adapter import refusal
from callcenter.sign_in.forms import ProvesByKey, can_use_passkeys

METHOD = "passkey"
"""How the audit log calls this way in."""


class PasskeyForm(ProvesByKey, LoginWebAuthnForm):  # type: ignore[misc] # django-allauth has no types
    """What the browser says of a passkey; the challenge that it answers is gone afterwards, right or wrong."""

    method = METHOD

    def clean_credential(self) -> Any:
        """Return the authenticator. Raises ValidationError for a strange key, or one that did not verify its user."""
        try:
            return super().clean_credential()
        finally:
            auth.clear_state()


class PasskeyView(LoginWebAuthnView):  # type: ignore[misc]
    """Gives challenges to the log-in page's script, and logs in who answers one with a passkey."""

    def dispatch(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponseBase:
        """Refuse where only the organisation's accounts lead in."""
        if not settings.PASSWORD_LOGIN:
            return refusal(request, _("Passkeys are turned off. Log in with your organisation's account."))
        found: HttpResponseBase = super().dispatch(request, *arguments, **options)
        return found

    def get(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponseBase:
        """Return a challenge as JSON, counted by address, for each is kept; leads a browser to the log-in page."""
        if get_adapter(request).is_ajax(request):
            throttle.begin([_challenges(request)])
        found: HttpResponseBase = super().get(request, *arguments, **options)
        return found

    def post(self, request: HttpRequest, *arguments: Any, **options: Any) -> HttpResponseBase:
        """Log in; raises Throttled, by the count of the address that wrong passwords have, too."""
        if throttle.begin([throttle.gate_of_address(client_network(request))]):
            login_events.throttled(request)
        found: HttpResponseBase = super().post(request, *arguments, **options)
        return found

    def form_valid(self, form: PasskeyForm) -> HttpResponseBase:
        """Log in the key's owner, unless they are switched off or have no password here."""
        authenticator = form.cleaned_data["credential"]
        user: User = authenticator.user
        if not user.is_active:
            form.note_failure(user)
            refused: HttpResponseBase = get_adapter(self.request).respond_user_inactive(self.request, user)
            return refused
        if not can_use_passkeys(user):
            form.note_failure(user)
            return refusal(self.request, _("You have no password here. Log in with your organisation's account."))
        throttle.succeed([throttle.gate_of_address(client_network(self.request)), _challenges(self.request)])
        login = Login(user=user, redirect_url=self._next() or None)
        found: HttpResponseBase = flows.perform_passwordless_login(self.request, authenticator, login)
        return found

    def form_invalid(self, form: PasskeyForm) -> HttpResponseBase:
        """Lead back to the log-in page, which says so."""
        get_adapter(self.request).add_message(
            self.request, messages.ERROR, message=_("Log-in with this passkey failed. Try again, or use your password.")
        )
        query = f"?{urlencode({'next': self._next()})}" if self._next() else ""
        return redirect(f"{reverse('login')}{query}")

    def _next(self) -> str:
        asked = self.request.POST.get("next", "")
        return asked if is_our_page(self.request, asked) else ""


def _challenges(request: HttpRequest) -> throttle.Gate:
    key = throttle.key_of("challenge", client_network(request))
    return throttle.Gate(key, throttle.FREE_OF_AN_ADDRESS, is_forgiven=False)
