"""Forms of sign-in, over those of django-allauth: our words, and our counts of what is guessed."""

from __future__ import annotations

import datetime
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ResetPasswordForm
from allauth.account.internal import flows
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import parse_registration_response
from django import forms
from django.conf import settings
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from callcenter.access.client_address import client_network
from callcenter.audit.often import A_MINUTE, note
from callcenter.formats.json_field import JsonField
from callcenter.sign_in import throttle
from callcenter.sign_in.models import Attempts
from callcenter.sign_in.second_factor import WAITING_SECRET
from providers import sealing

if TYPE_CHECKING:
    Invited = SetPasswordForm[User]
else:
    Invited = SetPasswordForm

ONE_CODE_LIVES = datetime.timedelta(minutes=2)
"""How long a code of an app could be right; it is taken once in this time."""
MAILS_AN_HOUR = 3
"""Resets that are mailed to one address; further ones get the same answer and no mail."""
MOST_PASSWORD = 1_000
"""Characters of a password that are looked at."""


class SignInForm(LoginForm):  # type: ignore[misc] # django-allauth has no types
    """Name and password, in fields of the names that password managers know."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["login"].label = _("Name")
        self.fields["password"].max_length = MOST_PASSWORD

    def add_prefix(self, field_name: str) -> str:
        """Return a field's name on the page."""
        return "username" if field_name == "login" else field_name

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponseBase:
        """Log in, or lead on to the second factor; how long a session lasts is none of this form's business."""
        self._login.redirect_url = redirect_url
        found: HttpResponseBase = flows.login.perform_password_login(request, self.user_credentials(), self._login)
        return found


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]
    """The address to which the link for a new password is mailed."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["email"].label = _("Your email address")
        self.fields["email"].widget.attrs = {"autocomplete": "email", "dir": "ltr", "autofocus": True}

    def save(self, request: HttpRequest, **options: Any) -> str:
        """Mail the link to each user of the address; raises Throttled for an address that asks for many."""
        email: str = self.cleaned_data["email"]
        throttle.begin([throttle.Gate(throttle.key_of("reset", client_network(request)), 20)])
        mailbox = throttle.key_of("mailbox", email)
        throttle.begin([throttle.Gate(mailbox, None)])
        if Attempts.objects.get(key=mailbox).failures > MAILS_AN_HOUR:
            return email
        super().save(request, **options)
        return email


class NewPasswordForm(ChangePasswordForm):  # type: ignore[misc]
    """A new password of one's own, beside the present one."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        label_passwords(self)

    def clean_oldpassword(self) -> str:
        """Refuse a wrong present password, and many of them."""
        gate = throttle.Gate(throttle.key_of("present", str(self.user.pk)))
        throttle.begin([gate])
        found: str = super().clean_oldpassword()
        throttle.succeed([gate])
        return found


def label_passwords(form: forms.Form) -> None:
    """Name the fields of a form that sets a password in our words."""
    labels = {"oldpassword": _("Current password"), "password1": _("New password"), "password2": _("Repeat password")}
    for name, field in form.fields.items():
        field.label = labels.get(name, field.label)
        field.widget.attrs.pop("placeholder", None)
        field.widget.attrs["dir"] = "ltr"
        field.help_text = ""


class Guessed:
    """What the forms of codes share: guesses are counted by user, and a code that was used is refused."""

    def clean_code(self) -> str:
        """Return the code. Raises ValidationError for a wrong one, and Throttled after some of them."""
        user, gate = self.user, throttle.Gate(throttle.key_of("code", str(self.user.pk)))  # type: ignore[attr-defined]
        throttle.begin([gate])
        code: str = super().clean_code()  # type: ignore[misc]
        used = throttle.key_of("used code", str(user.pk), code)
        since = timezone.now() - ONE_CODE_LIVES
        Attempts.objects.filter(key=used, last_at__lt=since).delete()
        _row, is_new = Attempts.objects.get_or_create(key=used)
        if not is_new:
            raise ValidationError(_("This code was just used. Wait for the next one."), code="used_code")
        throttle.succeed([gate])
        return code


class CodeForm(Guessed, AuthenticateForm):  # type: ignore[misc]
    """The code of an app, or a recovery code, after the password."""


class CodeAgainForm(Guessed, ReauthenticateForm):  # type: ignore[misc]
    """The same, to prove again who one is."""


class NewAppForm(Guessed, ActivateTOTPForm):  # type: ignore[misc]
    """The first code of an app that is being set up; its secret waits in the session, sealed for its user."""

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        session = context.request.session
        place = ("session", "new second factor", str(user.pk))
        with suppress(KeyError, sealing.CannotOpen):
            session[SECRET_SESSION_KEY] = sealing.unseal(session[WAITING_SECRET], *place)
        super().__init__(*arguments, user=user, **options)
        # Under a key of our own: django-allauth would take the sealed text for the secret.
        session[WAITING_SECRET] = sealing.seal(session.pop(SECRET_SESSION_KEY), *place)

    def clean_code(self) -> str:
        """Return the code; the secret that it proves waits no longer."""
        code = super().clean_code()
        context.request.session.pop(WAITING_SECRET, None)
        return code


UNREADABLE = (
    LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError, NotImplementedError,
    struct.error,
)  # fmt: skip
"""What the library of security keys raises, beside its own refusals, for what no browser sends."""


class OfKey(forms.Form):
    """What the forms of security keys share: what the browser says of the key may be anything."""

    credential = JsonField(widget=forms.HiddenInput)


def refused_key() -> ValidationError:
    """Return the error for what is no answer of a key, or not the right one."""
    return ValidationError(_("This key was not accepted. Try again, or choose another way."), code="incorrect_code")


NO_KEY = _("This key was not added. Try again, or use another one.")
NO_PASSKEY = _(
    "This key was not added: a passkey must ask for a PIN, fingerprint or face. Use another key, or untick Passkey."
)


class NewKeyForm(OfKey, AddWebAuthnForm):  # type: ignore[misc]
    """A security key that is being added, for log-in with it alone where its user may do that."""

    def __init__(self, *arguments: Any, user: User, **options: Any) -> None:
        options["user"] = user
        super().__init__(*arguments, **options)
        if not can_use_passkeys(user):
            del self.fields["passwordless"]
            return
        self.fields["passwordless"].label = _("Passkey: log in with this key, without a password")
        self.fields["passwordless"].help_text = _("The key then asks for a PIN, your fingerprint or your face.")

    def clean(self) -> dict[str, Any]:
        """Return what was entered. Raises ValidationError for a passkey that did not make sure of its user."""
        is_known = False
        with suppress(ValidationError, *UNREADABLE):
            super().clean()
            said = parse_registration_response(self.cleaned_data["credential"]).response.attestation_object.auth_data
            # Of a key whose algorithm the library does not know, no answer could be checked.
            is_known = said.credential_data.public_key.ALGORITHM is not None
        if "credential" in self.cleaned_data and not is_known:
            wants_more = self.cleaned_data.get("passwordless")
            raise ValidationError(NO_PASSKEY if wants_more else NO_KEY, code="incorrect_code")
        return self.cleaned_data


def can_use_passkeys(user: User) -> bool:
    """Return whether a passkey alone logs a user in: it stands for a password of theirs, where passwords do."""
    return settings.PASSWORD_LOGIN and user.has_usable_password()


class ProvesByKey(OfKey):
    """What the forms share by which people prove with a key who they are: what is refused is recorded."""

    method = "second_factor"

    def clean_credential(self) -> Any:
        """Return the authenticator. Raises ValidationError for a key that is none of the user's."""
        try:
            return super().clean_credential()  # type: ignore[misc]
        except (ValidationError, *UNREADABLE):
            self.note_failure(self.user)  # type: ignore[attr-defined]
            raise refused_key() from None

    def note_failure(self, user: User | None) -> None:
        """Record a failed log-in; many within a minute are counted."""
        note(None, "login.failed", user, known=user is not None, method=self.method, window=A_MINUTE)


class KeyForm(ProvesByKey, AuthenticateWebAuthnForm):  # type: ignore[misc]
    """A security key, after the password."""


class KeyAgainForm(ProvesByKey, ReauthenticateWebAuthnForm):  # type: ignore[misc]
    """The same, to prove again who one is."""


class InvitedForm(Invited):
    """The password that an invited user chooses."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.fields["new_password1"].label, self.fields["new_password2"].label = _("New password"), _("Repeat password")
        for field in self.fields.values():
            field.widget.attrs["dir"] = "ltr"
            field.help_text = ""
