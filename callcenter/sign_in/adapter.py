"""How django-allauth logs people in here: by name, limited by our own counts, without sign-up, back to own pages."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from callcenter.access import login_events
from callcenter.access.client_address import client_address, client_network
from callcenter.access.fresh import is_fresh
from callcenter.audit.models import record
from callcenter.parameters import is_our_page
from callcenter.sign_in import browsers, links, throttle

MESSAGES = {
    "account/messages/password_changed.txt": gettext_lazy("Password changed."),
    "mfa/messages/totp_activated.txt": gettext_lazy("Authenticator app set up."),
    "mfa/messages/totp_deactivated.txt": gettext_lazy("Authenticator app removed."),
    "mfa/messages/webauthn_added.txt": gettext_lazy("Security key added."),
    "mfa/messages/webauthn_removed.txt": gettext_lazy("Security key removed."),
}
"""The notices of django-allauth that are shown, in our words; all others are left out."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc] # it has no types
    """The adapter of accounts."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "username_password_mismatch": gettext_lazy("Wrong name or password. Check Caps Lock and keyboard language."),
        "incorrect_password": gettext_lazy("Wrong password. Check Caps Lock and keyboard language."),
        "enter_current_password": gettext_lazy("This is not your current password."),
        "incorrect_code": gettext_lazy("Wrong code. Enter the latest code from your app, or a recovery code."),
        "invalid_password_reset": gettext_lazy("This link no longer works."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Refuse: users are invited."""
        return False

    def is_safe_url(self, url: str | None) -> bool:
        """Return whether an address to go back to is a page of ours."""
        return bool(url) and is_our_page(self.request, str(url))

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return the address that everything here counts by."""
        return client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> User | None:
        """Return the user of a name and password; raises Throttled before looking at them.

        A switched-off user gets the answer of a wrong password.
        """
        name = str(credentials.get("username", ""))
        gates = throttle.gates_of(name, client_network(request), browsers.mark_for(request, name))
        if throttle.begin(gates):
            login_events.throttled(request, username=name)
        user = authenticate(request, username=name, password=credentials.get("password"))
        if user is not None:
            throttle.succeed(gates)
        return user

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Refuse a user who is switched off."""
        return refusal(request, _("Your account is turned off. Ask an admin."))

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Return whether the person has to prove again who they are."""
        return not is_fresh(self.request)

    def add_message(
        self,
        request: HttpRequest,
        level: int,
        message_template: str | None = None,
        message_context: dict[str, Any] | None = None,
        extra_tags: str = "",
        message: str | None = None,
    ) -> None:
        """Show one of `MESSAGES`, or a message that comes as text."""
        text = message or MESSAGES.get(message_template or "")
        if text:
            super().add_message(request, level, message=str(text))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """Return the page that a person comes from."""
        return reverse("preferences")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link of a reset, to an address that no request can choose. Raises links.NoAddress."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return links.link_to(self.request, path.replace("UID-KEY", key))

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Mail the link of a reset, to the address that is on file."""
        record(None, "password.reset_asked", user)
        text = _(
            "Somebody, probably you, asked for a new password for the user %(name)s.\n\nChoose one here within "
            "an hour:\n%(link)s\n\nIf it was not you, do nothing. Your password does not change."
        ) % {"name": user.get_username(), "link": context["password_reset_url"]}
        links.post(_("Callcenter: choose a new password"), text, user.email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send none of django-allauth's other mails."""


def refusal(request: HttpRequest, sentence: str, *, status: int = 403) -> HttpResponse:
    """Return the page that says why somebody is not let in, and the next step."""
    return render(request, "registration/refused.html", {"sentence": sentence}, status=status)


def refuse(request: HttpRequest, sentence: str) -> ImmediateHttpResponse:
    """Return the exception that ends a log-in with `refusal`."""
    return ImmediateHttpResponse(refusal(request, sentence))
