"""The settings of sign-in, read from the environment, and what django-allauth is told by them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from callcenter.environment import Environment

ROLES = ("Callers", "Managers", "Admins")
"""As `callcenter.access.rights` has them, which imports Django's translations: too early here."""
OPENID = "openid"
"""Id of the one OpenID Connect provider, in addresses."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIdSettings:
    """The one OpenID Connect provider; where `server_url` is empty there is none."""

    server_url: str = ""
    name: str = ""
    """What the button on the log-in page calls it."""
    client_id: str = ""
    secret: str = field(default="", repr=False)
    role_claim: str = ""
    roles: Mapping[str, str] = field(default_factory=dict)
    """Role by value of the claim."""
    new_users_role: str = ""
    """Role of people whom nobody invited; empty: they are refused."""
    is_second_factor: bool = False
    """Whether a log-in there counts as one with a second factor."""


def sign_in_settings(env: Environment, *, is_debug: bool, outbound_hosts: list[str]) -> dict[str, Any]:
    """Return the settings by name. Raises ImproperlyConfigured with the next step."""
    own = _own(env)
    openid = _openid(env, is_debug=is_debug, outbound_hosts=outbound_hosts)
    if not own["PASSWORD_LOGIN"] and not openid.server_url:
        raise ImproperlyConfigured("PASSWORD_LOGIN=off leaves no way to log in: set OIDC_SERVER_URL, or switch it on.")
    return {**own, "OIDC": openid, **_of_allauth(openid, is_debug=is_debug), **PASSWORDS}


PASSWORDS: dict[str, Any] = {
    "AUTHENTICATION_BACKENDS": ["django.contrib.auth.backends.ModelBackend"],
    "AUTH_PASSWORD_VALIDATORS": [
        {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
        {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
        {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
        {"NAME": "callcenter.access.passwords.OwnWordsValidator"},
    ],
    "PASSWORD_RESET_TIMEOUT": 3600,
    "LOGIN_URL": "login",
    "LOGIN_REDIRECT_URL": "start",
    "LOGOUT_REDIRECT_URL": "login",
}


def roles_named(names: list[str], setting: str) -> list[str]:
    """Return names of roles as the environment gives them. Raises ImproperlyConfigured for one that is none."""
    found = [name.strip() for name in names if name.strip()]
    if unknown := [name for name in found if name not in ROLES]:
        raise ImproperlyConfigured(f"{setting} names {', '.join(unknown)}. Write some of {', '.join(ROLES)}.")
    return found


def _own(env: Environment) -> dict[str, Any]:
    found = {
        "PASSWORD_LOGIN": env.bool("PASSWORD_LOGIN", True),
        "SECOND_FACTOR_ROLES": roles_named(env.list("SECOND_FACTOR_ROLES", default=[]), "SECOND_FACTOR_ROLES"),
        "FRESH_SIGN_IN_MINUTES": env.int("FRESH_SIGN_IN_MINUTES", 15),
        "INVITATION_DAYS": env.int("INVITATION_DAYS", 7),
    }
    for name in ("FRESH_SIGN_IN_MINUTES", "INVITATION_DAYS"):
        if found[name] < 1:
            raise ImproperlyConfigured(f"{name} must be 1 or more.")
    return found


def _openid(env: Environment, *, is_debug: bool, outbound_hosts: list[str]) -> OpenIdSettings:
    server = env.str("OIDC_SERVER_URL", "").rstrip("/")
    pairs = [pair.partition("=")[::2] for pair in env.list("OIDC_ROLES", default=[])]
    found = OpenIdSettings(
        server_url=server,
        name=env.str("OIDC_NAME", "") or (urlsplit(server).hostname or ""),
        client_id=env.str("OIDC_CLIENT_ID", ""),
        secret=env.str("OIDC_CLIENT_SECRET", ""),
        role_claim=env.str("OIDC_ROLE_CLAIM", ""),
        roles={value.strip(): role.strip() for value, role in pairs},
        new_users_role=env.str("OIDC_NEW_USERS_ROLE", "").strip(),
        is_second_factor=env.bool("OIDC_SECOND_FACTOR", False),
    )
    roles_named(list(found.roles.values()), "OIDC_ROLES")
    roles_named([found.new_users_role], "OIDC_NEW_USERS_ROLE")
    if not server:
        return found
    if not found.client_id or not found.secret:
        raise ImproperlyConfigured("OIDC_SERVER_URL needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET beside it.")
    if bool(found.role_claim) != bool(found.roles):
        raise ImproperlyConfigured("OIDC_ROLE_CLAIM and OIDC_ROLES belong together: set both or neither.")
    address = urlsplit(server)
    if address.hostname not in outbound_hosts or (address.scheme != "https" and not is_debug):
        raise ImproperlyConfigured("OIDC_SERVER_URL must be https://HOST/... with a host named in OUTBOUND_HOSTS.")
    return found


def _of_allauth(openid: OpenIdSettings, *, is_debug: bool) -> dict[str, Any]:
    """Return what django-allauth is told; its own rate limits are off, for ours count in the database."""
    app = {
        "provider_id": OPENID,
        "name": openid.name,
        "client_id": openid.client_id,
        "secret": openid.secret,
        "settings": {"server_url": openid.server_url, "oauth_pkce_enabled": True},
    }
    return {
        "ACCOUNT_ADAPTER": "callcenter.sign_in.adapter.AccountAdapter",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "email", "password1*"],
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_EMAIL_NOTIFICATIONS": False,
        "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": False,
        "ACCOUNT_EMAIL_SUBJECT_PREFIX": "",
        "ACCOUNT_LOGOUT_REDIRECT_URL": "login",
        "ACCOUNT_RATE_LIMITS": False,
        "ACCOUNT_FORMS": {
            "login": "callcenter.sign_in.forms.SignInForm",
            "reset_password": "callcenter.sign_in.forms.ForgottenForm",
            "change_password": "callcenter.sign_in.forms.NewPasswordForm",
        },
        "MFA_ADAPTER": "callcenter.sign_in.second_factor.SecondFactorAdapter",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn", "recovery_codes"],
        "MFA_TOTP_ISSUER": "Callcenter",
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_RECOVERY_CODES_SHOW_ONCE": True,
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_RATE_LIMITS": False,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": is_debug,
        "MFA_FORMS": {
            "authenticate": "callcenter.sign_in.forms.CodeForm",
            "reauthenticate": "callcenter.sign_in.forms.CodeAgainForm",
            "activate_totp": "callcenter.sign_in.forms.NewAppForm",
            "add_webauthn": "callcenter.sign_in.forms.NewKeyForm",
            "authenticate_webauthn": "callcenter.sign_in.forms.KeyForm",
            "login_webauthn": "callcenter.sign_in.passkeys.PasskeyForm",
            "reauthenticate_webauthn": "callcenter.sign_in.forms.KeyAgainForm",
        },
        "SOCIALACCOUNT_ADAPTER": "callcenter.sign_in.openid.OpenIdAdapter",
        "SOCIALACCOUNT_STORE_TOKENS": False,
        "SOCIALACCOUNT_REQUESTS_TIMEOUT": 10,
        "SOCIALACCOUNT_PROVIDERS": {"openid_connect": {"APPS": [app] if openid.server_url else []}},
    }
